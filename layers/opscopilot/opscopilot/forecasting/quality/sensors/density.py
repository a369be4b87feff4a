"""How rare a value is: histograms over the range met so far, of the value alone or at its hour of the day.

The range grows with the data; what was counted moves into the wider bins. A neighbour counts in part, so that a
value beside a crowded bin is not called rare for falling on the wrong side of an edge.
"""

from __future__ import annotations

from math import log10
from typing import Any

_MARGIN = 0.1
"""Room left beyond a new extreme, as a share of the range before it."""


class Scale:
    """The range met so far, cut into `bins`. `fit` says whether it had to grow, and from what."""

    __slots__ = ("bins", "high", "low")

    def __init__(self, bins: int) -> None:
        self.bins = bins
        self.low: float | None = None
        self.high = 0.0

    def fit(self, value: float) -> list[int] | None:
        """Make room for `value`. When the range grows: for each old bin, the bin it now belongs to."""
        if self.low is None:
            self.low = self.high = value
        if self.low <= value <= self.high:
            return None
        low, span = self.low, self.high - self.low
        if value < low:
            self.low = min(low, value - span * _MARGIN)
        else:
            self.high = max(self.high, value + span * _MARGIN)
        old, new = span / self.bins, (self.high - self.low) / self.bins
        return [min(self.bins - 1, int((low + (i + 0.5) * old - self.low) / new)) for i in range(self.bins)]

    def place(self, value: float) -> int:
        """The bin of a value inside the range."""
        low = self.low if self.low is not None else value
        span = self.high - low
        return max(0, min(self.bins - 1, int(self.bins * (value - low) / span))) if span > 0.0 else 0


class Histogram:
    """Rarity of single values: -log10 of the share of earlier values in their neighbourhood."""

    __slots__ = ("count", "counts", "scale")

    def __init__(self, bins: int = 50) -> None:
        self.scale = Scale(bins)
        self.counts = [0.0] * bins
        self.count = 0.0

    def add(self, value: float) -> float:
        """Rarity of `value` (0 = everything is there), then remember it."""
        moved = self.scale.fit(value)
        counts = self.counts
        if moved is not None:
            self.counts = counts = _moved(counts, moved)
        at = self.scale.place(value)
        near = (counts[at - 1] if at else 0.0) + (counts[at + 1] if at + 1 < len(counts) else 0.0)
        found = -log10((counts[at] + 0.5 * near + 0.5) / (self.count + 1.0)) if self.count > 50 else 0.0
        counts[at] += 1.0
        self.count += 1.0
        return max(found, 0.0)

    def fade(self) -> None:
        """Half the weight for everything seen."""
        self.counts = [one / 2.0 if one > 1.0 else 0.0 for one in self.counts]
        self.count = sum(self.counts)

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        return {"low": self.scale.low, "high": self.scale.high, "counts": self.counts}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.scale.low, self.scale.high = state["low"], state["high"]
        self.counts = [float(one) for one in state["counts"]]
        self.count = sum(self.counts)


class HourGrid:
    """Rarity of a value at its hour: among what was met in that hour of the day and the two beside it."""

    __slots__ = ("count", "counts", "scale")
    HOURS = 24

    def __init__(self, bins: int = 20) -> None:
        self.scale = Scale(bins)
        self.counts = [[0.0] * bins for _ in range(self.HOURS)]
        self.count = 0.0

    def add(self, value: float, hour: int) -> float:
        """Rarity of `value` at `hour` (0-23), then remember it."""
        moved = self.scale.fit(value)
        if moved is not None:
            self.counts = [_moved(one, moved) for one in self.counts]
        at = self.scale.place(value)
        beside = [self.counts[(hour + step) % self.HOURS] for step in (-1, 0, 1)]
        total = sum(map(sum, beside))
        found = 0.0
        if self.count > 100 and total > 20:
            near = sum(sum(one[max(at - 1, 0) : at + 2]) for one in beside)
            found = -log10((near + 0.5) / (total + 1.0))
        self.counts[hour][at] += 1.0
        self.count += 1.0
        return max(found, 0.0)

    def fade(self) -> None:
        """Half the weight for everything seen."""
        self.counts = [[one / 2.0 if one > 1.0 else 0.0 for one in row] for row in self.counts]
        self.count = sum(map(sum, self.counts))

    def dump(self) -> dict[str, Any]:
        """State for JSON: only the cells in use."""
        cells = [[i, j, one] for i, row in enumerate(self.counts) for j, one in enumerate(row) if one]
        return {"low": self.scale.low, "high": self.scale.high, "cells": cells}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.scale.low, self.scale.high = state["low"], state["high"]
        self.counts = [[0.0] * self.scale.bins for _ in range(self.HOURS)]
        for i, j, one in state["cells"]:
            self.counts[int(i)][int(j)] = float(one)
        self.count = sum(map(sum, self.counts))


def _moved(counts: list[float], where: list[int]) -> list[float]:
    found = [0.0] * len(counts)
    for at, one in zip(where, counts, strict=True):
        found[at] += one
    return found
