"""Reading recommended safety stocks, and asking what another service level would cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from opscopilot.forecasting.rules.distribution import Distribution
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel import uom
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, cut, decode_cursor
from opscopilot.planning.stocks.schemas import (
    Abc,
    CurrencyCost,
    LevelType,
    Recalculation,
    RecalculationResult,
    SafetyStock,
    SafetyStockDetail,
    TradeOff,
    WhatIf,
    Xyz,
)

LEVELS = (Decimal("0.90"), Decimal("0.95"), Decimal("0.98"), Decimal("0.99"))
_MICRO, _CENT = Decimal("0.000001"), Decimal("0.0001")
_ROWS = """
SELECT s.*, k.description, l.code AS location, CAST(:code AS text) AS version, CAST(:as_of AS date) AS as_of
FROM forecast.safety_stocks s
JOIN manufacturing.skus k ON k.tenant_id = s.tenant_id AND k.id = s.sku_id
LEFT JOIN manufacturing.locations l ON l.tenant_id = s.tenant_id AND l.id = s.location_id
"""


def page(
    tx: Tx, version: ForecastVersion, *, skus: Iterable[str] = (), abc: Abc | None = None, xyz: Xyz | None = None,
    cursor: str | None = None, limit: int = 50,
) -> tuple[list[Row], str | None, int]:  # fmt: skip
    """Rows by code, the cursor of the next page, and how many there are."""
    where, params = ["s.version_id = :version"], {"version": version.id}
    wanted: Mapping[str, Any] = {"abc": abc, "xyz": xyz}
    for name, value in wanted.items():
        if value is not None:
            where.append(f"s.{name} = :{name}")
            params[name] = value
    if named := list(skus):
        where.append("s.sku_code = ANY(CAST(:skus AS text[]))")
        params["skus"] = named  # type: ignore[assignment]
    total = int(tx.scalar(f"SELECT count(*) FROM forecast.safety_stocks s WHERE {' AND '.join(where)}", **params))
    order = """s.sku_code COLLATE "C", coalesce(s.location_id::text, '')"""
    position = {}
    if cursor is not None:
        code, place = decode_cursor(cursor, 2)
        where.append(f"({order}) > (:after_code, :after_place)")
        position = {"after_code": str(code), "after_place": str(place)}
    rows = tx.rows(
        f"{_ROWS} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT :rows", **params, **position, rows=limit + 1,
        code=version.code, as_of=version.as_of,
    )  # fmt: skip
    return *cut(rows, limit, "sku_code", "location_id"), total


def safety_stocks(tx: Tx, version: ForecastVersion, **asked: Any) -> Page[SafetyStock]:
    """A page of recommended safety stocks."""
    rows, more, total = page(tx, version, **asked)
    return Page(items=[SafetyStock.model_validate(row) for row in rows], next_cursor=more, total=total)


def safety_stock(tx: Tx, version: ForecastVersion, sku: Row) -> SafetyStockDetail:
    """One SKU over the whole plant, with what 90, 95, 98 and 99 % would cost."""
    from opscopilot.planning.stocks.approvals import approvals

    row = tx.one(
        f"{_ROWS} WHERE s.version_id = :version AND s.sku_id = :sku AND s.location_id IS NULL", version=version.id,
        sku=sku["id"], code=version.code, as_of=version.as_of,
    )  # fmt: skip
    if row is None:
        raise NotFound(
            f"{sku['sku_code']} has no recommended safety stock: there is no forecast to base one on, or it is replaced.",
            code="no_safety_stock", field="sku", value=sku["sku_code"],
        )  # fmt: skip
    kinds: tuple[LevelType, ...] = ("csl", "fill_rate")
    table = [figures(row, level, kind, row["holding_rate"]) for kind in kinds for level in LEVELS]
    return SafetyStockDetail.model_validate({**row, "trade_off": table, "approvals": approvals(tx, sku["id"])})


def figures(row: Row, level: Decimal, kind: LevelType, rate: Decimal) -> TradeOff:
    """What `level` needs and costs, read off the stored distribution of demand over lead and review time."""
    demand = Distribution.of(row["levels"], row["quantiles"])
    order = row["order_quantity"]
    point = demand.quantile(level) if kind == "csl" else demand.stock_for_fill(level, order)
    point = max(point, row["protection_mean"])
    quantity = _up(point - row["protection_mean"], row["uom"])
    fill = demand.fill_rate(point, order)
    value = None if row["unit_cost"] is None else (quantity * row["unit_cost"]).quantize(_CENT)
    return TradeOff(
        service_level_type=kind, service_level=level, qty=quantity, reorder_point=_up(point, row["uom"]),
        csl=(1 - demand.exceedance(point)).quantize(_MICRO), fill_rate=None if fill is None else fill.quantize(_MICRO),
        value=value, holding_cost=None if value is None else (value * rate).quantize(_CENT), currency=row["currency"],
    )  # fmt: skip


def _up(quantity: Decimal, unit: str) -> Decimal:
    """Whole units for what is counted, as the run rounds."""
    if unit not in uom.DISCRETE:
        return quantity.quantize(_MICRO)
    return (quantity - _MICRO).to_integral_value(ROUND_CEILING)


def recalculate(tx: Tx, version: ForecastVersion, asked: Recalculation) -> RecalculationResult:
    """A page of SKUs under another service level; nothing is stored."""
    rows, more, total = page(tx, version, skus=asked.skus, abc=asked.abc, cursor=asked.cursor, limit=asked.limit)
    items: list[WhatIf] = []
    sums: dict[str, list[Decimal]] = {}
    for row in rows:
        rate = row["holding_rate"] if asked.holding_rate is None else asked.holding_rate
        found = figures(row, asked.service_level, asked.service_level_type, rate)
        items.append(
            WhatIf(sku_code=row["sku_code"], location=row["location"], uom=row["uom"], recommended_qty=row["qty"],
                   figures=found)
        )  # fmt: skip
        if found.value is not None and found.holding_cost is not None and found.currency:
            held = sums.setdefault(found.currency, [Decimal(0), Decimal(0)])
            held[0], held[1] = held[0] + found.value, held[1] + found.holding_cost
    unknown = sum(one.figures.value is None for one in items)
    totals = [
        CurrencyCost(currency=one, value=value, holding_cost=cost, without_cost=unknown)
        for one, (value, cost) in sorted(sums.items())
    ]
    return RecalculationResult(items=items, totals=totals, next_cursor=more, total=total, version=version.code)
