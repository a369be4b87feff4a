"""From driver columns (price, flags, calendar) to the features whose effect on log demand is estimated.

Everything is relative to regular conditions: a price cut is the log of price over the item's own recent regular
price, a flag is off. So the effect of all features at once is what promotions, prices and calendar add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

REGULAR_WINDOW = 8
"""Periods in which an item's highest price counts as its regular price."""
_LARGEST_LOG = 2.5
"""A price more than twelve times off the regular one is another unit or an error of typing."""
_ASKED_WHEN_CLOSED = 0.05
"""From this share of usual demand on closed days are not without demand."""
CLOSED = "closed"
"""Column that is 1 in a period without any working time: nothing can be asked for then."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """What is known of one series beside its demand: `past` (T, K) beside its T values, `future` (horizon, K).

    `names` say what a column is: "price…" is a price in money and is read relative to the item's own regular
    price; "closed" is 1 in a period without working time; what is mostly 0 and never above 1 is a flag or a share
    (deal, feature, promo, an event); anything else is a number, read relative to its usual value. NaN: not known, read as
    regular conditions. Raises ValueError when shapes and names do not fit together.
    """

    past: FloatArray
    future: FloatArray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        for label, part in (("past", self.past), ("future", self.future)):
            if part.ndim != 2 or part.shape[1] != len(self.names):
                raise ValueError(f"{label} drivers are {part.shape}, expected (periods, {len(self.names)})")


@dataclass(frozen=True, slots=True)
class Features:
    """`x` (N, T + h, K): right-aligned past and then future; 0 is regular conditions. `prior` (K,) is how large
    an effect per unit may well be (a standard deviation), `names` what each is."""

    x: FloatArray
    prior: FloatArray
    names: tuple[str, ...]


def build(
    drivers: Sequence[Drivers | None], lengths: IntArray, rows: int, horizon: int, markets: Sequence[IntArray]
) -> Features:
    """Features of N series; a series without drivers has regular conditions throughout.

    `lengths` (N,) of the histories, `rows` how much of the past is looked at, `markets` label codes (N,) within
    which items may take demand from each other.
    """
    names = list(dict.fromkeys(name for one in drivers if one is not None for name in one.names if name != CLOSED))
    main: dict[str, FloatArray] = {}
    for name in names:
        raw = _column(name, drivers, lengths, rows, horizon)
        main.update(_price(name, raw, horizon) if _is_price(name, raw) else _other(name, raw, horizon))
    alive = {name: x for name, x in main.items() if _varies(x)}
    found = _with_neighbours(alive, names, markets)
    columns = [(name, x, share) for name, x, share in found if _varies(x)]
    if not columns:
        return Features(np.zeros((len(drivers), rows + horizon, 0)), np.zeros(0), ())
    prior = np.array([share / max(_size(x), 1e-6) for _, x, share in columns])
    return Features(np.stack([x for _, x, _ in columns], axis=2), prior, tuple(name for name, _, _ in columns))


def closed_periods(one: Drivers | None, values: FloatArray, horizon: int) -> tuple[BoolArray, BoolArray]:
    """(T,) of the past and (horizon,) of the future in which nothing can be asked for, going by the calendar.

    Customers who ordered on closed days before will do so again: then these days are like any other.
    """
    rows = len(values)
    if one is None or CLOSED not in one.names:
        return np.zeros(rows, dtype=bool), np.zeros(horizon, dtype=bool)
    k = one.names.index(CLOSED)
    past, future = one.past[-rows:, k] >= 1 if rows else np.zeros(0, dtype=bool), one.future[:horizon, k] >= 1
    known = np.isfinite(values)
    asked = float(np.where(past & known, values, 0.0).sum())
    usual = float(np.where(~past & known, values, 0.0).sum()) / max(int((~past & known).sum()), 1)
    if asked > _ASKED_WHEN_CLOSED * usual * int((past & known).sum()):
        return np.zeros(rows, dtype=bool), np.zeros(horizon, dtype=bool)
    return past, future


def _column(name: str, drivers: Sequence[Drivers | None], lengths: IntArray, rows: int, horizon: int) -> FloatArray:
    """(N, rows + horizon) of one column, NaN where not known."""
    out = np.full((len(drivers), rows + horizon), np.nan)
    for i, one in enumerate(drivers):
        if one is None or name not in one.names:
            continue
        k = one.names.index(name)
        past = one.past[-rows:, k] if rows else one.past[:0, k]
        past = past[-int(lengths[i]) :]
        out[i, rows - len(past) : rows] = past
        future = one.future[:horizon, k]
        out[i, rows : rows + len(future)] = future
    return np.where(np.isfinite(out) & (np.abs(out) < 1e15), out, np.nan)


def _is_price(name: str, raw: FloatArray) -> bool:
    seen = raw[np.isfinite(raw)]
    return name.lower().startswith("price") and bool(len(seen)) and float((seen > 0).mean()) > 0.99


def _price(name: str, raw: FloatArray, horizon: int) -> dict[str, FloatArray]:
    """Cut below the regular price, how deep cuts saturate, what follows and precedes one, and the regular price."""
    log = np.log(_carried(np.where(raw > 0, raw, np.nan)))
    regular = log.copy()
    for back in range(1, REGULAR_WINDOW):
        earlier = np.concatenate([np.full((len(log), back), -np.inf), log[:, :-back]], axis=1)
        regular = np.fmax(regular, earlier)
    cut = np.nan_to_num(np.clip(log - regular, -_LARGEST_LOG, 0.0))
    centre = _mean(regular, horizon)
    level = np.nan_to_num(np.clip(regular - centre[:, None], -_LARGEST_LOG, _LARGEST_LOG))
    return {
        name: cut + level,
        f"{name} cut": cut,
        f"{name} cut²": cut**2,
        f"{name} cut before": _shift(cut, 1),
        f"{name} cut two before": _shift(cut, 2),
        f"{name} cut after": _shift(cut, -1),
    }


def _other(name: str, raw: FloatArray, horizon: int) -> dict[str, FloatArray]:
    """A flag or a number with the period before and after it."""
    seen = raw[np.isfinite(raw)]
    share = len(seen) > 0 and seen.min() >= 0 and seen.max() <= 1 and float(np.median(seen)) == 0
    value = np.nan_to_num(raw) if share else _centred(raw, horizon)
    return {name: value, f"{name} before": _shift(value, 1), f"{name} after": _shift(value, -1)}


def _centred(raw: FloatArray, horizon: int) -> FloatArray:
    """A number relative to its usual value (the median, so that zero stays zero where it is rare), in units of its
    own spread over all series."""
    usual = _mean(raw, horizon, median=True)
    value = np.nan_to_num(raw - usual[:, None])
    spread = float(np.sqrt((value[value != 0] ** 2).mean())) if (value != 0).any() else 1.0
    return np.clip(value / max(spread, 1e-12), -10, 10)


def _mean(raw: FloatArray, horizon: int, *, median: bool = False) -> FloatArray:
    """(N,) of what is known of the past, 0 where nothing is."""
    past = np.where(np.isfinite(raw), raw, np.nan)[:, : raw.shape[1] - horizon]
    known = np.isfinite(past).any(axis=1)
    out = np.zeros(len(raw))
    if known.any():
        out[known] = np.nanmedian(past[known], axis=1) if median else np.nanmean(past[known], axis=1)
    return out


def _carried(raw: FloatArray) -> FloatArray:
    """Unknown prices take the last known one; before the first known one they stay unknown."""
    at = np.where(np.isfinite(raw), np.arange(raw.shape[1])[None, :], 0)
    filled: FloatArray = np.take_along_axis(raw, np.maximum.accumulate(at, axis=1), axis=1)
    return filled


def _shift(x: FloatArray, by: int) -> FloatArray:
    """The value `by` periods ago (ahead when negative), 0 where there is none."""
    out = np.zeros_like(x)
    if by > 0:
        out[:, by:] = x[:, :-by]
    else:
        out[:, :by] = x[:, -by:]
    return out


def _varies(x: FloatArray) -> bool:
    return bool((x.max(axis=1) - x.min(axis=1) > 1e-9).any())


def _size(x: FloatArray) -> float:
    """Typical size where it is not zero."""
    active = np.abs(x) > 1e-9
    return float(np.sqrt((x[active] ** 2).mean())) if active.any() else 0.0


def _with_neighbours(
    main: dict[str, FloatArray], names: Sequence[str], markets: Sequence[IntArray]
) -> list[tuple[str, FloatArray, float]]:
    """(name, feature, how strong its effect may be) of own features, interactions and what neighbours do."""
    first = [n for n in main if n in names]
    out = [(name, x, 1.0 if name in first else 0.15 if name.endswith(" after") else 0.3) for name, x in main.items()]
    for i, a in enumerate(first):
        out += [(f"{a} × {b}", main[a] * main[b], 0.5) for b in first[i + 1 :]]
    # What others cost takes demand away; their flags say little beside it and cost as much to learn.
    told = [name for name in first if f"{name} cut" in main] or first
    for number, codes in enumerate(markets):
        out += [(f"others' {name} ({number + 1})", _others(main[name], codes), 0.3) for name in told]
    return out


def _others(x: FloatArray, codes: IntArray) -> FloatArray:
    """Mean of a feature over the other series with the same label; 0 for one that is alone."""
    count = np.bincount(codes)[codes]
    total = np.zeros((int(codes.max()) + 1, x.shape[1]))
    np.add.at(total, codes, x)
    others: FloatArray = (total[codes] - x) / np.maximum(count - 1, 1)[:, None]
    return np.where((count > 1)[:, None], others, 0.0)
