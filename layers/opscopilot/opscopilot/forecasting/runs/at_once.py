"""A version of a few items inside a transaction that will be rolled back, and their histories where none is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from opscopilot.forecasting import copyio
from opscopilot.forecasting.config import AD_HOC, MODEL_NAME, MODEL_VERSION, ForecastConfig
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.lines import NEVER_DEMAND
from opscopilot.forecasting.demand.periods import Period
from opscopilot.kernel.db import Tx

# As in demand/lines.py, of these items alone: ordered, by requested date, gross of shortages.
_ORDERED = """
SELECT l.sku_id, k.base_uom AS uom, coalesce(l.requested_date, o.requested_date, o.order_date) AS day,
       sum(CASE WHEN l.uom_factor IS NOT NULL THEN l.uom_factor ELSE 1 END * (l.ordered_qty - CASE
           WHEN coalesce(l.cancel_reason, '') ~* :never THEN least(greatest(l.cancelled_qty, 0), l.ordered_qty)
           ELSE 0 END)) AS qty, count(*) AS lines
FROM manufacturing.sales_order_lines l
JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
JOIN manufacturing.skus k ON k.tenant_id = l.tenant_id AND k.id = l.sku_id
WHERE l.sku_id = ANY(CAST(:ids AS uuid[])) AND o.status <> 'draft' AND o.order_date <= :as_of AND l.ordered_qty > 0
  AND (l.uom_factor IS NOT NULL OR l.uom IS NULL OR l.uom = k.base_uom)
GROUP BY 1, 2, 3
"""
_FACTS = ("sku_id", "bucket_start", "ordered_qty", "unconstrained_qty", "order_lines", "uom")


def bring_history(tx: Tx, cut: DataCut, period: Period, sku_ids: Sequence[UUID]) -> None:
    """Give items whose history of that period is not kept, or not up to the cut, one out of their order lines.

    Runs keep cleaned histories of the periods the plant's settings name; they are used as they are.
    """
    ids = [str(one) for one in sku_ids]
    kept = {
        row["sku_id"]
        for row in tx.rows(
            """SELECT sku_id FROM forecast.demand_series WHERE period = :period AND location_id IS NULL
                   AND sku_id = ANY(CAST(:ids AS uuid[])) AND last_bucket = :last""",
            period=period.name, ids=ids, last=cut.last_bucket(period),
        )
    }  # fmt: skip
    missing = [one for one in sku_ids if one not in kept]
    if not missing:
        return
    sold = tx.rows(_ORDERED, ids=[str(one) for one in missing], as_of=cut.as_of, never=NEVER_DEMAND)
    _keep(tx, period, [str(one) for one in missing], _buckets(sold, cut, period))


def _buckets(sold: list[dict[str, Any]], cut: DataCut, period: Period) -> list[list[Any]]:
    """A row per bucket from the first with an order to the last complete one, zeros in between."""
    totals: dict[UUID, dict[date, tuple[Decimal, int]]] = {}
    units: dict[UUID, str] = {}
    for row in sold:
        start = period.start_of(row["day"], cut.week_start)
        own = totals.setdefault(row["sku_id"], {})
        qty, lines = own.get(start, (Decimal(0), 0))
        own[start] = (qty + row["qty"], lines + row["lines"])
        units[row["sku_id"]] = row["uom"]
    found = []
    for sku_id, own in totals.items():
        end = cut.last_bucket(period)
        day = min((day for day, (qty, _) in own.items() if qty > 0), default=date.max)
        while day <= end:
            qty, lines = own.get(day, (Decimal(0), 0))
            found.append([sku_id, day, round(qty, 6), round(qty, 6), lines, units[sku_id]])
            day = period.following(day)
    return found


def _keep(tx: Tx, period: Period, ids: list[str], rows: list[list[Any]]) -> None:
    for table in ("demand_history", "demand_series"):
        tx.execute(f"DELETE FROM forecast.{table} WHERE period = :period AND sku_id = ANY(CAST(:ids AS uuid[]))",
                   period=period.name, ids=ids)  # fmt: skip
    copyio.stage(tx, "asked_history", "forecast.demand_history", _FACTS, rows)
    tx.execute(
        f"""INSERT INTO forecast.demand_history (tenant_id, period, shipped_qty, {", ".join(_FACTS)})
            SELECT :tenant, :period, 0, {", ".join(_FACTS)} FROM asked_history""",
        tenant=tx.tenant_id, period=period.name,
    )  # fmt: skip
    tx.execute(
        """INSERT INTO forecast.demand_series (tenant_id, sku_id, period, uom, first_bucket, last_bucket, buckets,
               buckets_with_demand, digest)
           SELECT :tenant, sku_id, :period, min(uom), min(bucket_start), max(bucket_start), count(*),
               count(*) FILTER (WHERE ordered_qty > 0), '' FROM asked_history GROUP BY sku_id""",
        tenant=tx.tenant_id, period=period.name,
    )  # fmt: skip


def version(tx: Tx, cut: DataCut, period: Period, config: ForecastConfig) -> UUID:
    """A draft that nobody else ever sees; its own code, so that two questions do not wait for each other."""
    name, tenant = str(uuid4()), tx.tenant_id
    given = {"tenant": tenant, "name": MODEL_NAME, "version": MODEL_VERSION}
    model = tx.scalar("SELECT id FROM forecast.forecast_models WHERE name = :name AND version = :version",
                      name=MODEL_NAME, version=MODEL_VERSION)  # fmt: skip
    model = model or tx.scalar(
        """INSERT INTO forecast.forecast_models (tenant_id, name, version, type, method, status)
           VALUES (:tenant, :name, :version, 'demand', 'pooled ensemble with conformal intervals', 'registered')
           RETURNING id""", **given,
    )  # fmt: skip
    return UUID(str(tx.scalar(
        """INSERT INTO forecast.forecast_versions (tenant_id, code, name, scope, period, as_of, history_end,
               horizon_start, horizon_end, horizon_periods, input_fingerprint, model_id, batches)
           VALUES (:tenant, :code, :code, :scope, :period, :as_of, :history_end, :start, :end, :periods, :code,
               :model, 1) RETURNING id""",
        tenant=tenant, code=name, scope=AD_HOC, period=period.name, as_of=cut.as_of,
        history_end=cut.history_end(period), start=cut.horizon_start(period),
        end=cut.horizon_end(period, config.horizon), periods=config.horizon, model=model,
    )))  # fmt: skip


def deal(tx: Tx, version_id: UUID, sku_ids: Sequence[UUID]) -> int:
    """Put the items that were ever ordered into its one batch; how many."""
    return tx.execute(
        """INSERT INTO forecast.forecast_series (tenant_id, version_id, entity_id, sku_code, batch, uom, history_start,
               history_periods)
           SELECT k.tenant_id, :version, k.id, k.sku_code, 0, k.base_uom, s.first_bucket, s.buckets
           FROM forecast.demand_series s JOIN manufacturing.skus k ON k.id = s.sku_id
           WHERE s.period = (SELECT period FROM forecast.forecast_versions WHERE id = :version)
             AND s.location_id IS NULL AND s.sku_id = ANY(CAST(:ids AS uuid[]))""",
        version=version_id, ids=[str(one) for one in sku_ids],
    )  # fmt: skip
