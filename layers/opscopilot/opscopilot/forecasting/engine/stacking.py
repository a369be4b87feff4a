"""Combination weights learnt from the rolling origins: stacking (Wolpert 1992; Breiman 1996), pooled over series.

Members and simple forecasts together are combined with weights >= 0 that sum to one and minimise the squared
backtest error of the block, separately for near and far steps. The weights are shrunk to shipped ones,
more so the fewer series there are, and tilted per series towards what has worked for that series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray

TRUST = 0.8
"""Most weight the block's own evidence has against the prior."""
PRIOR_SERIES = 15.0
"""Series whose evidence weighs as much as the prior."""
OWN_POWER = 2.0
"""Exponent turning a series' own relative losses into a tilt of its weights."""
_RIDGE = 0.1
_CLIP = 8.0
_OWN_POINTS = 6.0


@dataclass(frozen=True, slots=True)
class Stack:
    """`path` (K+1, N, h) combined forecasts per slot; `weights` (B,) mean pooled weight of each input."""

    path: FloatArray
    weights: FloatArray


def stack(paths: FloatArray, prior: FloatArray, actual: FloatArray, scale: FloatArray) -> Stack:
    """Combine (B, K+1, N, h) forecasts judged on (K, N, h) actuals; `prior` (B,) weights that sum to one.

    `scale` (N,) analytic error scale of each series. The tilt of origin k's path leaves origin k out.
    """
    seen = np.isfinite(actual)
    if not seen.any():
        return Stack(np.tensordot(prior, paths, axes=1), prior)
    error = np.where(seen, paths[:, 1:] - actual, 0.0)
    unit = _unit(np.tensordot(prior, error, axes=1), seen, scale)
    error /= unit
    weights = _pooled(np.clip(error, -_CLIP, _CLIP), seen, prior)
    np.abs(error, out=error)
    loss = error.sum(axis=3)
    total = loss.sum(axis=1)
    out = [_combine(weights, _tilt(total), paths[:, 0])]
    out += [_combine(weights, _tilt(total - loss[:, k]), paths[:, k + 1]) for k in range(len(actual))]
    return Stack(np.stack(out), weights.mean(axis=1))


def _unit(error: FloatArray, seen: BoolArray, scale: FloatArray) -> FloatArray:
    """(N, 1) usual size of each series' errors: its own, with a few points of what its analytic scale says."""
    size = np.abs(error)
    count = seen.sum(axis=(0, 2))
    ratio = size.sum() / max(float((count * scale).sum()), 1e-300)
    own = size.sum(axis=(0, 2)) + _OWN_POINTS * ratio * scale
    result: FloatArray = np.maximum(own / (count + _OWN_POINTS), 1e-300)[:, None]
    return result


def _pooled(error: FloatArray, seen: BoolArray, prior: FloatArray) -> FloatArray:
    """(B, h) weights: those of the near half of the horizon turning into those of the far half."""
    horizon = error.shape[3]
    series = float(seen.any(axis=(0, 2)).sum())
    trust = TRUST * series / (series + PRIOR_SERIES)
    half = horizon // 2
    near = _solve(error[..., : horizon - half], seen[..., : horizon - half])
    far = _solve(error[..., half:], seen[..., half:]) if seen[..., half:].any() else near
    share = np.clip((np.arange(horizon) + 0.5) / horizon * 2 - 0.5, 0.0, 1.0)
    found = near[:, None] * (1 - share) + far[:, None] * share
    result: FloatArray = trust * found + (1 - trust) * prior[:, None]
    return result


def _solve(error: FloatArray, seen: BoolArray) -> FloatArray:
    """(B,) weights on the simplex with the least squared error of the mix."""
    flat = error.reshape(len(error), -1)
    gram = flat @ flat.T / max(int(seen.sum()), 1)
    gram += (_RIDGE * gram.diagonal().min() + 1e-12) * np.eye(len(gram))
    on = np.arange(len(gram))
    while True:
        # Without the sign the optimum is closed form; inputs that would be held short leave one by one.
        found = np.linalg.solve(gram[np.ix_(on, on)], np.ones(len(on)))
        if (found >= 0).all():
            break
        on = np.delete(on, int(np.argmin(found)))
    weights = np.zeros(len(gram))
    weights[on] = found / found.sum()
    return weights


def _tilt(loss: FloatArray) -> FloatArray:
    """(B, N) factor per series from its total losses (B, N); 1 where nothing was lost or seen."""
    mean = loss.mean(axis=0)
    relative = np.where(mean > 0, loss / np.where(mean > 0, mean, 1.0), 1.0)
    result: FloatArray = np.maximum(relative, 1e-3) ** -OWN_POWER
    return result


def _combine(weights: FloatArray, tilt: FloatArray, paths: FloatArray) -> FloatArray:
    """(N, h) weighted mean of (B, N, h) with pooled weights (B, h) tilted per series (B, N)."""
    each = weights[:, None, :] * tilt[:, :, None]
    result: FloatArray = (each * paths).sum(axis=0) / each.sum(axis=0)
    return result
