"""A seeded source of randomness whose numbers never depend on the Python version or the machine.

Only `random.Random.random()` is used, whose sequence Python guarantees, and plain arithmetic on its results:
no `gauss`, no `log`, no `cos`, so that the same seed gives the same bytes everywhere.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_SQRT2 = 1.4142135623730951


class Stream:
    """An independent sequence of random numbers for one purpose, named so that adding one moves no other."""

    def __init__(self, seed: int, name: str) -> None:
        self.u = Random(f"fjordgaard/{seed}/{name}").random

    def below(self, n: int) -> int:
        """A whole number in 0 … n-1."""
        return int(self.u() * n)

    def between(self, low: int, high: int) -> int:
        """A whole number in low … high, both included."""
        return low + int(self.u() * (high - low + 1))

    def span(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + self.u() * (high - low)

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.u() < p

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self.u() * len(items))]

    def weighted(self, items: Sequence[T], cumulative: Sequence[float]) -> T:
        """One of the items, by cumulative weights."""
        return items[min(bisect(cumulative, self.u() * cumulative[-1]), len(items) - 1)]

    def z(self) -> float:
        """About a standard normal: the sum of six uniforms, centred and scaled."""
        u = self.u
        return (u() + u() + u() + u() + u() + u() - 3.0) * _SQRT2

    def noise(self, spread: float) -> float:
        """A factor around 1 with that standard deviation, never below 0.15."""
        return max(0.15, 1.0 + spread * self.z())

    def count(self, expected: float) -> int:
        """A whole number whose mean is `expected`."""
        whole = int(expected)
        return whole + (self.u() < expected - whole)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = int(self.u() * (i + 1))
            out[i], out[j] = out[j], out[i]
        return out
