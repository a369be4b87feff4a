"""Everything about quality in one run of the forecast: scrap rates, control charts, sensor readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.quality import scrap
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx
from opscopilot.kernel.tenancy import PlantSettings


@dataclass(frozen=True, slots=True)
class Found:
    """What quality has to say: counts for the run's summary, and the conditions that are there now."""

    counts: dict[str, Any]
    conditions: list[Condition] = field(default_factory=list)


def run(tx: Tx, version: Version, plant: PlantSettings, today: date, known: Mapping[str, str]) -> Found:
    """Forecast scrap and judge what is new, for `version` while it is still a draft. `today` is the last day whose
    output is known; `known` are the open alerts (dedupe key -> severity), which are kept down to a lower limit."""
    counts = scrap.forecast(tx, version, today, plant.default_currency)
    return Found({"scrap": counts})
