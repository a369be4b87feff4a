"""Task `publish`: risks, alerts and the switch to the new version, all in one transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting.alerting import conditions, store
from opscopilot.forecasting.alerting.raising import raise_alerts
from opscopilot.forecasting.config import AD_HOC, PRIMARY, ForecastConfig
from opscopilot.forecasting.evaluation import accuracy, overrides
from opscopilot.forecasting.inventory import assessment
from opscopilot.forecasting.inventory.assessed import Assessed
from opscopilot.forecasting.quality import run as quality
from opscopilot.forecasting.registry import drift
from opscopilot.forecasting.runs import complete, records, versions
from opscopilot.forecasting.runs.finish import OVERTAKEN
from opscopilot.forecasting.runs.keys import VersionKey
from opscopilot.forecasting.runs.reconcile import reconcile
from opscopilot.forecasting.supply import assessment as supply
from opscopilot.forecasting.supply.conditions import supplier_risks
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.events import EventPublisher, ForecastPublished, record, relay
from opscopilot.kernel.tenancy import PlantSettings, plant_settings


def publish(
    database: Database, publisher: EventPublisher, clock: Clock, config: ForecastConfig, key: VersionKey
) -> dict[str, Any]:
    """Publish one version and send its events. Doing it again changes nothing, and sends what was left unsent."""
    with database.tenant(key.tenant_id) as tx:
        records.at_step(tx, key.run_id, "publish")
    with database.tenant(key.tenant_id) as tx:
        summary = publish_version(tx, clock, config, key.version_id)
    with database.tenant(key.tenant_id) as tx:
        summary["events"] = relay(tx, publisher)
    return summary


def publish_version(tx: Tx, clock: Clock, config: ForecastConfig, version_id: UUID) -> dict[str, Any]:
    """The work of `publish` in the caller's transaction."""
    versions.lock_tenant(tx)
    version = versions.get(tx, version_id, lock="UPDATE")
    if version.status != "draft" or version.scope == AD_HOC:
        return {"version": version.code, "status": version.status}
    complete.require(tx, version)
    if not version.reconciled:
        reconcile(tx, version)
    overtaken = _overtaken_by(tx, version)
    if overtaken:
        versions.fail(tx, version.id, f"{OVERTAKEN}: {overtaken} was made from newer data and published first.")
        return {"version": version.code, "status": "failed", "overtaken_by": overtaken}
    plant = plant_settings(tx)
    overrides.apply(tx, version)
    accuracy.measure(tx, version)
    moved = drift.record(tx, version)
    counts = _what_follows(tx, version, plant, clock, config, moved) if version.period == PRIMARY else {}
    versions.publish(tx, version)
    record(tx, _announcement(plant, version, clock))
    return {"version": version.code, "status": "published", **counts}


def _what_follows(
    tx: Tx, version: versions.Version, plant: PlantSettings, clock: Clock, config: ForecastConfig, moved: drift.Drift
) -> dict[str, Any]:  # fmt: skip
    """Risks and alerts; they rest on the weekly forecast alone."""
    found = assessment.assess_all(tx, version, config, plant.default_currency)
    assessment.store(tx, version, found, config)
    late = supply.of_lines(found)
    supply.store(tx, version, found, late)
    seen = quality.run(tx, version, plant, clock)
    current = [*_conditions(tx, version, found.items, late), *seen.conditions, *drift.conditions(version, moved)]
    counts = raise_alerts(tx, version, current, plant, clock, config)
    return {"risks": len(found.items), **seen.counts, "alerts": counts}


def _conditions(
    tx: Tx, version: versions.Version, found: list[Assessed], late: list[supply.SupplyRisk]
) -> list[conditions.Condition]:
    """Every condition that is there now; what is open already is kept down to a lower limit."""
    known = store.open_keys(tx)
    short = conditions.stockouts(found, known)
    told = {one.entity_id for one in short if one.entity_id}
    return [
        *short,
        *supplier_risks(late, told, known),
        *conditions.reorder_digest(found, told),
        *conditions.biased(accuracy.out_of_bounds(tx, version), known),
    ]


def _overtaken_by(tx: Tx, version: versions.Version) -> str | None:
    """A version planned after this one that is already in force: the older data must not replace it."""
    current = versions.published(tx, version.period)
    return current.code if current is not None and current.id > version.id else None


def _announcement(plant: PlantSettings, version: versions.Version, clock: Clock) -> ForecastPublished:
    return ForecastPublished(
        tenant_id=plant.tenant_id, occurred_at=clock.now(), correlation_id=version.code, version_id=version.id,
        code=version.code, series=version.series_count,
    )  # fmt: skip
