"""Delivery performance against the first confirmed date (D13). Early beyond the window is not on time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class DeliveredLine:
    """A line that is due or has come. `late`: days after the promise, negative = early, None = open and past due.
    `in_full`: everything that was ordered came."""

    late: int | None
    in_full: bool


@dataclass(frozen=True, slots=True)
class Performance:
    """Shares of `n` lines. `otif` counts lines that are both; it is not the product of the two (P-70)."""

    n: int
    on_time: float | None
    in_full: float | None
    otif: float | None
    early: float | None


def performance(lines: Sequence[DeliveredLine], early_days: int = 2, late_days: int = 0) -> Performance:
    """On time is at most `early_days` before and `late_days` after the promise. Past-due open lines are failures.
    None where there is no line."""
    n = len(lines)
    if not n:
        return Performance(0, None, None, None, None)
    timely = [one.late is not None and -early_days <= one.late <= late_days for one in lines]
    both = sum(ok and one.in_full for ok, one in zip(timely, lines, strict=True))
    early = sum(one.late is not None and one.late < -early_days for one in lines)
    return Performance(n, sum(timely) / n, sum(one.in_full for one in lines) / n, both / n, early / n)


def share_interval(hits: int, n: int, z: float = 1.96) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a share: one failure in three is not "33 %" (P-71). None without cases."""
    if n == 0:
        return None
    share, square = hits / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, middle - half), min(1.0, middle + half)
