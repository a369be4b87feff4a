"""What would have been asked for: stock-outs undone, one-offs and outliers set aside. Pure numpy, no database.

The ordered quantity is never changed; what comes out is the quantity to learn from, with the rule that made it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

AS_ORDERED, GROSS, IN_STOCK, RECENT, ONE_OFF, OUTLIER = (
    "as_ordered", "gross_of_shortage", "in_stock_days", "recent_level", "one_off_removed", "outlier_replaced",
)  # fmt: skip
_RULES = (AS_ORDERED, GROSS, IN_STOCK, RECENT, ONE_OFF, OUTLIER)

# Buckets to each side that say what is usual around a bucket, and buckets of one cycle.
_SIDE: dict[PeriodName, int] = {"daily": 14, "weekly": 8, "monthly": 3, "quarterly": 2}
_CYCLE: dict[PeriodName, int] = {"daily": 7, "weekly": 52, "monthly": 12, "quarterly": 4}
_ENOUGH_IN_STOCK = 0.4
_EXPECTED_LINES = 3.0
"""Order lines missed below which nothing can be said about whether orders stop while stock is out."""
_LEAST_BUCKETS = 12
_REGULAR = 0.6
_TIMES, _SPREADS, _FLOOR = 2.5, 6.0, 0.12
"""An outlier is this many times what is usual around it, and this many robust standard deviations (log) above."""
_TOO_NEW = 3
"""The newest buckets are not judged: a new level begins with one high bucket."""
_COMMON_SHARE, _COMMON_LEAST = 0.03, 3


@dataclass(frozen=True, slots=True)
class Block:
    """Series as rows (N, T), their first bucket in column 0; `lengths` (N,) buckets each, `first` (N,) their bucket
    numbers. Quantities in base units; `out_share` of the bucket's usual demand fell on days without stock, `out_qty`
    and `out_lines` were ordered on those days. `promo`: a promotion ran."""

    first: IntArray
    lengths: IntArray
    ordered: FloatArray
    one_off: FloatArray
    lost: FloatArray
    lines: FloatArray
    out_share: FloatArray
    out_qty: FloatArray
    out_lines: FloatArray
    promo: BoolArray

    @property
    def inside(self) -> BoolArray:
        """(N, T) where there is a bucket."""
        found: BoolArray = np.arange(self.ordered.shape[1])[None, :] < self.lengths[:, None]
        return found


@dataclass(frozen=True, slots=True)
class Cleaned:
    """(N, T): the quantity to learn from, the rule as an index of RULES, what was usual around the bucket."""

    values: FloatArray
    rules: IntArray
    usual: FloatArray

    def rule(self, i: int, t: int) -> str:
        """The rule's name."""
        return _RULES[int(self.rules[i, t])]


def clean(block: Block, period: PeriodName, *, undo_stockouts: bool = True, set_aside: bool = True) -> Cleaned:
    """Clean every series of the block; see the module's text."""
    values, inside = block.ordered.copy(), block.inside
    rules = np.where((block.lost > 0) & inside, _RULES.index(GROSS), 0)
    if set_aside:
        single = (block.one_off > 0) & inside
        values = np.where(single, np.maximum(values - block.one_off, 0.0), values)
        rules[single] = _RULES.index(ONE_OFF)
    short = (block.out_share > 0) & inside
    usual = np.full_like(values, np.nan)
    if undo_stockouts and short.any():
        _undo(block, values, rules, usual, short, _SIDE[period])
    if set_aside:
        _replace_outliers(block, values, rules, usual, short, period)
    return Cleaned(values, rules, usual)


def orders_stop(block: Block, short: BoolArray) -> BoolArray:
    """(N,) whether orders of the series stop while its stock is out: then what was ordered is less than what was
    wanted. Decided by the order lines of days without stock against those expected; the series together decide for
    one that has too few."""
    inside = block.inside
    weight_in = np.where(inside, 1 - block.out_share, 0).sum(axis=1)
    weight_out = np.where(inside, block.out_share, 0).sum(axis=1)
    seen = np.where(inside, block.out_lines, 0).sum(axis=1)
    rate = np.where(inside, block.lines - block.out_lines, 0).sum(axis=1) / np.maximum(weight_in, 1e-9)
    expected = rate * weight_out
    together = expected.sum() >= _EXPECTED_LINES and seen.sum() < 0.5 * expected.sum()
    alone = np.where(expected >= _EXPECTED_LINES, seen < 0.5 * expected, together)
    recorded = np.where(short, block.lost, 0).sum(axis=1) > 0
    answer: BoolArray = alone & ~recorded & (weight_in > 0)
    return answer


def _undo(
    block: Block, values: FloatArray, rules: IntArray, usual: FloatArray, short: BoolArray, side: int
) -> None:  # fmt: skip
    stops = orders_stop(block, short)
    gross = short & ~stops[:, None]
    rules[gross & (rules == 0) & (block.lines > 0)] = _RULES.index(GROSS)
    rows = np.flatnonzero(stops & short.any(axis=1))
    for i in rows:
        length = int(block.lengths[i])
        stocked = ~short[i, :length]
        for t in np.flatnonzero(short[i, :length]):
            share, level = 1 - block.out_share[i, t], _level(values[i, :length], stocked, int(t), side)
            observed = values[i, t]
            if share >= _ENOUGH_IN_STOCK:
                guess, rule = (observed - min(block.out_qty[i, t], observed)) / share, IN_STOCK
            elif np.isfinite(level):
                guess, rule = observed + level * block.out_share[i, t], RECENT
            else:
                continue
            usual[i, t] = level
            if guess > observed:
                values[i, t], rules[i, t] = guess, _RULES.index(rule)


def _level(values: FloatArray, known: BoolArray, at: int, side: int) -> float:
    """Mean of the `side` nearest known buckets on each side; NaN where there are none."""
    before, after = np.flatnonzero(known[:at])[-side:], at + 1 + np.flatnonzero(known[at + 1 :])[:side]
    index = np.concatenate([before, after])
    return float(values[index].mean()) if len(index) else float("nan")


def _replace_outliers(
    block: Block, values: FloatArray, rules: IntArray, usual: FloatArray, short: BoolArray, period: PeriodName
) -> None:
    """High outliers only: a low bucket is a holiday, a closure or an empty shelf, and a real one."""
    inside = block.inside
    some = (values > 0) & inside
    count = some.sum(axis=1)
    middle = np.nan_to_num(np.nanmedian(np.where(some | (count == 0)[:, None], values, np.nan), axis=1))
    regular = (block.lengths >= _LEAST_BUCKETS) & (count >= _REGULAR * block.lengths)
    suspect = inside & (values > _TIMES * middle[:, None]) & regular[:, None] & (middle > 0)[:, None]
    rows = np.flatnonzero(suspect.any(axis=1))
    if not len(rows):
        return
    level, excess, spread = _around(values[rows], inside[rows], middle[rows], _SIDE[period])
    high = suspect[rows] & (excess > np.maximum(_SPREADS * spread[:, None], 0.5)) & (values[rows] > _TIMES * level)
    high &= ~short[rows] & ~block.promo[rows]
    high &= np.arange(values.shape[1])[None, :] < (block.lengths[rows] - _TOO_NEW)[:, None]
    high &= ~_recurs(excess, _CYCLE[period])
    high &= ~_common(high, block.first[rows], len(values))
    index = (rows[:, None] * np.ones_like(high, dtype=np.int64))[high], np.nonzero(high)[1]
    values[index], usual[index], rules[index] = level[high], level[high], _RULES.index(OUTLIER)


def _around(
    values: FloatArray, inside: BoolArray, middle: FloatArray, side: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What is usual around each bucket (centred median), how far it lies above (log), and its robust spread (N,)."""
    logs = np.where(inside, np.log1p(values / middle[:, None]), np.nan)
    padded = np.pad(logs, ((0, 0), (side, side)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * side + 1, axis=1)
    with np.errstate(all="ignore"):
        centre = np.nan_to_num(np.nanmedian(np.where(inside[:, :, None], windows, 0.0), axis=2))
        excess = np.where(inside, logs - centre, 0.0)
        spread = 1.4826 * np.nanmedian(np.where(inside, np.abs(excess), np.nan), axis=1)
    return np.expm1(centre) * middle[:, None], excess, np.maximum(spread, _FLOOR)


def _recurs(excess: FloatArray, cycle: int) -> BoolArray:
    """(N, T) whether the bucket a cycle earlier or later (or its neighbour) was high too: a season, not an outlier."""
    n, length = excess.shape
    found = np.zeros((n, length), dtype=bool)
    for shift in (cycle - 1, cycle, cycle + 1):
        if 0 < shift < length:
            found[:, shift:] |= excess[:, :-shift] > 0.4 * excess[:, shift:]
            found[:, :-shift] |= excess[:, shift:] > 0.4 * excess[:, :-shift]
    return found


def _common(high: BoolArray, first: IntArray, series: int) -> BoolArray:
    """(N, T) whether so many series are high in the same calendar bucket that it is an event, not an outlier."""
    number = first[:, None] + np.arange(high.shape[1])[None, :]
    found, times = np.unique(number[high], return_counts=True)
    many = found[times >= max(_COMMON_LEAST, _COMMON_SHARE * series)]
    common: BoolArray = np.isin(number, many)
    return common
