"""The peer: statsforecast 2.1 through its numpy model classes, which is its fastest path."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np

from benchmarks.forecasting.scores import LEVELS, TAUS
from benchmarks.forecasting.tidy import Group
from opscopilot.forecasting.engine.types import FloatArray

ENSEMBLE = ("AutoETS", "AutoCES", "DOT")
"""Their published combination is the median of these (and of AutoARIMA, which takes five times as long)."""
INTERMITTENT = ("CrostonSBA", "TSB", "IMAPA")
_PERCENT = [round(100 * level) for level in LEVELS]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method says: `mean` (N, h), `quantiles` (N, h, 11), NaN where it gives none, and its seconds."""

    mean: FloatArray
    quantiles: FloatArray
    seconds: float


def installed() -> bool:
    """Whether the peer is there."""
    return importlib.util.find_spec("statsforecast") is not None


def run(name: str, group: Group, season: int) -> Answer:
    """One model over every series; a series it raises on is answered by its last value."""
    mean = np.full((len(group), group.horizon), np.nan)
    quantiles = np.full((len(group), group.horizon, len(TAUS)), np.nan)
    started = process_time()
    for i, y in enumerate(group.train):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _one(name, y, group.horizon, season)
        mean[i] = found["mean"]
        if "lo-80" in found:
            low, high = [found[f"lo-{p}"] for p in reversed(_PERCENT)], [found[f"hi-{p}"] for p in _PERCENT]
            quantiles[i] = np.stack([*low, found["mean"], *high], axis=1)
    return Answer(mean, quantiles, process_time() - started)


def _one(name: str, y: FloatArray, horizon: int, season: int) -> dict[str, FloatArray]:
    for n, asked in ((len(y), {"level": _PERCENT}), (0, {})):
        try:
            found: dict[str, FloatArray] = _model(name, season, horizon, n).forecast(y=y, h=horizon, **asked)
            return found
        except Exception:  # whatever it raises: without intervals, then the last value
            continue
    return {"mean": np.repeat(y[-1] if len(y) else 0.0, horizon)}


def _model(name: str, season: int, horizon: int, n: int) -> Any:
    """`n` > 0: intermittent models with conformal intervals where the series is long enough for them."""
    models = importlib.import_module("statsforecast.models")
    around = None
    if n > 3 * horizon + 2:
        windows = max(2, min(10, (n - 2) // horizon - 1))
        around = models.ConformalIntervals(n_windows=windows, h=horizon)
    known: dict[str, Callable[[], Any]] = {
        "AutoETS": lambda: models.AutoETS(season),
        "AutoCES": lambda: models.AutoCES(season),
        "DOT": lambda: models.DynamicOptimizedTheta(season),
        "CrostonSBA": lambda: models.CrostonSBA(prediction_intervals=around),
        "TSB": lambda: models.TSB(0.1, 0.1, prediction_intervals=around),
        "IMAPA": lambda: models.IMAPA(prediction_intervals=around),
    }
    return known[name]()


def median(answers: Sequence[Answer]) -> Answer:
    """The combination."""
    mean = np.median([one.mean for one in answers], axis=0)
    return Answer(mean, np.median([one.quantiles for one in answers], axis=0), sum(one.seconds for one in answers))
