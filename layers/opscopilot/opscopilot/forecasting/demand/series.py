"""From histories to everything the engine has to say about them. Pure: no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from opscopilot.forecasting.config import PERIOD_DAYS, ForecastConfig
from opscopilot.forecasting.engine import BatchForecast, LeadTimeDemand, forecast_batch, lead_time_demand
from opscopilot.forecasting.engine.baselines import recent_window, run_baselines
from opscopilot.forecasting.engine.columns import pack, scatter
from opscopilot.forecasting.engine.layout import longest_history
from opscopilot.forecasting.engine.types import BoolArray, FloatArray
from opscopilot.forecasting.supply.leadtimes import LeadTime

_TOO_LARGE = 1e11
"""Quantities from here on do not fit the database's numeric(18,6) with room for an interval."""


@dataclass(frozen=True, slots=True)
class Series:
    """One SKU's demand history, in base units, oldest week first. `ended` says why it gets no forecast."""

    sku_id: UUID
    sku_code: str
    uom: str
    ended: str | None
    values: FloatArray
    lead_time: LeadTime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The live series of a batch (index i of every array) and the ended ones.

    `refusals` None = to be published. `lead` is demand over the lead time, `order_up_to` the demand that lead
    time and review time will not exceed at the service level. `baseline` name -> (N, horizon).
    """

    live: list[Series]
    ended: list[Series]
    forecast: BatchForecast
    refusals: list[str | None]
    baseline: dict[str, FloatArray]
    lead: LeadTimeDemand
    order_up_to: FloatArray


def compute(found: list[Series], config: ForecastConfig) -> Outcome:
    """Forecast the series that are alive."""
    live = [one for one in found if one.ended is None]
    values = [one.values for one in live]
    forecast = forecast_batch(values, config.horizon, config.season, levels=config.levels)
    mean = np.array([one.lead_time.mean for one in live]) / PERIOD_DAYS
    sd = np.array([one.lead_time.sd for one in live]) / PERIOD_DAYS
    lead = lead_time_demand(forecast, mean, sd)
    order_up_to = lead_time_demand(forecast, mean + config.review_days / PERIOD_DAYS, sd).quantile(config.service_level)
    huge = _too_large(forecast, order_up_to)
    refusals = [
        "quantities are too large to be a forecast" if huge[i] else reason for i, reason in enumerate(forecast.refusals)
    ]
    ended = [one for one in found if one.ended is not None]
    return Outcome(live, ended, forecast, refusals, _baselines(values, config), lead, order_up_to)


def _baselines(values: list[FloatArray], config: ForecastConfig) -> dict[str, FloatArray]:
    """What each simple method says, to stand beside the forecast."""
    if not values:
        return {}
    columns = pack(values, list(range(len(values))), [0] * len(values), longest_history(config.season))
    paths = run_baselines(columns, config.horizon, config.season, recent_window(config.season))
    return {name: scatter(columns, path, (1, len(values)))[0] for name, path in paths.items()}


def _too_large(forecast: BatchForecast, order_up_to: FloatArray) -> BoolArray:
    """(N,) series whose numbers do not fit the database."""
    flat: BoolArray = (forecast.quantiles > _TOO_LARGE).any(axis=(1, 2)) | (order_up_to > _TOO_LARGE)
    return flat
