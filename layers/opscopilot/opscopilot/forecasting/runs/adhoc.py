"""Forecasts asked for by hand: a draft of certain items, in a period of choice. It is read, and never published."""

from __future__ import annotations

from uuid import UUID

from opscopilot.forecasting.config import AD_HOC, ForecastConfig
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import PERIODS
from opscopilot.forecasting.runs import versions
from opscopilot.forecasting.runs.request import PlanRequest
from opscopilot.kernel.db import Tx
from opscopilot.kernel.ids import derived_id

KEPT_DAYS = 7


def draft(tx: Tx, cut: DataCut, config: ForecastConfig, request: PlanRequest, run_id: UUID) -> list[UUID]:
    """The run's draft, with the items it is about."""
    period = PERIODS[(request.periods or ["weekly"])[0]]
    print_of_run = str(derived_id("adhoc", str(run_id)))
    found = versions.unfinished_of(tx, period.name, print_of_run, AD_HOC)
    if found is not None:
        versions.reopen(tx, found.id)
        return [found.id]
    version = versions.create(tx, cut, period, print_of_run, config.of(period, request.horizon), AD_HOC)
    tx.execute(
        """INSERT INTO forecast.adhoc_items (tenant_id, version_id, sku_id)
           SELECT :tenant, :version, k.id FROM manufacturing.skus k WHERE k.id = ANY(CAST(:ids AS uuid[]))""",
        tenant=tx.tenant_id, version=version.id, ids=[str(one) for one in request.sku_ids or []],
    )  # fmt: skip
    return [version.id]


def forget(tx: Tx) -> None:
    """Delete answers that nobody will look for any more; their executions go with them."""
    old = "SELECT id FROM forecast.forecast_versions WHERE scope = :adhoc AND created_at < now() - make_interval(days => :days)"
    tx.execute(f"DELETE FROM forecast.model_executions WHERE version_id IN ({old})", adhoc=AD_HOC, days=KEPT_DAYS)
    tx.execute(f"DELETE FROM forecast.forecast_versions WHERE id IN ({old})", adhoc=AD_HOC, days=KEPT_DAYS)
