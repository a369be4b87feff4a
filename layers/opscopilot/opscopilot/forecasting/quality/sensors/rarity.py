"""Features of rarity: readings, peaks, spreads and hourly values that hardly ever occurred."""

from __future__ import annotations

from math import sqrt
from typing import Any

from opscopilot.forecasting.quality.sensors.density import Histogram, HourGrid

HOURS = 24


class _Windowed:
    """The last `size` readings, and a histogram of something computed from them."""

    size = 1
    bins = 50

    def __init__(self) -> None:
        self.recent: list[float] = []
        self.seen = Histogram(self.bins)

    def _take(self, value: float) -> list[float]:
        self.recent.append(value)
        if len(self.recent) > self.size:
            del self.recent[0]
        return self.recent

    def fade(self) -> None:
        """Let the distant past count less."""
        self.seen.fade()

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        return {"recent": self.recent, "seen": self.seen.dump()}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.recent = list(state["recent"])
        self.seen.load(state["seen"])


class RareValue(_Windowed):
    """Rarity of the value itself."""

    def add(self, value: float, _second: int, /) -> float:
        """Rarity of the reading among all readings."""
        return self.seen.add(value)


class RarePeak(_Windowed):
    """Rarity of the highest of the last 12 readings: a peak that does not come, or comes too high."""

    size = 12

    def add(self, value: float, _second: int, /) -> float:
        """Rarity of the recent maximum."""
        return self.seen.add(max(self._take(value)))


class RareSpread(_Windowed):
    """Rarity of the spread of the last 48 readings: suddenly noisy, or suddenly flat."""

    size = 48

    def add(self, value: float, _second: int, /) -> float:
        """Rarity of the recent standard deviation."""
        recent = self._take(value)
        n = len(recent)
        mean = sum(recent) / n
        return self.seen.add(sqrt(sum((one - mean) ** 2 for one in recent) / n)) if n == self.size else 0.0


class RareForHour:
    """Rarity of the value at this hour of the day: the ordinary value of noon in the middle of the night."""

    def __init__(self) -> None:
        self.seen = HourGrid()

    def add(self, value: float, second: int, /) -> float:
        """Rarity given the hour."""
        return self.seen.add(value, second * HOURS // 86400 % HOURS)

    def fade(self) -> None:
        """Let the distant past count less."""
        self.seen.fade()

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        return self.seen.dump()

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.seen.load(state)


class OffProfile:
    """Rarity of the difference to the usual level of this hour."""

    RATE = 0.02

    def __init__(self) -> None:
        self.level = [0.0] * HOURS
        self.count = [0] * HOURS
        self.seen = Histogram()

    def add(self, value: float, second: int, /) -> float:
        """Rarity of the difference to the profile."""
        hour = second * HOURS // 86400 % HOURS
        known = self.count[hour] > 2
        found = self.seen.add(value - self.level[hour] if known else 0.0)
        self.count[hour] += 1
        self.level[hour] += max(self.RATE, 1.0 / self.count[hour]) * (value - self.level[hour])
        return found

    def fade(self) -> None:
        """Let the distant past count less."""
        self.seen.fade()

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        return {"level": self.level, "count": self.count, "seen": self.seen.dump()}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        self.level, self.count = list(state["level"]), list(state["count"])
        self.seen.load(state["seen"])
