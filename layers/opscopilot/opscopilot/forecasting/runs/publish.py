"""Task `publish`: risks, alerts and the switch to the new version, all in one transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting.alerting import conditions, store
from opscopilot.forecasting.alerting.raising import raise_alerts
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.evaluation import accuracy
from opscopilot.forecasting.inventory import assessment
from opscopilot.forecasting.runs import versions
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import Conflict
from opscopilot.kernel.events import EventPublisher, ForecastPublished, record, relay
from opscopilot.kernel.tenancy import PlantSettings, plant_settings


def publish(
    database: Database, publisher: EventPublisher, clock: Clock, config: ForecastConfig, tenant_id: UUID,
    version_id: UUID,
) -> dict[str, Any]:  # fmt: skip
    """Publish one version and send its events. Doing it again changes nothing, and sends what was left unsent."""
    with database.tenant(tenant_id) as tx:
        summary = publish_version(tx, clock, config, version_id)
    with database.tenant(tenant_id) as tx:
        summary["events"] = relay(tx, publisher)
    return summary


def publish_version(tx: Tx, clock: Clock, config: ForecastConfig, version_id: UUID) -> dict[str, Any]:
    """The work of `publish` in the caller's transaction."""
    versions.lock_tenant(tx)
    version = versions.get(tx, version_id, lock="UPDATE")
    if version.status != "draft":
        return {"version": version.code, "status": version.status}
    _require_complete(tx, version)
    overtaken = _overtaken_by(tx, version)
    if overtaken:
        versions.fail(tx, version.id, f"Overtaken: {overtaken} was made from newer data and published first.")
        return {"version": version.code, "status": "failed", "overtaken_by": overtaken}
    plant = plant_settings(tx)
    found = assessment.assess_all(tx, version, config, plant.default_currency)
    assessment.store(tx, version, found)
    accuracy.measure(tx, version)
    counts = raise_alerts(tx, version, _conditions(tx, version, found), plant, clock, config)
    versions.publish(tx, version)
    record(tx, _announcement(plant, version, clock))
    return {"version": version.code, "status": "published", "risks": len(found), "alerts": counts}


def _conditions(tx: Tx, version: versions.Version, found: list[assessment.Assessed]) -> list[conditions.Condition]:
    """Every condition that is there now; what is open already is kept down to a lower limit."""
    known = store.open_keys(tx)
    short = conditions.stockouts(found, known)
    told = {one.entity_id for one in short if one.entity_id}
    return [
        *short,
        *conditions.reorder_digest(found, told),
        *conditions.biased(accuracy.out_of_bounds(tx, version), known),
    ]


def _require_complete(tx: Tx, version: versions.Version) -> None:
    pending = tx.scalar(
        "SELECT count(*) FROM forecast.forecast_series WHERE version_id = :id AND status = 'pending'", id=version.id
    )
    if pending:
        raise Conflict(
            f"Version {version.code} cannot be published: {pending} of its series have not been computed.",
            field="version_id", value=version.id, expected="every batch of the version completed",
        )  # fmt: skip


def _overtaken_by(tx: Tx, version: versions.Version) -> str | None:
    """A version planned after this one that is already in force: the older data must not replace it."""
    current = versions.published(tx)
    return current.code if current is not None and current.id > version.id else None


def _announcement(plant: PlantSettings, version: versions.Version, clock: Clock) -> ForecastPublished:
    return ForecastPublished(
        tenant_id=plant.tenant_id, occurred_at=clock.now(), correlation_id=version.code, version_id=version.id,
        code=version.code, series=version.series_count,
    )  # fmt: skip
