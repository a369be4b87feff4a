"""Task `plan`: decide whether a forecast is due, cut the data, and deal the series out in batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opscopilot.forecasting.config import PERIOD, ForecastConfig
from opscopilot.forecasting.demand import history, inputs
from opscopilot.forecasting.demand.calendar import DataCut, data_cut
from opscopilot.forecasting.runs import versions
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.tenancy import plant_settings


class _Detail(BaseModel):
    model_config = ConfigDict(extra="ignore")
    tenant_id: UUID
    event_id: UUID
    entity_type: str


class PlanRequest(BaseModel):
    """What starts a run: one tenant, all tenants, or a DataNormalized event as the bus delivers it."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)
    tenant_id: UUID | None = None
    all_tenants: bool = False
    detail: _Detail | None = None
    detail_type: str | None = Field(default=None, alias="detail-type")


def plan(database: Database, clock: Clock, config: ForecastConfig, given: Any) -> dict[str, Any]:
    """Answer of the state machine's first step: skip, or the batches to compute and the versions to publish."""
    request = PlanRequest.model_validate(given)
    batches: list[dict[str, Any]] = []
    due: list[dict[str, str]] = []
    reasons: list[str] = []
    for tenant_id in _tenants(database, request):
        with database.tenant(tenant_id) as tx:
            outcome = plan_tenant(tx, clock, config, request.detail)
        if isinstance(outcome, str):
            reasons.append(outcome)
            continue
        version, numbers = outcome
        key = {"tenant_id": str(tenant_id), "version_id": str(version.id)}
        due.append(key)
        batches += [{**key, "batch": number, "batches": version.batches} for number in numbers]
    return {"skip": not due, "batches": batches, "versions": due, "reasons": reasons}


def _tenants(database: Database, request: PlanRequest) -> Iterator[UUID]:
    if request.detail is not None:
        yield request.detail.tenant_id
    elif request.tenant_id is not None:
        yield request.tenant_id
    elif request.all_tenants:
        with database.system() as tx:
            found = tx.rows("SELECT tenant_id FROM platform.tenants WHERE status = 'active' ORDER BY code")
        yield from (row["tenant_id"] for row in found)
    else:
        raise ValidationFailed(
            "The forecast run does not say for whom.", field="input", value=request.model_dump_json(),
            expected='{"tenant_id": "…"}, {"all_tenants": true} or a DataNormalized event',
        )  # fmt: skip


def plan_tenant(
    tx: Tx, clock: Clock, config: ForecastConfig, event: _Detail | None = None
) -> str | tuple[versions.Version, list[int]]:
    """The draft to work on and its unfinished batches, or the reason why there is nothing to do."""
    if event is not None and event.entity_type not in inputs.RELEVANT_ENTITIES:
        return f"{event.entity_type} does not change a forecast"
    if event is not None and inputs.newer_data_event(tx, event.event_id):
        return "newer data came in after this event; its own event does the work"
    versions.lock_tenant(tx)
    cut = data_cut(plant_settings(tx), clock)
    fingerprint = inputs.fingerprint(tx, cut, config)
    current = versions.published(tx)
    if current is not None and current.input_fingerprint == fingerprint:
        return f"{current.code} is published and was made from the same data"
    draft = versions.draft_of(tx, fingerprint)
    if draft is None:
        draft = _new_draft(tx, cut, fingerprint, config)
    if draft is None:
        return "there is neither demand nor stock to look at yet"
    return draft, _unfinished(tx, draft)


def _new_draft(tx: Tx, cut: DataCut, fingerprint: str, config: ForecastConfig) -> versions.Version | None:
    history.rebuild(tx, cut)
    anything = tx.scalar(
        """SELECT EXISTS (SELECT 1 FROM forecast.demand_history)
               OR EXISTS (SELECT 1 FROM manufacturing.inventory_snapshots)"""
    )
    if not anything:
        return None
    _close_abandoned(tx)
    version_id = versions.create(tx, cut, fingerprint, config)
    tx.execute(_DEAL, tenant=tx.tenant_id, version=version_id, period=PERIOD, size=config.batch_size)
    tx.execute(_DEALT, version=version_id)
    return versions.get(tx, version_id)


# Slices of the series in the order of their code: the same input gives the same batches.
_DEAL = """
INSERT INTO forecast.forecast_series (tenant_id, version_id, entity_id, sku_code, batch, uom, history_start,
    history_periods)
SELECT :tenant, :version, k.id, k.sku_code,
    CAST((row_number() OVER (ORDER BY k.sku_code COLLATE "C") - 1) / CAST(:size AS integer) AS integer),
    k.base_uom, h.first_bucket, h.periods
FROM (SELECT sku_id, min(bucket_start) AS first_bucket, count(*) AS periods FROM forecast.demand_history
      WHERE period = :period GROUP BY sku_id) h
JOIN manufacturing.skus k ON k.id = h.sku_id
"""
_DEALT = """
UPDATE forecast.forecast_versions v SET batches = d.batches, series_count = d.series, updated_at = now()
FROM (SELECT count(DISTINCT batch) AS batches, count(*) AS series FROM forecast.forecast_series
      WHERE version_id = :version) d WHERE v.id = :version
"""


def _unfinished(tx: Tx, draft: versions.Version) -> list[int]:
    found = tx.rows(
        """SELECT DISTINCT batch FROM forecast.forecast_series
           WHERE version_id = :version AND status = 'pending' ORDER BY batch""",
        version=draft.id,
    )  # fmt: skip
    return [int(row["batch"]) for row in found]


def _close_abandoned(tx: Tx) -> None:
    """Drafts that no run can be working on any more (a state machine gives up after four hours)."""
    tx.execute(
        """UPDATE forecast.forecast_versions SET status = 'failed', error = 'The run was abandoned.',
               updated_at = now(), row_version = row_version + 1
           WHERE status = 'draft' AND created_at < now() - interval '1 day'"""
    )
