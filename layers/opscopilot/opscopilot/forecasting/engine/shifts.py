"""Level shifts: where a history jumped once and for good, what came before is another regime.

A launch that ramps up, a lost customer, a doubled distribution, an item that faded out: smoothing learns too
high a speed from the jump and a trend line sees growth that is over. Such columns are read from the shift on.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

KEEP_AT_LEAST = 8
"""Points that must remain after a shift."""
KEEP_FADED = 6
"""The same where demand all but ended."""
FADED = 0.05
"""Share of its former mean below which demand has all but ended."""
_AGAINST_LEVEL, _AGAINST_TREND = 0.5, 0.8
"""A shift has to leave at most this share of the squared error of one level, and of a straight line."""


def read_after_shifts(columns: Columns, eligible: BoolArray, *, only_faded: bool = False) -> tuple[Columns, IntArray]:
    """The columns, those with a clear shift shortened to what came after it, and their new order.

    `only_faded`: only where demand all but ended, for intermittent series whose lumps look like shifts.
    """
    start = _faded(columns, eligible) if only_faded else _shifted(columns, eligible)
    order = np.argsort(start, kind="stable")
    cut = columns.take(order)
    first = start[order]
    y = np.where(np.arange(columns.rows)[:, None] >= first[None], cut.y, 0.0)
    return Columns(y, columns.rows - first, first, cut.scale, cut.series, cut.slot), order


def _shifted(columns: Columns, eligible: BoolArray) -> IntArray:
    """(C,) row from which each column should be read: its start, or the row after its one clear shift."""
    at, rest, flat, _ = _best_split(columns, KEEP_AT_LEAST)
    clear = eligible & (rest < _AGAINST_LEVEL * flat) & (rest < _AGAINST_TREND * _line_error(columns))
    return np.where(clear, at, columns.start)


def _faded(columns: Columns, eligible: BoolArray) -> IntArray:
    """The same where the mean after the split is next to nothing of the mean before it."""
    at, rest, flat, share = _best_split(columns, KEEP_FADED)
    clear = eligible & (rest < _AGAINST_LEVEL * flat) & (share <= FADED)
    return np.where(clear, at, columns.start)


def _best_split(columns: Columns, keep: int) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """(C,) first row after the best split, squared errors around two means and around one, mean after / before."""
    y, n = columns.y, columns.n.astype(np.float64)
    total, squares = y.sum(axis=0), (y * y).sum(axis=0)
    flat = squares - total**2 / n
    right = np.cumsum(y[::-1], axis=0)[::-1]
    after = np.arange(columns.rows, 0, -1.0)[:, None]
    before = n[None] - after
    usable = (before >= 3) & (after >= keep)
    left = total[None] - right
    within = squares[None] - right**2 / after - left**2 / np.where(usable, before, 1.0)
    within = np.where(usable, within, np.inf)
    at, column = np.argmin(within, axis=0).astype(np.int64), np.arange(columns.count)
    mean_before = left[at, column] / np.maximum(before[at, column], 1)
    mean_after = right[at, column] / after[at, 0]
    share = mean_after / np.where(mean_before > 0, mean_before, np.inf)
    return at, within[at, column], flat, np.where(mean_before > 0, share, np.inf)


def _line_error(columns: Columns) -> FloatArray:
    """(C,) squared error around a straight line."""
    n = columns.n.astype(np.float64)
    valid = columns.valid()
    x = np.arange(columns.rows)[:, None] - (columns.rows - 1 - (n - 1) / 2)[None]
    x = np.where(valid, x, 0.0)
    mean = columns.y.sum(axis=0) / n
    slope = (x * columns.y).sum(axis=0) / np.maximum((x * x).sum(axis=0), 1e-12)
    result: FloatArray = (np.where(valid, columns.y - mean - slope * x, 0.0) ** 2).sum(axis=0)
    return result
