"""How much each series trusts its drivers: decided on the rolling origins, together with the rest of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
"""Share of the forecast with drivers in the blend with the plain one."""
LEVELS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
"""Share of the log level in the baseline of the forecast with drivers; the rest is the engine's."""
_BIAS = 0.05
"""Medians sum up to less than what will be asked for; no batch may fall short (or go over) by more than this."""
_POOL = 8.0
"""Relative loss of the batch counts as much as this many origins of the series itself."""
_CLEARLY = 0.0005
_SURE = 1.0
"""Standard errors by which drivers must have helped the batch before anybody uses them."""


@dataclass(frozen=True, slots=True)
class Blend:
    """`share` (n,) of the drivers in each series' forecast, the blended paths `final` and, in regular conditions,
    `regular` (K+1, n, h); slot k was decided without origin k. `level` and `gain` hold for the batch."""

    share: FloatArray
    final: FloatArray
    regular: FloatArray
    level: float
    gain: float


def blend(
    plain: FloatArray, engine: FloatArray, level: FloatArray, effect: FloatArray, actual: FloatArray, squared: bool
) -> Blend | None:
    """Plain and driver paths (K+1, n, h) mixed in the shares that erred least. None where drivers do not help.

    `engine` and `level` are two forecasts of regular conditions, `effect` what drivers add to their logarithm.
    `squared`: intermittent demand, where the absolute error would reward a forecast of zero.
    """
    seen = np.isfinite(actual)
    scale = _scale(actual, seen)
    factor = np.exp(effect)
    mix, gain = _common(engine, level, factor, actual, scale, squared)
    clean = gain * _mixed(engine, level, mix)
    path = clean * factor
    loss = np.stack([_losses((1 - s) * plain + s * path, actual, scale, squared) for s in SHARES])
    if not any(_helps(loss[0] - loss[s], seen) for s in (2, len(SHARES) - 1)):
        return None
    share = SHARES[_pick(loss.sum(axis=1), seen)]
    if not share.any():
        return None
    slots = [share] + [SHARES[_pick(loss.sum(axis=1) - loss[:, k], seen)] for k in range(len(actual))]
    weight = np.stack(slots)[:, :, None]
    return Blend(share, (1 - weight) * plain + weight * path, (1 - weight) * plain + weight * clean, mix, gain)


def better(
    engine: FloatArray, level: FloatArray, effects: Sequence[FloatArray], actual: FloatArray, squared: bool
) -> FloatArray:
    """Of several log effects (K+1, n, h) the one with the lowest loss over the batch; the first unless beaten clearly."""
    scale = _scale(actual, np.isfinite(actual))
    middle = _mixed(engine, level, 0.5)
    losses = [float(_losses(middle * np.exp(one), actual, scale, squared).sum()) for one in effects]
    best = int(np.argmin(losses))
    return effects[best if losses[best] < losses[0] * (1 - _CLEARLY) else 0]


def _mixed(engine: FloatArray, level: FloatArray, mix: float) -> FloatArray:
    """Geometric mean: both are factors on the same effects."""
    if mix == 0:
        return engine
    if mix == 1:
        return level
    result: FloatArray = np.exp((1 - mix) * np.log(np.maximum(engine, 1e-30)) + mix * np.log(np.maximum(level, 1e-30)))
    return result


def _common(
    engine: FloatArray, level: FloatArray, factor: FloatArray, actual: FloatArray, scale: FloatArray, squared: bool
) -> tuple[float, float]:
    """Share of the log level with the lowest loss over the whole batch, and the gain that keeps its bias small."""
    seen = np.isfinite(actual)
    came = float(np.where(seen, actual / scale[None, :, None], 0.0).sum())
    best, found = np.inf, (0.0, 1.0)
    for mix in LEVELS:
        path = _mixed(engine, level, float(mix)) * factor
        said = float(np.where(seen, path[1:] / scale[None, :, None], 0.0).sum())
        gain = float(np.clip(1.0, (1 - _BIAS) * came / said, (1 + _BIAS) * came / said)) if said > 0 else 1.0
        loss = float(_losses(gain * path, actual, scale, squared).sum())
        if loss < best * (1 - 1e-3):
            best, found = loss, (float(mix), gain)
    return found


def _scale(actual: FloatArray, seen: BoolArray) -> FloatArray:
    """(n,) mean of what came."""
    scale = np.where(seen, actual, 0.0).sum(axis=(0, 2)) / np.maximum(seen.sum(axis=(0, 2)), 1)
    return np.where(scale > 0, scale, 1.0)


def _losses(path: FloatArray, actual: FloatArray, scale: FloatArray, squared: bool) -> FloatArray:
    """(K, n) error per origin, relative to the size of the series."""
    error = np.abs(np.where(np.isfinite(actual), path[1:] - actual, 0.0)) / scale[None, :, None]
    total: FloatArray = (np.minimum(error, 1e6) ** (2 if squared else 1)).sum(axis=2)
    return total


def _helps(gain: FloatArray, seen: BoolArray) -> bool:
    """Whether the mean gain over series is above zero by more than luck."""
    tested = seen.any(axis=(0, 2))
    own = gain.sum(axis=0)[tested]
    if not len(own):
        return False
    error = own.std() / np.sqrt(len(own)) if len(own) > 1 else 0.0
    return bool(own.mean() > _SURE * error and own.mean() > 0)


def _pick(loss: FloatArray, seen: BoolArray) -> IntArray:
    """(n,) position in SHARES from (S, n) losses: a series' own and the batch's relative losses together."""
    origins = seen.any(axis=2).sum(axis=0)
    relative = loss / np.maximum(loss[0], 1e-12)
    pooled = loss.sum(axis=1) / max(float(loss[0].sum()), 1e-12)
    trust = _POOL / (_POOL + origins)
    both = (1 - trust) * np.minimum(relative, 3.0) + trust * pooled[:, None]
    found: IntArray = np.where(origins > 0, np.argmin(both, axis=0), 0).astype(np.int64)
    return found
