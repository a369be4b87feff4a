"""The version that a planning question is about."""

from __future__ import annotations

from opscopilot.forecasting import queries
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound


def version_of(tx: Tx, code_or_id: str | None, period: PeriodName = "weekly") -> ForecastVersion:
    """The version of that code or id; without one, the version of `period` in force. NotFound says what to do."""
    if code_or_id is None:
        code_or_id = tx.scalar(
            """SELECT code FROM forecast.forecast_versions
               WHERE scope = 'demand' AND period = :period AND status = 'published'""",
            period=period,
        )  # fmt: skip
    if code_or_id is None:
        raise NotFound(
            f"No {period} forecast has been published for this plant yet.", code="no_forecast", field="period",
            value=period, expected="load sales orders, name the period in PUT /api/v1/planning/settings, then "
            "POST /api/v1/planning/forecasts/generate",
        )  # fmt: skip
    return queries.require_version(tx, code_or_id)
