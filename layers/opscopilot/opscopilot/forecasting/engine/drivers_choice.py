"""How much each series trusts its drivers: decided on the rolling origins, together with the rest of the batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray

SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
"""Share of the forecast with drivers in the blend with the plain one."""
_POOL = 8.0
"""Relative loss of the batch counts as much as this many origins of the series itself."""
_SURE = 1.0
"""Standard errors by which drivers must have helped the batch before anybody uses them."""


@dataclass(frozen=True, slots=True)
class Blend:
    """`share` (n,) of the drivers in each series' forecast, the blended paths `final` and, in regular conditions,
    `regular` (K+1, n, h); slot k was decided without origin k."""

    share: FloatArray
    final: FloatArray
    regular: FloatArray


def blend(plain: FloatArray, clean: FloatArray, effect: FloatArray, actual: FloatArray) -> Blend | None:
    """Plain and driver paths (K+1, n, h) mixed in the share that erred least. None where drivers do not help.

    `clean` is the forecast of regular conditions, `effect` the factor promotions put on it.
    """
    seen = np.isfinite(actual)
    path = clean * effect
    loss = np.stack([_losses((1 - s) * plain + s * path, actual, seen) for s in SHARES])
    if not _helps(loss[0] - loss[-1], seen) and not _helps(loss[0] - loss[2], seen):
        return None
    share = SHARES[_pick(loss.sum(axis=1), seen)]
    if not share.any():
        return None
    slots = [share] + [SHARES[_pick(loss.sum(axis=1) - loss[:, k], seen)] for k in range(len(actual))]
    weight = np.stack(slots)[:, :, None]
    final = (1 - weight) * plain + weight * path
    regular = (1 - weight) * plain + weight * clean
    return Blend(share, final, regular)


def _losses(path: FloatArray, actual: FloatArray, seen: BoolArray) -> FloatArray:
    """(K, n) absolute error per origin, relative to the size of the series."""
    shown = np.where(seen, actual, 0.0)
    scale = shown.sum(axis=(0, 2)) / np.maximum(seen.sum(axis=(0, 2)), 1)
    error = np.abs(np.where(seen, path[1:] - actual, 0.0)).sum(axis=2)
    relative: FloatArray = error / np.where(scale > 0, scale, 1.0)[None]
    return relative


def _helps(gain: FloatArray, seen: BoolArray) -> bool:
    """Whether the mean gain over series is above zero by more than luck."""
    tested = seen.any(axis=(0, 2))
    own = gain.sum(axis=0)[tested]
    if not len(own):
        return False
    error = own.std() / np.sqrt(len(own)) if len(own) > 1 else 0.0
    return bool(own.mean() > _SURE * error and own.mean() > 0)


def _pick(loss: FloatArray, seen: BoolArray) -> np.typing.NDArray[np.int64]:
    """(n,) position in SHARES from (S, n) losses: a series' own and the batch's relative losses together."""
    origins = seen.any(axis=2).sum(axis=0)
    relative = loss / np.maximum(loss[0], 1e-12)
    pooled = loss.sum(axis=1) / max(float(loss[0].sum()), 1e-12)
    trust = _POOL / (_POOL + origins)
    both = (1 - trust) * np.minimum(relative, 3.0) + trust * pooled[:, None]
    found = np.argmin(both, axis=0)
    return np.where(origins > 0, found, 0).astype(np.int64)
