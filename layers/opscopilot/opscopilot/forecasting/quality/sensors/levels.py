"""Features of the level: how far a reading is from where the sensor was, started, or ever has been."""

from __future__ import annotations

from math import sqrt
from typing import Any


class FromStart:
    """Distance from where the sensor settled: the median of its first readings, in units of their spread."""

    LENGTH = 200

    def __init__(self) -> None:
        self.first: list[float] = []
        self.middle = self.spread = 0.0

    def add(self, value: float, _second: int, /) -> float:
        """Distance to the reference level."""
        if len(self.first) < self.LENGTH:
            self.first.append(value)
            ordered = sorted(self.first)
            self.middle = ordered[len(ordered) // 2]
            self.spread = max(ordered[-1] - ordered[0], abs(self.middle) * 1e-3, 1e-9)
        return abs(value - self.middle) / self.spread

    def fade(self) -> None:
        """The reference stays: it is the state in which somebody took the sensor into use."""

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        return {"first": self.first, "middle": self.middle, "spread": self.spread}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.first, self.middle, self.spread = list(state["first"]), state["middle"], state["spread"]


class RangeBreak:
    """How far a reading lies outside everything before it, as a share of that range."""

    def __init__(self) -> None:
        self.low: float | None = None
        self.high = 0.0

    def add(self, value: float, _second: int, /) -> float:
        """0 inside the range."""
        if self.low is None:
            self.low = self.high = value
        span = self.high - self.low
        beyond = max(value - self.high, self.low - value, 0.0)
        found = beyond / span if span > 0.0 else float(beyond > 0.0)
        self.low, self.high = min(self.low, value), max(self.high, value)
        return found

    def fade(self) -> None:
        """Draw the range in a little; ordinary readings widen it again at once."""
        if self.low is not None:
            inset = (self.high - self.low) * 0.05
            self.low, self.high = self.low + inset, self.high - inset

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        return {"low": self.low, "high": self.high}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.low, self.high = state["low"], state["high"]


class LevelShift:
    """Mean of the last 60 readings against the slow mean before them, in units of the slow spread."""

    SIZE = 60
    RATE = 1.0 - 0.5 ** (1.0 / 2000.0)

    def __init__(self) -> None:
        self.recent: list[float] = []
        self.total = self.mean = self.variance = 0.0
        self.count = self.all_count = 0
        self.all_mean = self.all_squares = 0.0

    def add(self, value: float, _second: int, /) -> float:
        """Distance between the two means."""
        self.all_count += 1
        step = value - self.all_mean
        self.all_mean += step / self.all_count
        self.all_squares += step * (value - self.all_mean)
        self.recent.append(value)
        self.total += value
        if len(self.recent) > self.SIZE:
            self._leave(self.recent.pop(0))
        if self.count <= 30:
            return 0.0
        noise = sqrt(self.variance / 4.0) + 0.05 * sqrt(self.all_squares / self.all_count) + 1e-12
        return abs(self.total / len(self.recent) - self.mean) / noise

    def _leave(self, value: float) -> None:
        self.total -= value
        self.count += 1
        rate = max(self.RATE, 1.0 / self.count)
        step = value - self.mean
        self.mean += rate * step
        if self.count > 1:
            self.variance += rate * (step * step * (1.0 - rate) - self.variance)

    def fade(self) -> None:
        """Its means forget by themselves; the running sum is made afresh, so that rounding does not add up."""
        self.total = sum(self.recent)
        self.all_count, self.all_squares = self.all_count // 2, self.all_squares / 2.0

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        return {name: getattr(self, name) for name in _SHIFT}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        for name in _SHIFT:
            setattr(self, name, state[name])


_SHIFT = ("recent", "total", "mean", "variance", "count", "all_count", "all_mean", "all_squares")
