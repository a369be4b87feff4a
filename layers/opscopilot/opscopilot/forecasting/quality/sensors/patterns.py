"""Feature of shape: a stretch of readings unlike any stretch before it."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NewPattern:
    """Distance of the last 24 readings to the most similar 24 readings of the last 1,500."""

    LENGTH = 24
    MEMORY = 1500

    def __init__(self) -> None:
        self.past: NDArray[np.float64] = np.zeros(2 * self.MEMORY)
        self.held = 0
        self.count = 0
        self.mean = self.squares = 0.0

    def add(self, value: float, _second: int, /) -> float:
        """Root mean square distance in units of the overall spread."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self.squares += step * (value - self.mean)
        keep = self.MEMORY + 2 * self.LENGTH
        if self.held == len(self.past):
            self.past[:keep] = self.past[-keep:]
            self.held = keep
        self.past[self.held] = value
        self.held += 1
        known = min(self.held, keep)
        windows = known - 2 * self.LENGTH + 1
        if self.count <= 100 or windows < 30:
            return 0.0
        recent = self.past[self.held - known : self.held]
        other = np.lib.stride_tricks.sliding_window_view(recent[: -self.LENGTH], self.LENGTH)
        apart = other - recent[-self.LENGTH :]
        nearest = float(np.einsum("ij,ij->i", apart, apart).min())
        return sqrt(nearest / self.LENGTH) / (sqrt(self.squares / self.count) + 1e-12)

    def fade(self) -> None:
        """It only knows the last readings anyway; the spread forgets."""
        self.count, self.squares = max(self.count // 2, 1), self.squares / 2.0

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        keep = min(self.held, self.MEMORY + 2 * self.LENGTH)
        recent = self.past[self.held - keep : self.held].tolist()
        return {"recent": recent, "count": self.count, "mean": self.mean, "squares": self.squares}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        recent = state["recent"]
        self.held = len(recent)
        self.past[: self.held] = recent
        self.count, self.mean, self.squares = state["count"], state["mean"], state["squares"]
