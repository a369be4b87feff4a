"""Temporal aggregation: smooth the series of k-period means, read the path back at single periods.

Averages over k periods show level and trend through the noise (in the manner of MAPA, Kourentzes et al. 2014).
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.smoothing import damping, smooth
from opscopilot.forecasting.engine.types import FloatArray

_BLOCKS = {1: (2, 3), 4: (2, 4), 7: (2, 3, 7), 12: (2, 3, 4, 6, 12)}
_LONG = (2, 3, 6, 12)
_MIN_BLOCKS = 6


def aggregated_path(
    columns: Columns, y: FloatArray, horizon: int, season: int, otherwise: FloatArray, chunk: int = 256
) -> FloatArray:
    """(h, C) mean over block sizes; `otherwise` where a history has fewer than six blocks."""
    total, count = np.zeros((horizon, columns.count)), np.zeros(columns.count)
    for k in _BLOCKS.get(season, _LONG):
        index = np.flatnonzero(columns.n // k >= _MIN_BLOCKS)
        if len(index):
            total[:, index] += _block_path(columns, y, horizon, k, index, chunk)
            count[index] += 1
    return np.where(count > 0, total / np.maximum(count, 1), otherwise)


def _block_path(
    columns: Columns, y: FloatArray, horizon: int, k: int, index: np.typing.NDArray[np.int64], chunk: int
) -> FloatArray:
    rows = columns.rows // k
    blocks = y[columns.rows - rows * k :, index].reshape(rows, k, len(index)).mean(axis=1)
    n = columns.n[index] // k
    packed = Columns(blocks, n, rows - n, np.ones(len(index)), index, index)
    fitted = smooth(packed, blocks, chunk)
    far = -(-horizon // k) + 1
    base = fitted.flat()
    centre = base[None] + damping(far) @ (fitted.weight * fitted.slope)
    # Block 0 is centred (k - 1) / 2 periods before the end, block j (j - 1/2) k + 1/2 after it.
    at = np.concatenate([[-(k - 1) / 2], np.arange(far) * k + (k + 1) / 2])
    path = np.vstack([base[None], centre])
    step = np.arange(1, horizon + 1)
    j = np.clip(np.searchsorted(at, step) - 1, 0, len(at) - 2)
    share = ((step - at[j]) / (at[j + 1] - at[j]))[:, None]
    result: FloatArray = path[j] * (1 - share) + path[j + 1] * share
    return result
