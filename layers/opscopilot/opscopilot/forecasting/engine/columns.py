"""Packing: ragged histories, one column per (series, origin), ready to be swept over time together.

Columns are right-aligned and sorted by length, longest first, so that at every time step the columns that
have begun are a prefix: a sweep over time needs no mask. Each column is scaled to mean absolute value 1, so
that nothing in the engine depends on the unit of the series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import LONG_SEASON, BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Columns:
    """`y` (T, C) scaled, 0 before a column starts; `n` lengths; `start` first row (ascending).

    `series` and `slot` say which series and which origin a column is: slot 0 is the forecast itself, slot k
    the k-th backtest origin.
    """

    y: FloatArray
    n: IntArray
    start: IntArray
    scale: FloatArray
    series: IntArray
    slot: IntArray

    @property
    def rows(self) -> int:
        return int(self.y.shape[0])

    @property
    def count(self) -> int:
        return int(self.y.shape[1])

    def valid(self) -> BoolArray:
        """(T, C) True where the column has begun."""
        return np.arange(self.rows)[:, None] >= self.start[None, :]

    def active(self) -> IntArray:
        """Columns that have begun at each row."""
        return np.searchsorted(self.start, np.arange(self.rows), side="right").astype(np.int64)

    def take(self, index: IntArray) -> Columns:
        """Some of the columns, in ascending index order so that they stay sorted by length."""
        return Columns(
            self.y[:, index], self.n[index], self.start[index], self.scale[index], self.series[index], self.slot[index]
        )


def pack(histories: Sequence[FloatArray], series: Sequence[int], slots: Sequence[int], keep: int) -> Columns:
    """Columns of the last `keep` points of each history (each at least one finite point long)."""
    cut = [h[-keep:] for h in histories]
    n = np.array([len(h) for h in cut], dtype=np.int64)
    order = np.argsort(-n, kind="stable")
    rows = int(n.max())
    y = np.zeros((rows, len(cut)))
    for j, i in enumerate(order):
        y[rows - n[i] :, j] = cut[i]
    length = n[order]
    scale = np.abs(y).sum(axis=0) / length
    scale = np.where(scale > 0, scale, 1.0)
    return Columns(
        y / scale,
        length,
        rows - length,
        scale,
        np.asarray(series, dtype=np.int64)[order],
        np.asarray(slots, dtype=np.int64)[order],
    )


def backtest_cuts(n: int, horizon: int, season: int, origins: int, min_points: int) -> list[int]:
    """How many points to hide at each rolling origin, largest window first; [] when there is no room.

    Normally h, h + h/2, h + h, ... so that every origin scores a whole horizon. Shorter series hide less, and
    are scored on the part of the horizon that exists. A seasonal history keeps the seasons its model needs
    when it can, so that the backtest tests the model that will be used.
    """
    seasonal_need = (2 if season >= LONG_SEASON else 3) * season + 2
    room = n - max(min_points, n // 2)
    if season > 1 and n >= seasonal_need + max(3, horizon // 3):
        room = n - seasonal_need
    if room < 1:
        return []
    year = -(-(season - horizon) // max(1, origins - 1))
    step = max(1, horizon // 2, min(horizon, year, (room - horizon) // max(1, origins - 1)))
    cuts = [horizon + k * step for k in range(origins) if horizon + k * step <= room]
    if len(cuts) < min(2, origins):
        low = max(1, min(room, horizon) // 2)
        cuts = sorted({round(c) for c in np.linspace(low, min(room, horizon + step), origins)})
    return cuts


def scatter(columns: Columns, values: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """(C, h) per column -> (slots, series, h), NaN where a series has no such origin."""
    out = np.full((*shape, values.shape[1]), np.nan)
    out[columns.slot, columns.series] = values
    return out
