"""Cuts a forecast to the time an item is sold in, and puts what look-alikes say in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from opscopilot.forecasting.demand.lookalikes import Guess
from opscopilot.forecasting.demand.periods import Period
from opscopilot.forecasting.engine.types import BatchForecast, FloatArray


def sold_share(period: Period, start: date, horizon: int, starts_on: date | None, ends_on: date | None) -> FloatArray:
    """(h,) share of each bucket's days on which the item is sold: from `starts_on` up to the day before `ends_on`."""
    edges = np.array([(period.following(start, i) - start).days for i in range(horizon + 1)], dtype=np.float64)
    first = 0.0 if starts_on is None else float((starts_on - start).days)
    last = edges[-1] if ends_on is None else float((ends_on - start).days)
    covered = np.minimum(edges[1:], last) - np.maximum(edges[:-1], first)
    share: FloatArray = np.clip(covered / np.diff(edges), 0.0, 1.0)
    return share


def day_before(day: date) -> date:
    """The last day before `day`."""
    return day - timedelta(days=1)


def cut(forecast: BatchForecast, shares: Mapping[int, FloatArray]) -> BatchForecast:
    """The forecast with the buckets of series i multiplied by `shares[i]` (h,), running sums too."""
    if not shares:
        return forecast
    share = np.ones(forecast.mean.shape)
    for i, one in shares.items():
        share[i] = one
    steps = np.diff(forecast.cumulative, axis=1, prepend=0.0) * share[:, :, None]
    changed = np.array(sorted(shares))
    cumulative = forecast.cumulative.copy()
    cumulative[changed] = np.maximum(steps.cumsum(axis=1), 0.0)[changed]
    return replace(
        forecast, mean=forecast.mean * share, lower={k: v * share for k, v in forecast.lower.items()},
        upper={k: v * share for k, v in forecast.upper.items()}, quantiles=forecast.quantiles * share[:, :, None],
        cumulative=cumulative, uplift=None if forecast.uplift is None else forecast.uplift * share,
        baselines={name: path * share for name, path in forecast.baselines.items()},
    )  # fmt: skip


def put_in(forecast: BatchForecast, guesses: Mapping[int, Guess]) -> BatchForecast:
    """The forecast with the series of `guesses` replaced by them, and no refusal for those."""
    if not guesses:
        return forecast
    mean, quantiles, cumulative = forecast.mean.copy(), forecast.quantiles.copy(), forecast.cumulative.copy()
    lower = {k: v.copy() for k, v in forecast.lower.items()}
    upper = {k: v.copy() for k, v in forecast.upper.items()}
    methods, refusals, notes = list(forecast.methods), list(forecast.refusals), list(forecast.notes)
    for i, one in guesses.items():
        mean[i], quantiles[i], cumulative[i] = one.mean, one.quantiles, one.cumulative
        for level in forecast.levels:
            low, high = ((1 - level) / 2, (1 + level) / 2)
            lower[level][i] = np.minimum(_at(forecast, one, low), one.mean)
            upper[level][i] = np.maximum(_at(forecast, one, high), one.mean)
        methods[i], refusals[i], notes[i] = one.method, None, one.note
    return replace(
        forecast, mean=mean, lower=lower, upper=upper, quantiles=quantiles, cumulative=cumulative,
        methods=tuple(methods), refusals=tuple(refusals), notes=tuple(notes),
    )  # fmt: skip


def _at(forecast: BatchForecast, one: Guess, tau: float) -> FloatArray:
    found: FloatArray = one.quantiles[:, int(np.argmin(np.abs(forecast.taus - tau)))]
    return found
