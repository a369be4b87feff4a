"""Seasonal indices: is there a season, and what is its shape now.

Phases are counted back from the end: the last row of a column has phase m - 1 and the first forecast step
phase 0. Where a history holds enough seasons they are ratios to a centred moving average, weighted towards recent
seasons because real ones evolve. Long seasons in shorter histories (three years of weeks) have too few values per
phase for that and use a few harmonics fitted to the whole history.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.types import LONG_SEASON, BoolArray, FloatArray, IntArray

RECENCY = 0.78
"""Weight of a year's ratio relative to the next year's."""
FASTER_RECENCY = {7: 0.93, 24: 0.95, 168: 0.9, 52: 0.85}
"""The same for days of a week, hours of a day and of a week, weeks of a year."""
HARMONICS = 4
ENOUGH_SEASONS = 6
"""Seasons from which a long one is read per phase instead of with harmonics."""
_LONG_SHRINK = 0.7
"""Share of a long season's indices that may be noise for it to be used."""
_FLOOR = 0.02


@dataclass(frozen=True, slots=True)
class Season:
    """`factor` (m, C) multiplies and `offset` (m, C) adds; whichever a column does not use is neutral."""

    length: int
    factor: FloatArray
    offset: FloatArray
    flag: BoolArray

    def take(self, index: IntArray) -> Season:
        """The season of some of the columns."""
        return Season(self.length, self.factor[:, index], self.offset[:, index], self.flag[index])

    def phases(self, rows: int) -> IntArray:
        """Phase of each row."""
        return (np.arange(rows, dtype=np.int64) - rows) % self.length

    def remove(self, y: FloatArray) -> FloatArray:
        """(T, C) history without its season."""
        if self.length == 1 or not self.flag.any():
            return y
        ph = self.phases(y.shape[0])
        return (y - self.offset[ph]) / self.factor[ph]

    def apply(self, forecast: FloatArray) -> FloatArray:
        """(h, C) forecast of the deseasonalised series with the season put back."""
        if self.length == 1 or not self.flag.any():
            return forecast
        ph = np.arange(forecast.shape[0]) % self.length
        return forecast * self.factor[ph] + self.offset[ph]


def neutral(columns: Columns, m: int) -> Season:
    """No season of length `m` in any column."""
    ones, zeros = np.ones((m, columns.count)), np.zeros((m, columns.count))
    return Season(m, ones, zeros, np.zeros(columns.count, dtype=bool))


def estimate(columns: Columns, m: int, enough: int = ENOUGH_SEASONS) -> Season:
    """The season of every column; neutral where the history is too short or shows none.

    A long season is read per phase in columns of at least `enough` of it.
    """
    none = neutral(columns, m)
    if m == 1 or columns.rows <= m:
        return none
    if m < LONG_SEASON:
        return _per_phase(columns, np.flatnonzero(_significant(columns, m)), none)
    many = columns.n >= enough * m
    found = _per_phase(columns, np.flatnonzero(many), none)
    return _harmonic(columns, np.flatnonzero(~many & (columns.n >= 2 * m)), found)


def _per_phase(columns: Columns, index: IntArray, none: Season) -> Season:
    """Ratio indices for the columns in `index`: multiplicative where all values are positive, else additive."""
    if not len(index):
        return none
    m = none.length
    positive = np.where(columns.valid()[:, index], columns.y[:, index], np.inf).min(axis=0) > 0
    for multiplicative, at in ((True, index[positive]), (False, index[~positive])):
        if not len(at):
            continue
        shape, noise = _ratio_indices(columns.take(at), m, multiplicative=multiplicative)
        use = noise < _LONG_SHRINK if m >= LONG_SEASON else np.ones(len(at), dtype=bool)
        (none.factor if multiplicative else none.offset)[:, at[use]] = shape[:, use]
        none.flag[at[use]] = True
    return none


def _significant(columns: Columns, m: int) -> BoolArray:
    """Autocorrelation at the seasonal lag beyond its 90 % limit, with three seasons of history."""
    valid, n = columns.valid(), columns.n
    z = np.where(valid, columns.y - columns.y.sum(axis=0) / n, 0.0)
    energy = (z**2).sum(axis=0) + 1e-12
    ac = np.stack([(z[k:] * z[:-k]).sum(axis=0) / energy for k in range(1, m + 1)])
    limit = 1.645 * np.sqrt((1 + 2 * (ac[: m - 1] ** 2).sum(axis=0)) / n)
    flag: BoolArray = (np.abs(ac[m - 1]) > limit) & (n >= 3 * m)
    return flag


def _moving_average(y: FloatArray, m: int) -> FloatArray:
    """Centred moving average over one season, (T - 2 * (m // 2), C)."""
    total = np.vstack([np.zeros((1, y.shape[1])), np.cumsum(y, axis=0)])
    if m % 2 == 0:
        return (total[m:-1] - total[: -m - 1] + total[m + 1 :] - total[1:-m]) / (2 * m)
    return (total[m:] - total[:-m]) / m


def _ratio_indices(columns: Columns, m: int, *, multiplicative: bool) -> tuple[FloatArray, FloatArray]:
    """(m, C) seasonal indices, recency weighted per phase and shrunk towards "no season"; (C,) how much."""
    rows, half = columns.rows, m // 2
    average = _moving_average(columns.y, m)
    core = columns.y[half : rows - half]
    seen = np.arange(half, rows - half)[:, None] >= (columns.start + half)[None, :]
    if multiplicative:
        ratio = np.where(seen, core / np.where(seen & (average > 1e-9), average, 1.0), 1.0) - 1.0
    else:
        ratio = np.where(seen, core - average, 0.0)
    phase = (np.arange(half, rows - half) - rows) % m
    shape = np.zeros((m, columns.count))
    recency = FASTER_RECENCY.get(m, RECENCY)
    for j in range(m):
        own = phase == j
        weight = (recency ** np.arange(int(own.sum()) - 1, -1, -1.0))[:, None] * seen[own]
        shape[j] = (ratio[own] * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9)
    shape -= shape.mean(axis=0)
    residual = np.where(seen, ratio - shape[phase], 0.0)
    variance = (residual**2).sum(axis=0) / np.maximum(seen.sum(axis=0), 1) * m / columns.n
    # James-Stein: noisy indices are pulled towards none (Miller and Williams 2003).
    shrink = np.clip(max(m - 3, 0) * variance / np.maximum((shape**2).sum(axis=0), 1e-12), 0.0, 1.0)
    shape = shape * (1 - shrink)
    return (np.maximum(1 + shape, _FLOOR) if multiplicative else shape), shrink


def _harmonic(columns: Columns, index: IntArray, none: Season) -> Season:
    """Long seasons: quadratic trend + harmonics by least squares, kept where they explain enough."""
    if not len(index):
        return none
    m = none.length
    sub = columns.take(index)
    valid = sub.valid()
    positive = np.where(valid, sub.y, np.inf).min(axis=0) > 0
    target = np.where(valid, np.where(positive, np.log(np.maximum(sub.y, 1e-9)), sub.y), 0.0)
    x = (np.arange(columns.rows) - columns.rows) / m
    trend = np.stack([np.ones_like(x), x, x**2], axis=1)
    angle = 2 * np.pi * x[:, None] * np.arange(1, HARMONICS + 1)[None, :]
    wave = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    full, rest = _least_squares(np.concatenate([trend, wave], axis=1), target, valid)
    _, rest_trend = _least_squares(trend, target, valid)
    free = sub.n - trend.shape[1] - wave.shape[1]
    gain = ((rest_trend - rest) / wave.shape[1]) / np.maximum(rest / free, 1e-12)
    flag_sub = gain > 3.0
    steps = np.arange(m) / m
    angle = 2 * np.pi * steps[:, None] * np.arange(1, HARMONICS + 1)[None, :]
    curve = np.concatenate([np.cos(angle), np.sin(angle)], axis=1) @ full[trend.shape[1] :]
    curve = curve * np.clip(1 - 1 / np.maximum(gain, 1e-9), 0.0, 1.0)
    curve -= curve.mean(axis=0)
    factor, offset, flag = none.factor, none.offset, none.flag
    index, keep = index[flag_sub], np.flatnonzero(flag_sub)
    factor[:, index] = np.where(positive[keep], np.exp(np.clip(curve[:, keep], -3, 3)), 1.0)
    offset[:, index] = np.where(positive[keep], 0.0, curve[:, keep])
    flag[index] = True
    return Season(m, factor, offset, flag)


def _least_squares(design: FloatArray, y: FloatArray, valid: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients (p, C) and residual sums of squares (C,) of one design on ragged columns."""
    mask = valid.astype(np.float64)
    gram = np.einsum("tp,tq,tc->cpq", design, design, mask, optimize=True)
    gram += 1e-6 * np.eye(design.shape[1])
    moment = np.einsum("tp,tc->cp", design, y)
    beta = np.linalg.solve(gram, moment[:, :, None])[:, :, 0].T
    rest = (np.where(valid, y - design @ beta, 0.0) ** 2).sum(axis=0)
    return beta, rest
