"""ABC by value, XYZ by variability, demand pattern (D9): one query over two years of weeks, classes from the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from opscopilot.forecasting.inventory.outlooks import Outlook
from opscopilot.forecasting.inventory.positions import Position
from opscopilot.forecasting.rules.bands import NEW_ITEM_PERIODS, abc_classes, pattern_of
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Row, Tx

# Variability of four-week totals: weeks of slow movers vary whatever the planner does. Seasonal indices come from two
# complete years and are taken half: two values make no sure index.
_QUERY = """
WITH weeks AS (
    SELECT sku_id, unconstrained_qty AS q, (CAST(:last AS date) - bucket_start) / 7 AS age
    FROM forecast.demand_history
    WHERE period = 'weekly' AND bucket_start <= :last AND bucket_start > CAST(:last AS date) - 728
), weekly AS (
    SELECT sku_id, count(*) AS n, count(*) FILTER (WHERE q > 0) AS with_demand, avg(q) FILTER (WHERE q > 0) AS size,
        var_pop(q) FILTER (WHERE q > 0) AS spread, avg(q) FILTER (WHERE age < 52) * 52 AS annual
    FROM weeks GROUP BY sku_id
), blocks AS (
    SELECT sku_id, age / 4 AS block, sum(q) AS q, count(*) OVER (PARTITION BY sku_id) AS n FROM weeks
    GROUP BY sku_id, age / 4 HAVING count(*) = 4
), levelled AS (
    SELECT sku_id, n, q / CASE WHEN n < 26 THEN 1 ELSE nullif(0.5 + 0.5 * avg(q) OVER (PARTITION BY sku_id, mod(block, 13))
        / nullif(avg(q) OVER (PARTITION BY sku_id), 0), 0) END AS q FROM blocks
), variability AS (
    SELECT sku_id, max(n) AS periods, stddev_samp(q) / nullif(avg(q), 0) AS cv FROM levelled GROUP BY sku_id
)
SELECT w.*, coalesce(v.periods, 0) AS periods, v.cv FROM weekly w LEFT JOIN variability v ON v.sku_id = w.sku_id
"""


@dataclass(frozen=True, slots=True)
class Class:
    """What kind of item a SKU is. `annual` demand and its `value` at cost (else price) in `currency`."""

    abc: str | None
    xyz: str | None
    pattern: str | None
    adi: Decimal | None
    cv2: Decimal | None
    cv: Decimal | None
    annual: Decimal
    value: Decimal | None
    currency: str


def classify(
    tx: Tx, version: Version, items: Mapping[UUID, Position], outlooks: Mapping[UUID, Outlook], currency: str
) -> dict[UUID, Class]:
    """The class of every SKU with an outlook or a history. Values of different currencies are ranked apart (P-21)."""
    known = {row["sku_id"]: row for row in tx.rows(_QUERY, last=version.history_end)}
    annual = {key: _annual(known.get(key), outlooks.get(key)) for key in {*known, *outlooks} if key in items}
    values = {key: _value(items[key], quantity) for key, quantity in annual.items()}
    money = {key: items[key].sku["currency"] or currency for key in annual}
    ranked: dict[UUID, str] = {}
    for one in set(money.values()):
        part = {str(k): v for k, v in values.items() if v is not None and money[k] == one}
        ranked |= {UUID(k): found for k, found in abc_classes(part).items()}
    return {key: _class(known.get(key), outlooks.get(key), ranked.get(key), annual[key], values[key], money[key])
            for key in annual}  # fmt: skip


def _annual(row: Row | None, outlook: Outlook | None) -> Decimal:
    """Demand of a year: as it was, for components as recipes will need it."""
    if outlook is not None and outlook.basis != "customers":
        return Decimal(f"{outlook.values.mean() * 52:.6f}")
    return Decimal(row["annual"] or 0).quantize(Decimal("0.000001")) if row else Decimal(0)


def _value(one: Position, annual: Decimal) -> Decimal | None:
    for value in (one.sku["unit_cost"], one.sku["list_price"], one.recent_price):
        if value is not None and value > 0:
            return (annual * Decimal(value)).quantize(Decimal("0.0001"))
    return None


def _class(
    row: Row | None, outlook: Outlook | None, abc: str | None, annual: Decimal, value: Decimal | None, currency: str
) -> Class:
    if row is None or (outlook is not None and outlook.basis == "recipes"):
        cv = _expected_cv(outlook)
        return Class(abc, _xyz(cv) if cv is not None else None, None, None, None, cv, annual, value, currency)
    pattern, adi, cv2 = _pattern(row)
    if row["periods"] < NEW_ITEM_PERIODS:
        return Class("N", "N", pattern, adi, cv2, None, annual, value, currency)
    cv = None if row["cv"] is None else Decimal(row["cv"]).quantize(Decimal("0.000001"))
    return Class(abc, "Z" if cv is None else _xyz(cv), pattern, adi, cv2, cv, annual, value, currency)


def _pattern(row: Row) -> tuple[str, Decimal | None, Decimal | None]:
    if not row["with_demand"]:
        return "none", None, None
    adi = (Decimal(row["n"]) / row["with_demand"]).quantize(Decimal("0.000001"))
    cv2 = (Decimal(row["spread"]) / Decimal(row["size"]) ** 2).quantize(Decimal("0.000001"))
    return pattern_of(adi, cv2), adi, cv2


def _expected_cv(outlook: Outlook | None) -> Decimal | None:
    """Variability of four expected weeks, for items without a history of their own."""
    if outlook is None or len(outlook.values) < 4 or outlook.values[:4].sum() <= 0:
        return None
    return Decimal(f"{outlook.cumulative_sd[3] / outlook.values[:4].sum():.6f}")


def _xyz(cv: Decimal) -> str:
    return "X" if cv <= Decimal("0.5") else "Y" if cv <= 1 else "Z"
