"""How late deliveries come, as a distribution: learned from few cases, open ones included, shrunk to their betters.

Kaplan-Meier on a grid of days: a line that arrived is an event on its day, an open one tells only that it has not come
yet (censored). Per day the hazard is mixed with the next wider group's, worth `WEIGHT` lines: supplier and item, then
supplier, then everybody. Where a group has no long delays on record, the tail is that of the wider group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

FIRST, LAST = -60, 120
"""Days of lateness the grid spans; what lies outside counts as its edge."""
WEIGHT = 10.0
"""Lines that the wider group's knowledge is worth."""
_DAYS = LAST - FIRST + 1
_TAIL_HAZARD = 1 / 14
"""Beyond all experience one open delivery in fourteen is taken to arrive each day."""


Seen = tuple[int, bool, int]
"""A day of lateness, whether the line is still open (late by so much already), and how many there were."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Deliveries per day of lateness: `arrived` (181,) and `waiting` (181,), the open ones by how late they are now."""

    arrived: FloatArray
    waiting: FloatArray


def place(day: int) -> int:
    """Where a day of lateness lies on the grid."""
    return min(max(day, FIRST), LAST) - FIRST


def counts(seen: Iterable[Seen]) -> Counts:
    """On the grid."""
    out = Counts(np.zeros(_DAYS), np.zeros(_DAYS))
    for day, waiting, n in seen:
        (out.waiting if waiting else out.arrived)[place(day)] += n
    return out


def hazards(found: Counts, wider: FloatArray | None) -> FloatArray:
    """(181,) chance to arrive on a day, given that it did not before; `wider` the hazards to shrink to."""
    # Whoever waits at day c was at risk on day c as well, and did not come.
    at_risk = np.cumsum((found.arrived + found.waiting)[::-1])[::-1]
    if wider is None:
        prior, weight = np.where(np.arange(FIRST, LAST + 1) > 0, _TAIL_HAZARD, 0.0), 1.0
    else:
        prior, weight = wider, WEIGHT
    result: FloatArray = (found.arrived + weight * prior) / (at_risk + weight)
    return result


def survival(hazard: FloatArray) -> FloatArray:
    """(182,) P(lateness > day) for the day before the grid (1) and every day of it."""
    result: FloatArray = np.concatenate([[1.0], np.cumprod(1 - np.clip(hazard, 0.0, 1.0))])
    return result


def later_than(curve: FloatArray, day: int, known: int | None = None) -> float:
    """P(lateness > day), given that it is more than `known` already (None: nothing is known)."""
    if known is not None and day <= known:
        return 1.0
    left = 1.0 if known is None else curve[_after(known)]
    return float(curve[_after(day)] / left) if left > 1e-9 else 0.0


def quantile(curve: FloatArray, share: float, known: int | None = None) -> int:
    """Smallest day of lateness not exceeded with probability `share`, given that it is more than `known`."""
    left = 1.0 if known is None else max(float(curve[_after(known)]), 1e-9)
    reached = np.flatnonzero(curve[1:] <= (1 - share) * left + 1e-12)
    day = LAST if not len(reached) else int(reached[0]) + FIRST
    return day if known is None else max(day, known + 1)


def _after(day: int) -> int:
    """Place in the survival curve of P(lateness > day)."""
    return 0 if day < FIRST else min(day, LAST) - FIRST + 1
