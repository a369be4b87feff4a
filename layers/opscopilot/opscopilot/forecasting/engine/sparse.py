"""Intermittent demand, end to end: pooled mean, comparison with the baselines, count distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.baselines import recent_window
from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.countdist import empirical_quantiles, negative_binomial_quantiles
from opscopilot.forecasting.engine.intermittent import (
    BANK_NAMES,
    bank,
    count_unit,
    dispersion,
    rate_uncertainty,
    simplex_weights,
)
from opscopilot.forecasting.engine.layout import Layout, Part, lay_out
from opscopilot.forecasting.engine.pool import PRIOR_SERIES, choose
from opscopilot.forecasting.engine.shifts import read_after_shifts
from opscopilot.forecasting.engine.types import EngineSettings, FloatArray

MODEL_NAME = "SES + TSB + SBA + aggregation"
WINDOW = 13
"""Shortest recent mean worth the name where most periods are zero."""
MIXES = (0.0, 0.35, 0.7)
"""Shares of the series' own history in the distribution that the backtests choose between."""
_PRIOR_MIX = 1
_DECAY = 0.99


def forecast_sparse(
    histories: Sequence[FloatArray], horizon: int, season: int, taus: FloatArray, settings: EngineSettings
) -> Part:
    """Forecast one block of intermittent series together."""
    layout = lay_out(histories, horizon, season, settings, max(recent_window(season), WINDOW))
    columns = layout.columns
    recent, order = read_after_shifts(columns, np.ones(columns.count, dtype=bool), only_faded=True)
    members = bank(recent)[:, np.argsort(order)] * columns.scale[None]
    weights = _weights(layout, members)
    flat = weights @ members
    model = layout.spread(np.repeat(flat[:, None], horizon, axis=1))
    baselines = layout.baselines()
    choice = choose(model, baselines, layout.actual, squared=True, gate=settings.gate)
    unit = count_unit(columns)
    phi = dispersion(columns, unit, flat / unit)
    history = empirical_quantiles(columns.y * columns.scale[None], columns.valid(), taus, _DECAY)
    path = model[columns.slot, columns.series]
    counts = _step_quantiles(path, phi, unit, taus)
    mix = _best_mix(layout, counts, history, taus)
    mixed = (1 - mix) * counts + mix * history[:, None, :]
    spread = np.full((*layout.shape, horizon, len(taus)), np.nan)
    spread[columns.slot, columns.series] = mixed
    cumulative = _cumulative(layout, model, phi, unit, taus)
    named = {name: float(w) for name, w in zip(BANK_NAMES, weights, strict=True)}
    return Part(layout, model, choice, baselines, MODEL_NAME, "rmse", spread[0], cumulative, spread[1:], named)


def _series_scale(columns: Columns) -> FloatArray:
    """(C,) root mean squared change from period to period, in input units."""
    step = np.where(columns.valid()[:-1], np.diff(columns.y, axis=0), 0.0)
    scale = np.sqrt((step**2).sum(axis=0) / np.maximum(columns.n - 1, 1)) * columns.scale
    return np.where(scale > 0, scale, columns.scale)


def _weights(layout: Layout, members: FloatArray) -> FloatArray:
    """(M,) pooled weights that forecast the mean of the hidden periods best, shrunk towards equal."""
    columns = layout.columns
    use = np.flatnonzero(columns.slot > 0)
    equal = np.full(len(members), 1 / len(members))
    if not len(use):
        return equal
    hidden = layout.actual[columns.slot[use] - 1, columns.series[use]]
    seen = np.isfinite(hidden)
    target = np.where(seen, hidden, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    scale = _series_scale(columns)[use]
    found = simplex_weights(np.clip(members[:, use] / scale, -20, 20).T, np.clip(target / scale, -20, 20))
    count = len(np.unique(columns.series[use]))
    trust = 0.85 * count / (count + PRIOR_SERIES)
    return trust * found + (1 - trust) * equal


def _step_quantiles(path: FloatArray, phi: FloatArray, unit: FloatArray, taus: FloatArray) -> FloatArray:
    """(C, h, Q) negative-binomial quantiles around each step's mean; flat paths are computed once."""
    flat = (path == path[:, :1]).all(axis=1)
    first = negative_binomial_quantiles(path[:, 0] / unit, phi, taus) * unit[:, None]
    out = np.repeat(first[:, None, :], path.shape[1], axis=1)
    rest = np.flatnonzero(~flat)
    if len(rest):
        steps = path.shape[1]
        wide = negative_binomial_quantiles((path[rest] / unit[rest, None]).ravel(), np.repeat(phi[rest], steps), taus)
        out[rest] = wide.reshape(len(rest), steps, -1) * unit[rest, None, None]
    return out


def _best_mix(layout: Layout, counts: FloatArray, history: FloatArray, taus: FloatArray) -> float:
    """The share of own history with the lowest pinball loss over the backtests; the shipped one for few series."""
    columns = layout.columns
    use = np.flatnonzero(columns.slot > 0)
    if len(np.unique(columns.series[use])) < PRIOR_SERIES:
        return MIXES[_PRIOR_MIX]
    hidden = layout.actual[columns.slot[use] - 1, columns.series[use]]
    seen = np.isfinite(hidden)
    scale = _series_scale(columns)[use][:, None]
    losses = []
    for mix in MIXES:
        q = (1 - mix) * counts[use] + mix * history[use][:, None, :]
        error = np.where(seen[:, :, None], hidden[:, :, None] - q, 0.0)
        pinball = np.maximum(taus * error, (taus - 1) * error).mean(axis=2)
        losses.append(float((pinball / scale).sum()))
    return MIXES[int(np.argmin(losses))]


def _cumulative(layout: Layout, path: FloatArray, phi: FloatArray, unit: FloatArray, taus: FloatArray) -> FloatArray:
    """(N, h, Q) quantiles of running sums: dispersion grows with the uncertainty of the rate itself."""
    columns, horizon = layout.columns, path.shape[2]
    back = np.flatnonzero(columns.slot > 0)
    relative = rate_uncertainty(*_window_totals(layout, path, phi, unit, back))
    final = np.flatnonzero(columns.slot == 0)
    order = np.empty(len(final), dtype=np.int64)
    order[columns.series[final]] = final
    mean = np.cumsum(path[0] / unit[order, None], axis=1)
    spread = phi[order, None] + relative * mean
    out = negative_binomial_quantiles(mean.ravel(), spread.ravel(), taus)
    return out.reshape(len(order), horizon, -1) * unit[order, None, None]


def _window_totals(
    layout: Layout, path: FloatArray, phi: FloatArray, unit: FloatArray, back: np.typing.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Backtest errors of window totals, forecast totals (both in units) and dispersions."""
    columns = layout.columns
    hidden = layout.actual[columns.slot[back] - 1, columns.series[back]]
    seen = np.isfinite(hidden)
    guess = np.where(seen, path[columns.slot[back], columns.series[back]], 0.0).sum(axis=1) / unit[back]
    total = np.where(seen, hidden, 0.0).sum(axis=1) / unit[back]
    return total - guess, guess, phi[back]
