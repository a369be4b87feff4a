"""Between regular and intermittent: demand that is sometimes zero is tried both ways.

The textbook parts the two at one zero in four periods. That border is too high for retail weeks and spare parts,
whose distribution of counts serves down to the first zero, and too low for what is seasonal or has a trend, which a
distribution around one level cannot follow. So the rolling origins decide, series by series, with the block's help.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.layout import Part
from opscopilot.forecasting.engine.pool import PRIOR_SERIES
from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

_POOL = 12.0
"""The block's evidence counts as much as this many origins of the series itself."""
_AT_LEAST = 0.01
"""Relative gain below which a series stays regular."""


def to_be_tried(histories: Sequence[FloatArray]) -> IntArray:
    """Positions of the histories that may be better forecast as counts."""
    return np.array([i for i, y in enumerate(histories) if (y == 0).any()], dtype=np.int64)


def counts_win(counts: Part, regular: Part, at: IntArray, taus: FloatArray) -> BoolArray:
    """(n,) which of the series at the positions `at` of `regular`, series 0..n-1 of `counts`, are better counted.

    By the pinball loss of what either engine would have said at the same origins, over all its quantiles.
    """
    actual = regular.layout.actual[:, at]
    comparable = np.isfinite(actual) & np.isfinite(counts.layout.actual)
    ours = _loss(counts.back_quantiles, actual, comparable, taus)
    theirs = _loss(regular.back_quantiles[:, at], actual, comparable, taus)
    tested = comparable.any(axis=(0, 2)) & (ours > 0) & (theirs > 0)
    if not tested.any():
        return tested
    gain = np.log(np.where(tested, theirs, 1.0) / np.where(tested, ours, 1.0))
    count = float(tested.sum())
    block = float(np.clip(gain[tested], -1.0, 1.0).mean()) * count / (count + PRIOR_SERIES)
    origins = comparable.any(axis=2).sum(axis=0)
    won: BoolArray = tested & ((origins * gain + _POOL * block) / (origins + _POOL) > _AT_LEAST)
    return won


def _loss(quantiles: FloatArray, actual: FloatArray, known: BoolArray, taus: FloatArray) -> FloatArray:
    """(n,) total pinball loss of backtest quantiles (K, n, h, Q)."""
    error = np.where(known, actual, 0.0)[..., None] - np.maximum(quantiles, 0.0)
    loss = np.maximum(taus * error, (taus - 1) * error).sum(axis=3)
    result: FloatArray = np.where(known, loss, 0.0).sum(axis=(0, 2))
    return result
