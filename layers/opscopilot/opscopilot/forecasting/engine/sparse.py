"""Intermittent demand, end to end: pooled mean, comparison with the baselines, distribution of counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.baselines import recent_window
from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.countdist import empirical_quantiles, negative_binomial_quantiles
from opscopilot.forecasting.engine.countmix import mixing_shares
from opscopilot.forecasting.engine.countsums import sum_quantiles
from opscopilot.forecasting.engine.intermittent import (
    BANK_NAMES,
    bank,
    count_unit,
    dispersion,
    simplex_weights,
    typical_weights,
)
from opscopilot.forecasting.engine.layout import Layout, Part, lay_out
from opscopilot.forecasting.engine.pool import PRIOR_SERIES, choose
from opscopilot.forecasting.engine.shifts import read_after_shifts
from opscopilot.forecasting.engine.types import EngineSettings, FloatArray

MODEL_NAME = "SES + TSB + SBA + aggregation"
WINDOW = 13
"""Shortest recent mean worth the name where most periods are zero."""
_PRIOR_SHARES = np.array([0.4, 0.4, 0.05, 0.15])
"""Of the negative binomials around the typical and the steady mean, of recent history, of all history."""
_RECENT, _LONG = 0.97, 0.995
_ENDS, _JUST_BELOW, _ALLOWED = (0.96, 0.985), 0.99, 0.005
"""Levels of the ends that may be drawn in, by how much, and how far intervals may cover more than they say."""
_MOST = 0.85


def forecast_sparse(
    histories: Sequence[FloatArray], horizon: int, season: int, taus: FloatArray, settings: EngineSettings
) -> Part:
    """Forecast one block of intermittent series together.

    Two pooled means: one that errs least in the typical series (the forecast), one that errs least in sum of
    squares, where the few large surprises count. The second moves more slowly and knows more about the tails.
    """
    layout = lay_out(histories, horizon, season, settings, max(recent_window(season), WINDOW))
    columns = layout.columns
    recent, order = read_after_shifts(columns, np.ones(columns.count, dtype=bool), only_faded=True)
    members = bank(recent)[:, np.argsort(order)] * columns.scale[None]
    weights, steady_weights = _weights(layout, members)
    flat, steady = weights @ members, steady_weights @ members
    model = layout.spread(np.repeat(flat[:, None], horizon, axis=1))
    baselines = layout.baselines()
    choice = choose(model, baselines, layout.actual, squared=True, gate=settings.gate)
    unit = count_unit(columns)
    means = np.stack([flat, steady])
    mixed = _step_quantiles(layout, means, unit, taus)
    spread = layout.spread(mixed)
    cumulative = sum_quantiles(layout, means, unit, taus)
    named = {name: float(w) for name, w in zip(BANK_NAMES, weights, strict=True)}
    per_step = np.repeat(spread[:, :, None, :], horizon, axis=2)
    return Part(layout, model, choice, baselines, MODEL_NAME, "rmse", per_step[0], cumulative, per_step[1:], named)


def _hidden(layout: Layout) -> tuple[np.typing.NDArray[np.int64], FloatArray]:
    """The backtest columns and (B, h) what came after each."""
    columns = layout.columns
    back = np.flatnonzero(columns.slot > 0)
    return back, layout.actual[columns.slot[back] - 1, columns.series[back]]


def _series_scale(columns: Columns) -> FloatArray:
    """(C,) root mean squared change from period to period, in input units."""
    step = np.where(columns.valid()[:-1], np.diff(columns.y, axis=0), 0.0)
    scale = np.sqrt((step**2).sum(axis=0) / np.maximum(columns.n - 1, 1)) * columns.scale
    return np.where(scale > 0, scale, columns.scale)


def _weights(layout: Layout, members: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(M,) pooled weights of the typical and of the steady mean, shrunk towards equal."""
    columns = layout.columns
    use, hidden = _hidden(layout)
    equal = np.full(len(members), 1 / len(members))
    if not len(use):
        return equal, equal
    seen = np.isfinite(hidden)
    known = np.maximum(seen.sum(axis=1), 1)
    target = np.where(seen, hidden, 0.0).sum(axis=1) / known
    scale = _series_scale(columns)[use]
    noise = (np.where(seen, hidden - target[:, None], 0.0) ** 2).sum(axis=1) / known / scale**2
    x, y = np.clip(members[:, use] / scale, -20, 20).T, np.clip(target / scale, -20, 20)
    trust = _trust(columns, _MOST)
    found = (typical_weights(x, y, noise), simplex_weights(x, y))
    return trust * found[0] + (1 - trust) * equal, trust * found[1] + (1 - trust) * equal


def _trust(columns: Columns, most: float) -> float:
    """What the block's own evidence counts against what was shipped."""
    count = len(np.unique(columns.series[columns.slot > 0]))
    return most * count / (count + PRIOR_SERIES)


def _step_quantiles(layout: Layout, means: FloatArray, unit: FloatArray, taus: FloatArray) -> FloatArray:
    """(C, Q) quantiles of one period, the same for every step: negative binomials and own history, averaged."""
    columns = layout.columns
    raw, valid = columns.y * columns.scale[None], columns.valid()
    parts = [
        negative_binomial_quantiles(mean / unit, dispersion(columns, unit, mean / unit), taus) * unit[:, None]
        for mean in means
    ]
    parts += empirical_quantiles(raw, valid, taus, _RECENT, _LONG)
    stacked = np.stack(parts)
    use, hidden = _hidden(layout)
    scale = _series_scale(columns)[use][:, None]
    shares = mixing_shares(stacked[:, use] / scale, hidden / scale, taus, _PRIOR_SHARES, _trust(columns, 1.0))
    mixed = (shares[:, None, :] * stacked).sum(axis=0)
    drawn: FloatArray = mixed * _drawn_in(mixed[use], hidden, taus)[None]
    return drawn


def _drawn_in(mixed: FloatArray, hidden: FloatArray, taus: FloatArray) -> FloatArray:
    """(Q,) 1, or a little less for the upper ends of 95 % intervals that cover too much, learnt on the backtests.

    Nothing can be missed below a lower end at zero, and an upper end that is often reached exactly counts as kept:
    both make intervals of counts cover more than they say. Ending just below costs nothing and leaves out the ties.
    """
    seen = np.isfinite(hidden)
    out = np.ones(len(taus))
    came = np.where(seen, hidden, 0.0)
    known = max(int(seen.sum()), 1)
    for q in np.flatnonzero((taus > _ENDS[0]) & (taus < _ENDS[1])):
        low = mixed[:, np.argmin(np.abs(taus - (1 - taus[q]))), None]
        covered = [
            (seen & (came >= low) & (came <= mixed[:, q, None] * factor)).sum() / known for factor in (1.0, _JUST_BELOW)
        ]
        too_much = (covered[0] + covered[1]) / 2 > 2 * taus[q] - 1 + _ALLOWED
        out[q] = _JUST_BELOW if too_much else 1.0
    return out
