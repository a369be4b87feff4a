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
class Paths:
    """(K+1, n, h) each, slot 0 the forecast: `final` what is used, `regular` the same without promotions' effect.

    `spread` is the scale of its error, `noise` (n, h) the variance of its logarithm, `hidden` how many of the last
    periods the origins hid at most, `base` the engine's forecast of the cleaned series, `blend` what was chosen.
    """

    final: FloatArray
    regular: FloatArray
    spread: FloatArray
    noise: FloatArray
    hidden: int
    actual: FloatArray
    base: BatchForecast
    blend: Blend
    season: int
    levels: tuple[float, ...]


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


def driver_paths(
    plain: BatchForecast,
    use: IntArray,
    histories: Sequence[FloatArray],
    demand: FloatArray,
    known: BoolArray,
    features: Features,
    labels: Sequence[IntArray],
    levels: Sequence[float],
    settings: EngineSettings,
    squared: bool,
) -> Paths | None:
    """Effects, cleaned baseline, effects put back, choice. None when drivers help nobody."""
    assert plain.backtest is not None
    rows, horizon, season = demand.shape[1], plain.horizon, plain.season
    log, lift = _log(demand, known)
    data = partial(log, features.x[:, :rows], known, season)
    found = estimate(data, features.prior, labels)
    if not worth_it(data, found):
        return None
    total = np.clip(_effect(features.x, found.beta), -_LARGEST_EFFECT, _LARGEST_EFFECT)
    cleaned = [_cleaned(y, effect) for y, effect in zip(histories, total[:, :rows], strict=True)]
    base = forecast_batch(cleaned, horizon, season, levels=levels, settings=settings)
    assert base.backtest is not None
    cuts = plain.backtest.cuts[:, use]
    effects = [found] + [estimate(data.before(cut), features.prior, labels, found) for cut in cuts]
    hidden = np.concatenate([np.zeros_like(cuts[:1]), cuts])
    ahead = np.stack([_ahead(features.x, rows, cut, horizon) for cut in hidden])
    logs = np.stack(
        [
            np.clip(_effect(x, one.beta), -_LARGEST_EFFECT, _LARGEST_EFFECT)
            for x, one in zip(ahead, effects, strict=True)
        ]
    )
    clean_path = np.concatenate([base.mean[None], base.backtest.path])
    plain_path = np.concatenate([plain.mean[use][None], plain.backtest.path[:, use]])
    actual = plain.backtest.actual[:, use]
    rest = np.where(known, log - total[:, :rows], 0.0)
    level = np.maximum(
        np.exp(level_paths(rest, known, found.noise, hidden, horizon, season)) - lift[None, :, None], 0.0
    )
    extra = leftovers(data, features, found, ahead, min(int(cuts.max()), rows))
    logs = better(clean_path, level, [logs, logs + 0.5 * extra, logs + extra], actual, squared)
    chosen = blend(plain_path, clean_path, level, logs, actual, squared)
    if chosen is None:
        return None
    unsure = np.stack([np.einsum("nhk,nkl,nhl->nh", x, one.cov, x) for x, one in zip(ahead, effects, strict=True)])
    unsure = np.clip(unsure, 0, 1)
    spread = _spread(base, chosen.final, unsure)
    noise = found.noise[:, None] + unsure[0]
    return Paths(
        chosen.final, chosen.regular, spread, noise, int(cuts.max()), actual, base, chosen, season, tuple(levels)
    )


def _log(demand: FloatArray, known: BoolArray) -> tuple[FloatArray, FloatArray]:
    """(n, R) logarithm of demand and (n,) by how much a series with zeros was lifted: a share of its mean."""
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, demand, 0.0).sum(axis=1) / count
    zeros = (known & (demand <= 0)).any(axis=1)
    lift = np.where(zeros, _ZERO_SHIFT * mean, 0.0)
    return np.where(known, np.log(np.maximum(demand + lift[:, None], 1e-30)), 0.0), lift


def _effect(x: FloatArray, beta: FloatArray) -> FloatArray:
    effect: FloatArray = np.einsum("ntk,nk->nt", x, beta)
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
