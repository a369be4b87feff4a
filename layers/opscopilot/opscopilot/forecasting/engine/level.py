"""The level of a noisy series, smoothed as slowly as the horizon asks for.

One-step errors favour fast smoothing, but what a planner needs is the mean of the next weeks. Here every speed
is judged by how well its level foretold the mean of the periods that followed.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.types import FloatArray

ALPHA = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0])
WARM_UP = 3
"""Points a level has seen before it is judged."""
_EVIDENCE = 40.0
SLOW = 3.0
"""Prior against fast smoothing, in log-likelihood per unit of alpha."""


def horizon_level(columns: Columns, y: FloatArray, horizon: int, chunk: int = 64) -> FloatArray:
    """(C,) likelihood-weighted level of `y` (T, C), laid out as `columns`."""
    out = np.empty(columns.count)
    for low in range(0, columns.count, chunk):
        part = slice(low, min(columns.count, low + chunk))
        out[part] = _chunk_level(columns, y[:, part], part, horizon)
    return out


def _chunk_level(columns: Columns, y: FloatArray, part: slice, horizon: int) -> FloatArray:
    start, n = columns.start[part], columns.n[part]
    rows, count = y.shape
    levels = _levels(y, start)
    # Judged on the mean of the next q periods, q no longer than a third of the shortest history allows.
    squares, judged = np.zeros((len(ALPHA), count)), np.zeros(count)
    total = np.vstack([np.zeros((1, count)), np.cumsum(y, axis=0)])
    window = max(1, min(horizon, rows // 3))
    for q in {window, max(1, window // 2)}:
        coming = (total[q + 1 :] - total[1:-q]) / q
        seen = np.arange(rows - q)[:, None] >= (start + WARM_UP - 1)[None, :]
        error = np.where(seen[:, None, :], levels[: rows - q] - coming[:, None, :], 0.0)
        squares += (error**2).sum(axis=0)
        judged += seen.sum(axis=0)
    evidence = np.minimum(n, _EVIDENCE) / np.sqrt(window)

    score = -0.5 * evidence * np.log(squares / np.maximum(judged, 1) + 1e-12) - SLOW * ALPHA[:, None]
    score = np.where(judged > 0, score, -np.abs(ALPHA - 0.2)[:, None])
    weight = np.exp(score - score.max(axis=0))
    result: FloatArray = (weight * levels[-1]).sum(axis=0) / weight.sum(axis=0)
    return result


def _levels(y: FloatArray, start: np.typing.NDArray[np.int64]) -> FloatArray:
    """(T, K, C) level of every speed after every row, a plain mean while young."""
    rows, count = y.shape
    level = np.zeros((len(ALPHA), count))
    age = np.zeros(count)
    out = np.empty((rows, len(ALPHA), count))
    active = np.searchsorted(start, np.arange(rows), side="right")
    for t in range(rows):
        on = slice(0, int(active[t]))
        age[on] += 1
        # Until a slow level has seen 1/alpha points it is their plain mean, not a memory of the first few.
        level[:, on] += np.maximum(ALPHA[:, None], 1 / age[on]) * (y[t, on] - level[:, on])
        out[t] = level
    return out
