"""Items too new for a forecast of their own: what items like them did, at the same age where that is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.countdist import gamma_quantiles
from opscopilot.forecasting.engine.types import FloatArray

MOST = 5
"""Look-alikes a new item is judged by."""
LEAST = 2
_TRUST = 3.0
"""Buckets of own demand that weigh as much as the look-alikes' level."""
_NEAR = 2
_LEVEL_BUCKETS = 13
_LEAST_VARIANCE = 0.05


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that could be like a new one. `launched`: its first demand was seen to be its first."""

    code: str
    description: str
    price: float | None
    values: FloatArray
    launched: bool


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item too new to have a forecast of its own. `values`: what was ordered of it so far, maybe nothing."""

    code: str
    description: str
    price: float | None
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Guess:
    """What look-alikes say: `mean` (h,), `quantiles` (h, Q) and quantiles of running sums `cumulative` (h, Q)."""

    mean: FloatArray
    quantiles: FloatArray
    cumulative: FloatArray
    method: str
    note: str


def closest(item: NewItem, found: Sequence[Candidate], same_category: bool) -> list[Candidate]:
    """The candidates most like the item, the best first, by name and price; empty when nothing is like it.

    Outside its category an item has to share its name or stand within a factor of two of its price, by both.
    """
    scored = []
    for one in found:
        name, price = _name_likeness(item.description, one.description), _price_likeness(item.price, one.price)
        if same_category or (name >= 0.5 and price > 0):
            scored.append((-(2 * name + price), one.code, one))
    return [one for _, _, one in sorted(scored, key=lambda entry: entry[:2])[:MOST]]


def _name_likeness(a: str, b: str) -> float:
    """Share of words in common (Jaccard), 0 to 1."""
    left, right = set(a.lower().split()), set(b.lower().split())
    return len(left & right) / len(left | right) if left | right else 0.0


def _price_likeness(a: float | None, b: float | None) -> float:
    """1 for the same price, 0 from twice (or half) of it on."""
    if not a or not b or a <= 0 or b <= 0:
        return 0.0
    return max(0.0, 1 - abs(math.log(a / b)) / math.log(2))


def guess(item: NewItem, alike: Sequence[Candidate], horizon: int, taus: FloatArray) -> Guess | None:
    """The next `horizon` buckets of the item; None with fewer than two look-alikes.

    Every look-alike is one way it may go: its demand at the same age (its recent level, when its launch was not
    seen), scaled by what the item has sold so far against what it had sold by then. Intervals are as wide as the
    look-alikes differ, wider the fewer they are.
    """
    if len(alike) < LEAST:
        return None
    n = len(item.values)
    paths, around = [], []
    for one in alike:
        path, window = _path(one, n, horizon)
        before = one.values[:n].mean() if one.launched and n and len(one.values) >= n else path.mean()
        scale = _scale(float(item.values.mean()) if n else 0.0, float(before), n)
        paths.append(scale * path)
        around.append(scale * window)
    stacked, pool = np.stack(paths), np.concatenate(around, axis=1)
    mean = stacked.mean(axis=0)
    # A mean of few, and a spread estimated from as few.
    width = (1 + 1 / len(alike)) * (len(alike) + 2) / (len(alike) - 1)
    if not (mean > 0).any():
        return None
    mean = np.maximum(mean, 0.05 * mean.max())
    variance = np.maximum(width * pool.var(axis=1) / mean**2, _LEAST_VARIANCE)
    sums = stacked.cumsum(axis=1)
    total = mean.cumsum()
    spread = np.maximum(width * sums.var(axis=0) / total**2, variance.mean() / np.arange(1, horizon + 1))
    ones = np.ones(horizon)
    return Guess(
        mean, gamma_quantiles(ones, variance, taus) * mean[:, None], gamma_quantiles(ones, spread, taus) * total[:, None],
        _named([one.code for one in alike]),
        f"new item: {n} periods of its own demand, the rest from {len(alike)} items like it",
    )  # fmt: skip


def _path(one: Candidate, age: int, horizon: int) -> tuple[FloatArray, FloatArray]:
    """(h,) expected demand of the look-alike at those ages, and (h, m) its single buckets around them."""
    level = float(one.values[-_LEVEL_BUCKETS:].mean())
    window = np.tile(one.values[-_LEVEL_BUCKETS:], (horizon, 1))
    path = np.full(horizon, level)
    if not one.launched:
        return path, window
    rows = []
    for step in range(horizon):
        near = one.values[max(age + step - _NEAR, 0) : age + step + _NEAR + 1]
        if len(near) > _NEAR:
            path[step] = near.mean()
        rows.append(near if len(near) == 2 * _NEAR + 1 else np.resize(one.values[-_LEVEL_BUCKETS:], 2 * _NEAR + 1))
    return path, np.stack(rows)


def _scale(own: float, theirs: float, n: int) -> float:
    """What a look-alike's demand is multiplied with; drawn to 1 while little is known of the item itself."""
    if n == 0 or theirs <= 0:
        return 1.0
    weight = n / (n + _TRUST)
    floor = 0.1 * theirs
    return float(np.exp(weight * np.log(max(own, floor) / theirs)))


def _named(codes: Sequence[str]) -> str:
    rest = len(codes) - 2
    more = "" if rest <= 0 else f" and {rest} other{'s' if rest > 1 else ''}"
    return f"like {codes[0]}{', ' if more else ' and '}{codes[1]}{more}"
