"""From conditions to alerts: fold what has one cause, mute what was planned, tell what is news."""

from __future__ import annotations

from collections.abc import Sequence

from opscopilot.forecasting.alerting import muting, store
from opscopilot.forecasting.alerting.causes import one_per_cause
from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.alerting.events import resolved
from opscopilot.forecasting.alerting.ground import Ground
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.planned_events import planned
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Tx
from opscopilot.kernel.events import record
from opscopilot.kernel.tenancy import PlantSettings


def raise_alerts(
    tx: Tx, version: Ground, found: Sequence[Condition], plant: PlantSettings, clock: Clock, config: ForecastConfig,
    only: Sequence[str] | None = None,
) -> dict[str, int]:  # fmt: skip
    """Bring the stored alerts in line with `found`, which is every condition that is there now, and put in the outbox
    what is news, what is still there and what is gone. How many were opened, kept, reopened, resolved, muted and raised.

    `only`: beginnings of dedupe keys; `found` is then every condition of that kind, and others are left alone."""
    now, zone = clock.now(), plant.default_time_zone
    conditions = one_per_cause(found)
    events = planned(tx, *muting.window(version.as_of))
    mutes = muting.mutes(conditions, events, version.as_of)
    known = store.known_alerts(tx, now)
    stored = store.decide(conditions, known, version, now, zone, plant.tenant_id, config.notify_at_most, mutes=mutes)
    counts, gone = store.store(tx, stored, version, now, zone, only)
    news = [item.event for item in stored if item.event is not None]
    still = [item.seen for item in stored if item.seen is not None]
    record(tx, *news, *still, *resolved(gone, conditions, version, now, plant.tenant_id))
    return {**counts, "muted": len(mutes), "raised": len(news)}
