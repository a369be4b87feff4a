"""Turns, days on hand, excess, dead and expired stock, in money per currency (D14): sums before ratios."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from opscopilot.forecasting.rules.health import days_on_hand, turns
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.money import rounded
from opscopilot.manufacturing.queries_shared import STOCK
from opscopilot.planning.stocks.level_schemas import HealthTotals, StockHealth

DEFINITION = (
    "Stock at standard cost, in the item's currency. Turns = cost of goods shipped in a year / average stock value; days "
    "on hand = 365 / turns. Excess = on hand above reorder point + one order. Dead = no issue in twelve months. Expired "
    "stock is counted apart. Items without a standard cost are counted, not valued."
)
_POINTS = 5
"""Days over the last year at which the stock is valued for its average: now and four quarters back."""
_YEAR = Decimal(365)
_CENTS = Decimal("0.01")
_VALUE = f"""
WITH {STOCK}
SELECT coalesce(k.currency, :currency) AS currency, sum(greatest(s.on_hand, 0) * k.unit_cost) AS value
FROM stock s JOIN manufacturing.skus k ON k.id = s.sku_id WHERE k.unit_cost > 0 GROUP BY 1
"""
# An issue is a shipment, a consumption, or a movement out of stock.
_NOW = f"""
WITH {STOCK}, held AS (
    SELECT sku_id, sum(greatest(on_hand, 0)) AS on_hand, sum(expired) AS expired FROM stock GROUP BY sku_id
), issued AS (
    SELECT sku_id FROM forecast.demand_history
    WHERE period = 'weekly' AND bucket_start > CAST(:today AS date) - 365 AND shipped_qty > 0
    UNION SELECT component_sku_id FROM manufacturing.work_order_materials
    WHERE actual_qty > 0 AND consumed_at > CAST(:today AS date) - 365
    UNION SELECT sku_id FROM manufacturing.inventory_movements
    WHERE qty < 0 AND type IN ('issue', 'shipment', 'production') AND production_day > CAST(:today AS date) - 365
), sold AS (
    SELECT sku_id, sum(shipped_qty) AS qty FROM forecast.demand_history
    WHERE period = 'weekly' AND bucket_start > CAST(:today AS date) - 371 AND bucket_start <= CAST(:today AS date)
    GROUP BY sku_id
), item AS (
    SELECT coalesce(k.currency, :currency) AS currency, nullif(k.unit_cost, 0) AS cost, coalesce(h.on_hand, 0) AS on_hand,
        coalesce(h.expired, 0) AS expired, coalesce(o.qty, 0) AS sold,
        coalesce(h.on_hand, 0) > 0 AND NOT EXISTS (SELECT 1 FROM issued i WHERE i.sku_id = k.id) AS dead,
        greatest(coalesce(h.on_hand, 0) - (r.reorder_point + coalesce(s.order_quantity, 0)), 0) AS excess
    FROM manufacturing.skus k
    LEFT JOIN held h ON h.sku_id = k.id
    LEFT JOIN sold o ON o.sku_id = k.id
    LEFT JOIN forecast.inventory_risks r ON r.sku_id = k.id AND r.version_id = :version
    LEFT JOIN forecast.safety_stocks s ON s.sku_id = k.id AND s.version_id = :version AND s.location_id IS NULL
    WHERE h.sku_id IS NOT NULL OR o.sku_id IS NOT NULL
)
SELECT currency, count(*) AS skus, count(*) FILTER (WHERE cost IS NULL) AS without_cost,
    coalesce(sum(on_hand * cost), 0) AS value, coalesce(sum(sold * cost), 0) AS sold,
    coalesce(sum(excess * cost) FILTER (WHERE NOT dead), 0) AS excess_value,
    count(*) FILTER (WHERE excess > 0 AND NOT dead) AS excess_skus,
    coalesce(sum(on_hand * cost) FILTER (WHERE dead), 0) AS dead_value, count(*) FILTER (WHERE dead) AS dead_skus,
    coalesce(sum(expired * cost), 0) AS expired_value, count(*) FILTER (WHERE expired > 0) AS expired_skus
FROM item GROUP BY currency ORDER BY currency
"""


def health(tx: Tx, version: ForecastVersion, currency: str) -> StockHealth:
    """The stock of the day of `version`; `currency` is the plant's, for items that name none."""
    found = tx.rows(_NOW, today=version.as_of, version=version.id, currency=currency)
    averages, points = _averages(tx, version.as_of, currency)
    return StockHealth(
        totals=[_totals(row, averages.get(row["currency"], Decimal(0)), points) for row in found],
        definition=DEFINITION, version=version.code, as_of=version.as_of,
    )  # fmt: skip


def _averages(tx: Tx, today: date, currency: str) -> tuple[dict[str, Decimal], int]:
    """Mean value per currency over the days at which there was a stock record."""
    first = tx.scalar("SELECT min(production_day) FROM manufacturing.inventory_snapshots")
    days = [today - timedelta(days=91 * n) for n in range(_POINTS)]
    known = [day for day in days if first is not None and first <= day]
    sums: dict[str, Decimal] = {}
    for day in known:
        for row in tx.rows(_VALUE, today=day, currency=currency):
            sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["value"]
    return {one: value / len(known) for one, value in sums.items()}, len(known)


def _totals(row: Row, average: Decimal, points: int) -> HealthTotals:
    code = row["currency"]
    sold = row["sold"] * _YEAR / 364
    rate = turns(sold, average)
    lasting = days_on_hand(rate)
    money = {name: rounded(row[name], code) for name in ("value", "excess_value", "dead_value", "expired_value")}
    counts = {name: row[name] for name in ("skus", "without_cost", "excess_skus", "dead_skus", "expired_skus")}
    return HealthTotals(
        currency=code, average_value=rounded(average, code), average_points=points,
        cost_of_goods_sold=rounded(sold, code), turns=None if rate is None else rate.quantize(_CENTS),
        days_on_hand=None if lasting is None else lasting.quantize(_CENTS), **money, **counts,
    )  # fmt: skip
