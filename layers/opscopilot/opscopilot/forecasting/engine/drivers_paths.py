"""Paths of the forecast and of every rolling origin once effects are put back, and which series use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.batch import forecast_batch
from opscopilot.forecasting.engine.drivers_choice import Blend, better, blend
from opscopilot.forecasting.engine.drivers_effects import estimate, partial, worth_it
from opscopilot.forecasting.engine.drivers_features import Features
from opscopilot.forecasting.engine.drivers_kernel import leftovers
from opscopilot.forecasting.engine.drivers_levels import level_paths
from opscopilot.forecasting.engine.types import BatchForecast, BoolArray, EngineSettings, FloatArray, IntArray

_LARGEST_EFFECT = 3.0
"""Effects beyond twenty times or a twentieth of regular demand are not believed."""
_ZERO_SHIFT = 0.5
"""Share of its mean added to a series that has zeros, so that its logarithm exists."""


@dataclass(frozen=True, slots=True)
class Driven:
    """Series with drivers, all regular or all intermittent: positions `use` in the batch, cleaned `histories`, the
    last rows of them as `demand` (n, R) where `known`, and their features and labels. `squared`: the loss."""

    use: IntArray
    histories: Sequence[FloatArray]
    demand: FloatArray
    known: BoolArray
    features: Features
    labels: Sequence[IntArray]
    squared: bool


@dataclass(frozen=True, slots=True)
class Paths:
    """(K+1, n, h) each, slot 0 the forecast: the `blend` that was chosen and `spread`, the scale of its error.

    `noise` (n, h) is the variance of the forecast's logarithm, `hidden` how many of the last periods the origins hid at
    most, `actual` (K, n, h) what came, `base` the engine's forecast of the cleaned series.
    """

    blend: Blend
    spread: FloatArray
    noise: FloatArray
    hidden: int
    actual: FloatArray
    base: BatchForecast


def right_aligned(
    histories: Sequence[FloatArray], raw: Sequence[FloatArray], rows: int
) -> tuple[FloatArray, BoolArray]:
    """(n, rows) demand, the last period last, and where it was really observed."""
    demand, known = np.zeros((len(histories), rows)), np.zeros((len(histories), rows), dtype=bool)
    for i, (clean, given) in enumerate(zip(histories, raw, strict=True)):
        part = clean[-rows:]
        demand[i, rows - len(part) :] = part
        known[i, rows - len(part) :] = np.isfinite(np.asarray(given, dtype=np.float64)[-len(part) :])
    return demand, known


def driver_paths(plain: BatchForecast, of: Driven, settings: EngineSettings) -> Paths | None:
    """Effects, cleaned baseline, effects put back, choice. None when drivers help nobody."""
    assert plain.backtest is not None
    rows = of.demand.shape[1]
    log, lift = _log(of.demand, of.known)
    data = partial(log, of.features.x[:, :rows], of.known, plain.season)
    found = estimate(data, of.features.prior, of.labels)
    if not worth_it(data, found):
        return None
    total = _effect(of.features.x[:, :rows], found.beta)
    cleaned = [_cleaned(y, effect) for y, effect in zip(of.histories, total, strict=True)]
    base = forecast_batch(cleaned, plain.horizon, plain.season, levels=plain.levels, settings=settings)
    assert base.backtest is not None
    cuts = plain.backtest.cuts[:, of.use]
    # An origin counts only where both forecasts were tested on the same periods.
    same = (base.backtest.cuts == cuts)[:, :, None]
    actual = np.where(same, plain.backtest.actual[:, of.use], np.nan)
    hidden = np.concatenate([np.zeros_like(cuts[:1]), cuts])
    effects = [found] + [estimate(data.before(cut), of.features.prior, of.labels, found) for cut in cuts]
    ahead = np.stack([_ahead(of.features.x, rows, cut, plain.horizon) for cut in hidden])
    level = level_paths(
        np.where(of.known, log - total, 0.0), of.known, found.noise, hidden, plain.horizon, plain.season
    )
    level = np.maximum(np.exp(level) - lift[None, :, None], 0.0)
    engine = np.concatenate([base.mean[None], np.where(same, base.backtest.path, 1.0)])
    logs = np.stack([_effect(x, one.beta) for x, one in zip(ahead, effects, strict=True)])
    extra = leftovers(data, of.features, found, ahead, min(int(cuts.max()), rows))
    logs = better(engine, level, [logs, logs + 0.5 * extra, logs + extra], actual, of.squared)
    before = np.concatenate([plain.mean[of.use][None], plain.backtest.path[:, of.use]])
    chosen = blend(before, engine, level, logs, actual, of.squared)
    if chosen is None:
        return None
    unsure = np.clip([np.einsum("nhk,nkl,nhl->nh", x, one.cov, x) for x, one in zip(ahead, effects, strict=True)], 0, 1)
    noise = found.noise[:, None] + unsure[0]
    return Paths(chosen, _spread(base, chosen.final, unsure), noise, int(cuts.max()), actual, base)


def _log(demand: FloatArray, known: BoolArray) -> tuple[FloatArray, FloatArray]:
    """(n, R) logarithm of demand and (n,) by how much a series with zeros was lifted: a share of its mean."""
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, demand, 0.0).sum(axis=1) / count
    zeros = (known & (demand <= 0)).any(axis=1)
    lift = np.where(zeros, _ZERO_SHIFT * mean, 0.0)
    return np.where(known, np.log(np.maximum(demand + lift[:, None], 1e-30)), 0.0), lift


def _effect(x: FloatArray, beta: FloatArray) -> FloatArray:
    """(n, t) effect on the logarithm, as far as it is believed."""
    effect: FloatArray = np.clip(np.einsum("ntk,nk->nt", x, beta), -_LARGEST_EFFECT, _LARGEST_EFFECT)
    return effect


def _cleaned(values: FloatArray, effect: FloatArray) -> FloatArray:
    """A history as it would have been in regular conditions; what is older than the drivers stays."""
    out = values.copy()
    reach = min(len(values), len(effect))
    out[len(out) - reach :] *= np.exp(-effect[len(effect) - reach :])
    return out


def _ahead(x: FloatArray, rows: int, cuts: IntArray, horizon: int) -> FloatArray:
    """(n, h, K) features of the periods that follow each series' origin."""
    at = np.minimum(rows - cuts[:, None] + np.arange(horizon)[None, :], x.shape[1] - 1)
    taken: FloatArray = x[np.arange(len(x))[:, None], at]
    return taken


def _spread(base: BatchForecast, final: FloatArray, unsure: FloatArray) -> FloatArray:
    """(K+1, n, h) error scale: the engine's relative width of the baseline, and what is not known of the effects."""
    width = (base.quantile(0.9) - base.quantile(0.1)) / 2.56
    relative = np.clip(width / np.maximum(base.mean, 1e-12), 0.02, 20)
    scale = np.sqrt(relative[None] ** 2 + unsure)
    floor = 0.02 * base.mean.mean(axis=1)[None, :, None]
    result: FloatArray = np.maximum(final * scale, floor) + 1e-9
    return result
