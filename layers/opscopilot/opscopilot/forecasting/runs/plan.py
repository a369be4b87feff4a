"""Task `plan`: decide for whom and for which periods a forecast is due, and open or take up a draft for each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from opscopilot.forecasting.config import AD_HOC, ForecastConfig
from opscopilot.forecasting.demand import inputs
from opscopilot.forecasting.demand.calendar import DataCut, data_cut
from opscopilot.forecasting.demand.periods import PERIODS, PeriodName
from opscopilot.forecasting.quality import run as quality
from opscopilot.forecasting.registry import moves
from opscopilot.forecasting.runs import adhoc, due, records, versions
from opscopilot.forecasting.runs.keys import VersionKey
from opscopilot.forecasting.runs.request import Asked, PlanRequest
from opscopilot.forecasting.settings import PlanSettings, plan_settings
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.tenancy import plant_settings


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning one tenant came to: its versions, or why there are none."""

    versions: list[UUID]
    reasons: list[str]


def plan(database: Database, clock: Clock, config: ForecastConfig, asked: Asked) -> dict[str, Any]:
    """Answer of the state machine's first step: wait a moment, skip, or the versions to work on."""
    due_now: list[dict[str, Any]] = []
    runs: list[dict[str, str]] = []
    reasons: list[str] = []
    if asked.input.detail is not None and asked.input.detail.entity_type in quality.READINGS:
        reasons.append(quality.on_readings(database, clock, config, asked.input.detail.tenant_id))
        return {"wait": False, "skip": True, "versions": [], "runs": [], "reasons": reasons}
    for tenant_id in _tenants(database, asked.input):
        run_id = asked.run_for(tenant_id)
        with database.tenant(tenant_id) as tx:
            said = _not_now(tx, clock, asked)
            if said == "wait":
                return {"wait": True, "skip": True, "versions": [], "runs": [], "reasons": ["files are being loaded"]}
            planned = Planned([], [said]) if said else plan_tenant(tx, clock, config, asked, run_id)
            reasons += planned.reasons
            if _worth_a_record(asked.input, planned):
                runs.append({"tenant_id": str(tenant_id), "run_id": str(run_id)})
                _write_down(tx, asked, run_id, planned)
        due_now += [
            VersionKey(tenant_id=tenant_id, run_id=run_id, version_id=one).as_json() for one in planned.versions
        ]
    return {"wait": False, "skip": not due_now, "versions": due_now, "runs": runs, "reasons": reasons}


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


def _not_now(tx: Tx, clock: Clock, asked: Asked) -> str | None:
    """'wait', or why an event of new data starts nothing; None for anything that is to be planned."""
    if asked.input.detail is None:
        return None
    said = due.verdict(tx, asked.input.detail, asked.started, clock.now())
    return None if said == "now" else said


def _worth_a_record(request: PlanRequest, planned: Planned) -> bool:
    """A file's event that leads to nothing leaves no trace; whoever asked for a run finds what became of it."""
    return bool(planned.versions) or request.detail is None


def _write_down(tx: Tx, asked: Asked, run_id: UUID, planned: Planned) -> None:
    request = asked.input
    periods = [versions.get(tx, one).period for one in planned.versions] or request.periods or []
    records.begin(tx, run_id, asked.execution, request.started_by, periods, request.scope)
    if not planned.versions:
        records.end(tx, run_id, "skipped", "; ".join(dict.fromkeys(planned.reasons)))
    records.works_on(tx, run_id, planned.versions, 0)


def plan_tenant(tx: Tx, clock: Clock, config: ForecastConfig, asked: Asked, run_id: UUID) -> Planned:
    """The drafts to work on, one per period: those of an interrupted run on the same data, else new ones."""
    versions.lock_tenant(tx)
    cut = data_cut(plant_settings(tx), clock)
    if asked.input.sku_ids is not None:
        return Planned(adhoc.draft(tx, cut, config, asked.input, run_id), [])
    ordered, stocked = _anything(tx)
    if not ordered and not stocked:
        return Planned([], ["there is neither demand nor stock to look at yet"])
    settings = plan_settings(tx)
    _close_abandoned(tx)
    state = inputs.fingerprint(tx, cut, config)
    found: list[UUID] = []
    reasons: list[str] = []
    for name in asked.input.periods or settings.periods:
        if not ordered and name != "weekly":
            continue
        version = _version(tx, cut, config, name, settings, state, run_id, asked)
        (found if isinstance(version, UUID) else reasons).append(version)  # type: ignore[arg-type]
    return Planned(found, reasons)


def _version(
    tx: Tx, cut: DataCut, config: ForecastConfig, name: PeriodName, settings: PlanSettings, state: str, run_id: UUID,
    asked: Asked,
) -> UUID | str:  # fmt: skip
    """The draft of one period, or why none is needed."""
    own = config.of(PERIODS[name], settings.horizons.get(name))
    fingerprint = _fingerprint(state, name, own, settings)
    current = versions.published(tx, name)
    if current is not None and current.input_fingerprint == fingerprint:
        return f"{current.code} is published and was made from the same data"
    gone = moves.withdrawn(tx, name, fingerprint)
    if gone is not None:
        return f"{gone} was made from the same data and was taken out of force by a rollback"
    found = versions.unfinished_of(tx, name, fingerprint)
    if found is None:
        return versions.create(tx, cut, PERIODS[name], fingerprint, own).id
    if asked.input.detail is not None and found.status == "draft" and records.others_alive(tx, found.id, run_id):
        return f"{found.code} is being made from the same data by another run"
    versions.reopen(tx, found.id)
    return found.id


def _fingerprint(state: str, period: PeriodName, config: ForecastConfig, settings: PlanSettings) -> str:
    parts = [state, period, config.as_json(), settings.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _anything(tx: Tx) -> tuple[bool, bool]:
    """Whether anybody ever ordered anything, and whether there is any stock."""
    row = tx.one(
        """SELECT EXISTS (SELECT 1 FROM manufacturing.sales_order_lines) AS ordered,
               EXISTS (SELECT 1 FROM manufacturing.inventory_snapshots) AS stocked"""
    )
    assert row is not None
    return bool(row["ordered"]), bool(row["stocked"])


def _close_abandoned(tx: Tx) -> None:
    """Drafts that no run can be working on any more (a state machine gives up after four hours), and answers to
    questions of long ago."""
    tx.execute(
        """UPDATE forecast.forecast_versions SET status = 'failed', error = 'The run was abandoned.',
               updated_at = now(), row_version = row_version + 1
           WHERE status = 'draft' AND scope <> :adhoc AND input_fingerprint NOT LIKE 'clone:%' AND created_at < now() - interval '1 day'""",
        adhoc=AD_HOC,
    )
    adhoc.forget(tx)
