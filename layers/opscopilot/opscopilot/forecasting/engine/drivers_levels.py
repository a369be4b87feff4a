"""The level of log demand once effects are taken out: how much the near past counts is learnt from the batch.

Medians where the engine's members give means, and one regression for the whole batch where the members smooth each
series by itself: the two err differently, so their mixture errs less.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

_SPEEDS = (1.0, 0.5, 0.2, 0.07)
_WARM_UP = 6
_RIDGE = 0.02
_LONGEST_PHASES = 12
_FAR = 3.0


def level_paths(
    rest: FloatArray, known: BoolArray, noise: FloatArray, cuts: IntArray, horizon: int, season: int
) -> FloatArray:
    """(K+1, n, h) log level ahead of every origin; `rest` (n, R) log demand without effects, `cuts` (K+1, n)."""
    phases = _phases(rest, known, season)
    rows = rest.shape[1]
    index = np.arange(rows + horizon) % max(season, 1) if phases.shape[1] > 1 else np.zeros(rows + horizon, dtype=int)
    plain = rest - phases[:, index[:rows]]
    memory = _memories(plain, known)
    slow = memory[:, :, -2]
    pull = np.delete(memory, -2, axis=2) - slow[:, :, None]
    series = np.arange(len(rest))
    # Weights learnt from constant histories mean nothing when one of them jumps: no level leaves 20 times the range.
    low = np.where(known, plain, np.inf).min(axis=1, initial=0.0, keepdims=True) - _FAR
    high = np.where(known, plain, -np.inf).max(axis=1, initial=0.0, keepdims=True) + _FAR
    out = np.empty((len(cuts), len(rest), horizon))
    for j in range(1, horizon + 1):
        weights = _weights(plain, known, slow, pull, noise, j)
        level = np.clip(slow + pull @ weights, low, high)
        for k, cut in enumerate(cuts):
            at = np.maximum(rows - cut - 1, 0)
            out[k, :, j - 1] = level[series, at] + phases[series, index[np.minimum(at + j, rows + horizon - 1)]]
    return out


def _memories(values: FloatArray, known: BoolArray) -> FloatArray:
    """(n, R, M) running means of every speed, the plain mean last; a young one is the mean of what it has seen."""
    speeds = np.array([*_SPEEDS, 0.0])
    memory = np.zeros((len(values), len(speeds)))
    age = np.zeros(len(values))
    out = np.empty((*values.shape, len(speeds)))
    for t in range(values.shape[1]):
        on = known[:, t]
        age += on
        step = np.maximum(speeds[None], 1 / np.maximum(age, 1)[:, None]) * on[:, None]
        memory += step * (values[:, t, None] - memory)
        out[:, t] = memory
    return out


def _weights(
    values: FloatArray, known: BoolArray, slow: FloatArray, pull: FloatArray, noise: FloatArray, ahead: int
) -> FloatArray:
    """(M - 1,) how far the other memories pull the level `ahead` periods on from the slow one."""
    size = pull.shape[2]
    if values.shape[1] <= ahead + _WARM_UP:
        return np.zeros(size)
    use = known[:, ahead:] & (np.cumsum(known, axis=1)[:, :-ahead] >= _WARM_UP)
    weight = use / noise[:, None]
    x = pull[:, :-ahead].reshape(-1, size)
    y = (values[:, ahead:] - slow[:, :-ahead]).ravel()
    w = weight.ravel()
    gram = (x * w[:, None]).T @ x
    ridge = np.diag(np.full(size, _RIDGE * max(float(np.trace(gram)) / size, 1e-9) + 1e-9))
    found: FloatArray = np.linalg.solve(gram + ridge, (x * w[:, None]).T @ y).astype(np.float64)
    return found


def _phases(rest: FloatArray, known: BoolArray, season: int) -> FloatArray:
    """(n, season) what each phase adds to the log level, (n, 1) zeros where a season is too long or too rarely seen."""
    n, rows = rest.shape
    if not 1 < season <= _LONGEST_PHASES or rows < 3 * season:
        return np.zeros((n, 1))
    weight = known.astype(np.float64)
    total = np.cumsum(np.pad(rest * weight, ((0, 0), (season, 0))), axis=1)
    count = np.cumsum(np.pad(weight, ((0, 0), (season, 0))), axis=1)
    local = (total[:, season:] - total[:, :-season]) / np.maximum(count[:, season:] - count[:, :-season], 1)
    half = season // 2
    local = np.concatenate([local[:, half:], np.repeat(local[:, -1:], half, axis=1)], axis=1)
    away = (rest - local) * weight
    out = np.stack(
        [away[:, p::season].sum(axis=1) / (weight[:, p::season].sum(axis=1) + 2) for p in range(season)], axis=1
    )
    result: FloatArray = out - out.mean(axis=1, keepdims=True)
    return result
