"""How stock will go: opening + expected supply - forecast = closing, period by period (D5). Pure but for its reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.manufacturing.queries_shared import DATED, FINISHED
from opscopilot.planning.stocks.level_schemas import InventoryProjection, ProjectedBucket

_ZERO = Decimal(0)
_WEEK = 7
_DEMAND = """
SELECT bucket_start, sum(value) AS value FROM (
    SELECT bucket_start, value FROM forecast.forecasts
    WHERE version_id = :version AND entity_type = 'sku' AND entity_id = :sku AND location_id IS NULL
    UNION ALL
    SELECT bucket_start, value FROM forecast.dependent_demand WHERE version_id = :version AND sku_id = :sku
) both_kinds GROUP BY bucket_start ORDER BY bucket_start
"""
_PURCHASES = """
SELECT expected_arrival AS arrival, quantity FROM forecast.supply_risks
WHERE version_id = :version AND sku_id = :sku AND NOT is_stale
"""
_PRODUCTION = f"""
SELECT coalesce(w.scheduled_end, w.due_date, w.scheduled_start) AS arrival, w.uom_factor
    * greatest(w.ordered_qty - coalesce(w.good_qty, 0) - coalesce(w.scrap_qty, 0), 0) AS quantity
FROM manufacturing.work_orders w
WHERE w.sku_id = :sku AND {DATED} AND NOT {FINISHED} AND coalesce(w.status, '') <> 'created'
  AND (w.status IS NOT NULL OR coalesce(w.actual_start, w.scheduled_start) <= :today) AND w.uom_factor IS NOT NULL
"""


def projection(tx: Tx, version: ForecastVersion, sku: Row, buckets: int) -> InventoryProjection:
    """The next `buckets` weeks of a SKU. NotFound when it has neither stock nor demand."""
    risk = tx.one(
        """SELECT available, backorders, predecessor_stock, safety_stock, demand_basis FROM forecast.inventory_risks
           WHERE version_id = :version AND sku_id = :sku""", version=version.id, sku=sku["id"],
    )  # fmt: skip
    if risk is None:
        raise NotFound(
            f"{sku['sku_code']} has neither stock nor demand in {version.code}.", code="not_assessed", field="sku",
            value=sku["sku_code"],
        )  # fmt: skip
    demand = {row["bucket_start"]: row["value"] for row in tx.rows(_DEMAND, version=version.id, sku=sku["id"])}
    supply = [
        *tx.rows(_PURCHASES, version=version.id, sku=sku["id"]), *tx.rows(_PRODUCTION, sku=sku["id"], today=version.as_of),
    ]  # fmt: skip
    opening = risk["available"] + risk["predecessor_stock"] - risk["backorders"]
    weeks = (version.horizon_end - version.horizon_start).days // _WEEK + 1
    starts = [version.horizon_start + timedelta(days=_WEEK * n) for n in range(min(buckets, weeks))]
    rows = project(opening, demand, supply, starts, version.as_of, risk["safety_stock"])
    below = next((row.bucket_start for row in rows if row.below_safety_stock), None)
    return InventoryProjection(
        sku_code=sku["sku_code"], description=sku["description"], uom=sku["base_uom"], period=version.period,
        demand_basis=risk["demand_basis"], buckets=rows, first_below_safety_stock=below, assumptions=_assumptions(),
        version=version.code, as_of=version.as_of,
    )  # fmt: skip


def project(
    opening: Decimal, demand: Mapping[date, Decimal], supply: Sequence[Row], starts: Sequence[date], as_of: date,
    safety: Decimal | None,
) -> list[ProjectedBucket]:  # fmt: skip
    """Week by week. What is overdue arrives a few days from `as_of`; a week under way counts its remaining days."""
    soon = as_of + timedelta(days=ForecastConfig().overdue_arrives_in_days)
    coming = [(row["arrival"] if row["arrival"] > as_of else soon, row["quantity"]) for row in supply]
    out = []
    for start in starts:
        end = start + timedelta(days=_WEEK)
        days = min(_WEEK, (end - as_of).days - 1)
        # Supply between as_of and the first bucket counts in it.
        arriving = sum((qty for day, qty in coming if (day >= start or start == starts[0]) and day < end), _ZERO)
        later = sum((qty for day, qty in coming if day >= end), _ZERO)
        wanted = (demand.get(start, _ZERO) * days / _WEEK).quantize(Decimal("0.000001"))
        closing = opening + arriving - wanted
        out.append(
            ProjectedBucket(
                bucket_start=start, days=days, opening=opening, supply=arriving, demand=wanted, closing=closing,
                safety_stock=safety, below_safety_stock=None if safety is None else closing < safety,
                position=closing + later,
            )
        )  # fmt: skip
        opening = closing
    return out


def _assumptions() -> list[str]:
    return [
        "Opening is what is usable and not owed to overdue orders.",
        "Demand is the forecast of the version, overrides included; for components what recipes need.",
        f"Open supply counts in the period of its expected arrival; work orders on their planned end; what is overdue "
        f"{ForecastConfig().overdue_arrives_in_days} days from now. What is hopelessly late is not counted on.",
    ]
