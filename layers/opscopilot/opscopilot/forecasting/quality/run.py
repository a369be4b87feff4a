"""Everything about quality in one run of the forecast: scrap rates, control charts, sensor readings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.alerting.ground import WithoutForecast
from opscopilot.forecasting.alerting.raising import raise_alerts
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.calendar import data_cut
from opscopilot.forecasting.quality import models, scrap
from opscopilot.forecasting.quality.charts import conditions as chart_conditions
from opscopilot.forecasting.quality.charts import keep
from opscopilot.forecasting.quality.sensors import conditions, watch
from opscopilot.forecasting.runs import versions
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.tenancy import PlantSettings, plant_settings

READINGS = ("sensor", "sensor_reading")
"""Entities that change no forecast: their files are judged when they come."""


@dataclass(frozen=True, slots=True)
class Found:
    """What quality has to say: counts for the run's summary, and the conditions that are there now."""

    counts: dict[str, Any]
    conditions: list[Condition] = field(default_factory=list)


def run(tx: Tx, version: Version, plant: PlantSettings, clock: Clock) -> Found:
    """Forecast scrap and judge what is new, for `version` while it is still a draft."""
    today = data_cut(plant, clock).complete_day
    counts = scrap.forecast(tx, version, today, plant.default_currency)
    seen = watch.judge_new(tx, plant.default_time_zone, plant.now(clock))
    kept = keep.update(tx, version.id, today, plant.week_start, plant.now(clock))
    found = [*chart_conditions.current(tx, plant.default_currency), *conditions.current(tx)]
    models.register(tx, today)
    charts = {"charts": kept.charts, "signals": kept.signals}
    return Found({"scrap": counts, "charts": charts, "sensors": seen.as_json()}, found)


def on_readings(database: Database, clock: Clock, config: ForecastConfig, tenant_id: Any) -> str:
    """Judge readings that have just been loaded and bring the sensors' alerts in line; what came of it, in words.

    Without a forecast in force the alerts name no version; the first one that is published takes them over.
    """
    with database.tenant(tenant_id) as tx:
        versions.lock_tenant(tx)
        plant = plant_settings(tx)
        seen = watch.judge_new(tx, plant.default_time_zone, plant.now(clock))
        if seen.sensors:
            ground = versions.published(tx, "weekly") or WithoutForecast(data_cut(plant, clock).as_of)
            raise_alerts(tx, ground, conditions.current(tx), plant, clock, config, only=conditions.PREFIXES)
    return f"{seen.readings} sensor readings were judged, {seen.signals} signals; they change no forecast"
