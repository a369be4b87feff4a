"""From histories to everything the engine has to say about them. Pure: no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand import lookalikes, shape
from opscopilot.forecasting.demand.periods import WEEKLY, Period
from opscopilot.forecasting.engine import BatchForecast, EngineSettings, LeadTimeDemand
from opscopilot.forecasting.engine.baselines import recent_window, run_baselines
from opscopilot.forecasting.engine.columns import pack, scatter
from opscopilot.forecasting.engine.drivers import Drivers, forecast_with_drivers
from opscopilot.forecasting.engine.layout import longest_history
from opscopilot.forecasting.engine.leadtime import lead_time_quantiles
from opscopilot.forecasting.engine.types import BoolArray, FloatArray
from opscopilot.forecasting.inventory.quantiles import deviation
from opscopilot.forecasting.supply.leadtimes import LeadTime
from opscopilot.forecasting.supply.spread import lead_time_points

_TOO_LARGE = 1e11
"""Quantities from here on do not fit the database's numeric(18,6) with room for an interval."""


@dataclass(frozen=True, slots=True)
class Series:
    """One node's demand history, in base units, oldest bucket first.

    `sku_id` and `sku_code` are the id and code of the node, whatever it is (`entity_type`). `ended` says why it gets
    no forecast at all, `refusal` why the one it gets must not be published, `note` what a reader must know. `sold`
    (h,): share of each bucket ahead on which the item is sold. `alike`: what to judge it by while its own history
    (`new`) is too short. `groups`: what it has in common with others.
    """

    sku_id: UUID
    sku_code: str
    uom: str
    ended: str | None
    values: FloatArray
    lead_time: LeadTime
    entity_type: str = "sku"
    location_id: UUID | None = None
    refusal: str | None = None
    note: str = ""
    sold: FloatArray | None = None
    new: lookalikes.NewItem | None = None
    alike: tuple[lookalikes.Candidate, ...] = ()
    drivers: Drivers | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The live series of a batch (index i of every array) and the ended ones.

    `refusals` None = to be published. `lead` is demand over the lead time, `order_up_to` the demand that lead
    time and review time will not exceed at the service level, `protection` that demand as a distribution.
    `cumulative_sd` (N, horizon) is the standard deviation of the first 1, 2, … periods together. `baseline` name ->
    (N, horizon).
    """

    live: list[Series]
    ended: list[Series]
    forecast: BatchForecast
    refusals: list[str | None]
    baseline: dict[str, FloatArray]
    lead: LeadTimeDemand
    protection: LeadTimeDemand
    order_up_to: FloatArray
    cumulative_sd: FloatArray


def compute(
    found: list[Series], config: ForecastConfig, period: Period = WEEKLY, settings: EngineSettings | None = None
) -> Outcome:
    """Forecast the series that are alive: the engine with what drives demand, look-alikes where an item is too new
    for it, cut to the time it is sold in."""
    live = [one for one in found if one.ended is None]
    values = [one.values for one in live]
    forecast = forecast_with_drivers(
        values, [one.drivers for one in live], config.horizon, config.season, levels=config.levels,
        settings=settings, groups=[one.groups for one in live],
    )  # fmt: skip
    forecast = shape.put_in(forecast, _guesses(live, forecast))
    forecast = shape.cut(forecast, {i: one.sold for i, one in enumerate(live) if one.sold is not None})
    times = [one.lead_time for one in live]
    lead = lead_time_quantiles(forecast, lead_time_points(times, period.days))
    protection = lead_time_quantiles(forecast, lead_time_points(times, period.days, config.review_days))
    order_up_to = protection.quantile(config.service_level)
    huge = _too_large(forecast, order_up_to)
    refusals = [
        "quantities are too large to be a forecast" if huge[i] else live[i].refusal or reason
        for i, reason in enumerate(forecast.refusals)
    ]
    ended = [one for one in found if one.ended is not None]
    return Outcome(live, ended, forecast, refusals, _baselines(values, config), lead, protection, order_up_to,
                   _cumulative_sd(forecast))  # fmt: skip


def _guesses(live: list[Series], forecast: BatchForecast) -> dict[int, lookalikes.Guess]:
    """What look-alikes say of the series that are too short for the engine."""
    least = EngineSettings().min_points
    found = {
        i: lookalikes.guess(one.new, one.alike, forecast.horizon, forecast.taus)
        for i, one in enumerate(live)
        if one.new is not None and len(one.values) < least
    }
    return {i: one for i, one in found.items() if one is not None}


def _cumulative_sd(forecast: BatchForecast) -> FloatArray:
    """(N, horizon) standard deviation of the sum of the first 1, 2, … periods."""
    count, horizon, width = forecast.cumulative.shape
    return deviation(forecast.taus, forecast.cumulative.reshape(count * horizon, width)).reshape(count, horizon)


def _baselines(values: list[FloatArray], config: ForecastConfig) -> dict[str, FloatArray]:
    """What each simple method says, to stand beside the forecast."""
    if not values:
        return {}
    values = [one if len(one) else np.zeros(1) for one in values]
    columns = pack(values, list(range(len(values))), [0] * len(values), longest_history(config.season))
    paths = run_baselines(columns, config.horizon, config.season, recent_window(config.season))
    return {name: scatter(columns, path, (1, len(values)))[0] for name, path in paths.items()}


def _too_large(forecast: BatchForecast, order_up_to: FloatArray) -> BoolArray:
    """(N,) series whose numbers do not fit the database."""
    flat: BoolArray = (forecast.quantiles > _TOO_LARGE).any(axis=(1, 2)) | (order_up_to > _TOO_LARGE)
    return flat
