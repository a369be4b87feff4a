"""How unusual a value of a feature is against all its values so far: a histogram of fixed size, nothing else.

Bins are an eighth of an octave wide, so that a tail share is exact to the bin whatever the feature's scale. A value
beyond everything seen gets a bonus per octave beyond: twice the record is more surprising than a hair above it.
"""

from __future__ import annotations

from math import log2, log10
from typing import Any

_PER_OCTAVE = 8
_OCTAVES = 25
_BINS = 2 * _PER_OCTAVE * _OCTAVES
_BONUS_CAP = 2.0
WARM_UP = 50
"""Values before which nothing is surprising."""


class Tail:
    """Surprise of non-negative values. `add` returns -log10 of the share of values at or above this one."""

    __slots__ = ("count", "counts", "record")

    def __init__(self) -> None:
        self.counts = [0.0] * _BINS
        self.count = 0.0
        self.record = 0.0

    def add(self, value: float) -> float:
        """Surprise of `value` (0 = ordinary, 3 = one in a thousand), then remember it."""
        found = 0.0
        place = min(_BINS - 1, max(1, int(_PER_OCTAVE * (log2(value) + _OCTAVES)))) if value > 1e-9 else 0
        if self.count >= WARM_UP:
            above = sum(self.counts[place:]) if place else self.count
            found = -log10((above + 0.5) / (self.count + 1.0))
            if value > self.record > 0.0:
                found += min(_BONUS_CAP, log2(value / self.record))
        self.counts[place] += 1.0
        self.count += 1.0
        self.record = max(self.record, value)
        return found

    def fade(self) -> None:
        """Give everything seen half the weight, so that a sensor running for years keeps learning."""
        self.counts = [one / 2.0 if one > 1.0 else 0.0 for one in self.counts]
        self.count = sum(self.counts)
        highest = max((place for place, one in enumerate(self.counts) if one), default=0)
        self.record = min(self.record, 2.0 ** ((highest + 1) / _PER_OCTAVE - _OCTAVES)) if highest else 0.0

    def dump(self) -> dict[str, Any]:
        """State for JSON: only the bins in use."""
        return {"n": self.count, "record": self.record, "bins": {str(i): c for i, c in enumerate(self.counts) if c}}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.count, self.record = float(state["n"]), float(state["record"])
        self.counts = [0.0] * _BINS
        for place, one in state["bins"].items():
            self.counts[int(place)] = float(one)
