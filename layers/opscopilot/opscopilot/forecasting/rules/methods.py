"""The classical methods in plain Python, for one series: what a planner can check by hand.

The engine (`forecasting.engine`) runs its own vectorised versions; these are the reference and the peer its
speed is measured against.
"""

from __future__ import annotations

from collections.abc import Sequence


def simple_exponential_smoothing(history: Sequence[float], alpha: float) -> float:
    """Level after the last observation, started at the first. Raises ValueError for an empty history."""
    if not history:
        raise ValueError("history is empty, at least one observation is needed")
    level = history[0]
    for value in history[1:]:
        level += alpha * (value - level)
    return level


def _croston_state(history: Sequence[float], alpha: float) -> tuple[float, float] | None:
    """Smoothed demand size and interval, both started at the first demand; None without demand."""
    size = interval = 0.0
    waited = 0
    started = False
    for value in history:
        waited += 1
        if value > 0:
            size = size + alpha * (value - size) if started else value
            interval = interval + alpha * (waited - interval) if started else float(waited)
            started, waited = True, 0
    return (size, interval) if started else None


def croston(history: Sequence[float], alpha: float) -> float:
    """Mean demand per period; 0 without any demand."""
    state = _croston_state(history, alpha)
    return state[0] / state[1] if state else 0.0


def sba(history: Sequence[float], alpha: float) -> float:
    """Croston with the Syntetos-Boylan bias correction (1 - alpha / 2)."""
    return (1 - alpha / 2) * croston(history, alpha)


def tsb(history: Sequence[float], alpha: float, beta: float | None = None) -> float:
    """Teunter-Syntetos-Babai: the chance of demand is updated every period, so it decays when demand stops.

    `alpha` for the chance of demand, `beta` (default the same) for the size. Starts at the first demand with
    the chance it shows.
    """
    beta = alpha if beta is None else beta
    first = next((i for i, value in enumerate(history) if value > 0), None)
    if first is None:
        return 0.0
    chance, size = 1 / (first + 1), history[first]
    for value in history[first + 1 :]:
        chance += alpha * ((value > 0) - chance)
        if value > 0:
            size += beta * (value - size)
    return chance * size
