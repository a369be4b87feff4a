"""Task `prepare`: build a version's demand history and deal its series out in batches. Once per version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from opscopilot.forecasting.config import AD_HOC, ForecastConfig
from opscopilot.forecasting.demand import history, nodes
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.runs import records, statistics, versions
from opscopilot.forecasting.runs.keys import VersionKey
from opscopilot.forecasting.settings import plan_settings
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.tenancy import plant_settings


def prepare(database: Database, config: ForecastConfig, key: VersionKey) -> dict[str, Any]:
    """Do it, unless it has been done or the version is closed. Set-based: it takes seconds for 100,000 series."""
    with database.tenant(key.tenant_id) as tx:
        records.at_step(tx, key.run_id, "prepare")
        version = versions.get(tx, key.version_id, lock="UPDATE")
        if version.status == "draft" and not version.prepared:
            _lock_history(tx, version)
            settings = plan_settings(tx)
            history.rebuild(
                tx, cut_of(tx, version), [version.length], undo_stockouts=settings.undo_stockouts,
                clean_outliers=settings.clean_outliers,
            )  # fmt: skip
            statistics.refresh(tx, "demand_history")
            deal_out(tx, version, config)
            statistics.refresh(tx, "forecast_series")
            version = versions.get(tx, version.id)
    return {"version": version.code, "status": version.status, "series": version.series_count}


def cut_of(tx: Tx, version: versions.Version) -> DataCut:
    """Where the version's data were cut."""
    plant = plant_settings(tx)
    complete = version.as_of if plant.as_of is not None else version.as_of - timedelta(days=1)
    return DataCut(version.as_of, complete, plant.week_start)


def _lock_history(tx: Tx, version: versions.Version) -> None:
    """The history belongs to the tenant: two versions of one period rebuild it one after the other."""
    tx.scalar(
        "SELECT pg_advisory_xact_lock(hashtextextended('demand_history:' || :tenant || :period, 0))",
        tenant=str(tx.tenant_id), period=version.period,
    )  # fmt: skip


# Slices of the nodes, items first, in the order of their code: the same input gives the same batches.
_DEAL = """
INSERT INTO forecast.forecast_series (tenant_id, version_id, entity_type, entity_id, location_id, sku_code,
    location_code, parent_id, ends_on, batch, uom, history_start, history_periods)
SELECT :tenant, :version, n.entity_type, n.entity_id, n.location_id, n.sku_code, n.location_code, n.parent_id, n.ends_on,
    CAST((row_number() OVER (ORDER BY n.rank, n.sku_code COLLATE "C", n.location_code COLLATE "C", n.entity_id,
        n.location_id) - 1) / CAST(:size AS integer) AS integer),
    n.uom, n.history_start, n.history_periods
FROM planned_nodes n
WHERE NOT :chosen OR (n.entity_type = 'sku'
    AND n.entity_id IN (SELECT sku_id FROM forecast.adhoc_items WHERE version_id = :version))
"""
_DEALT = """
UPDATE forecast.forecast_versions v SET batches = d.batches, series_count = d.series, prepared_at = now(),
    updated_at = now()
FROM (SELECT count(DISTINCT batch) AS batches, count(*) AS series FROM forecast.forecast_series
      WHERE version_id = :version) d WHERE v.id = :version
"""


def deal_out(tx: Tx, version: versions.Version, config: ForecastConfig) -> None:
    """Give every series its batch."""
    nodes.plan_nodes(tx, cut_of(tx, version), version.length, version.horizon_periods)
    tx.execute(
        _DEAL, tenant=tx.tenant_id, version=version.id, size=config.batch_size,
        chosen=version.scope == AD_HOC,
    )  # fmt: skip
    tx.execute(_DEALT, version=version.id)
