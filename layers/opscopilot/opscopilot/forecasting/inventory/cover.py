"""How long stock lasts, for many items at once: the forecast is consumed day by day (D5, P-58)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

_TINY = 1e-9
"""Below this a difference of floats is no difference of quantities."""


@dataclass(frozen=True, slots=True)
class Cover:
    """`until`: days until the projection, receipts included, falls below the safety stock; `days`: how long the stock
    itself lasts. None = beyond the horizon."""

    until: int | None
    days: Decimal | None


def covers(stock: FloatArray, safety: FloatArray, demand: FloatArray, receipts: FloatArray) -> list[Cover]:
    """`stock` and `safety` (N,), `demand` and `receipts` (N, days). The rules of `rules.cover`, vectorised."""
    used = np.cumsum(np.maximum(demand, 0.0), axis=1)
    left = stock[:, None] + np.cumsum(receipts, axis=1) - used
    below = left < (safety - _TINY)[:, None]
    until = np.where(stock < safety - _TINY, 0, np.where(below.any(axis=1), below.argmax(axis=1) + 1, -1))
    gone = (used >= (stock - _TINY)[:, None]) & (demand > 0)
    at = gone.argmax(axis=1)
    rows = np.arange(len(stock))
    before = np.where(at > 0, used[rows, np.maximum(at - 1, 0)], 0.0)
    inside = np.divide(stock - before, demand[rows, at], out=np.zeros_like(stock), where=demand[rows, at] > 0)
    days = np.where(stock <= 0, 0.0, np.where(gone.any(axis=1), at + inside, np.nan))
    return [
        Cover(None if first < 0 else int(first), None if np.isnan(last) else Decimal(f"{max(last, 0.0):.6f}"))
        for first, last in zip(until, days, strict=True)
    ]
