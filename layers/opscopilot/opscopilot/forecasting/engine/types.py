"""What goes into and comes out of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LONG_SEASON = 24
"""From this length on a season is fitted with harmonics, and two years of it are enough."""
_DAYS = 7
BASE_TAUS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995)
"""Quantile levels always computed; the ends of the requested intervals are added."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Knobs with the values tuned on M1, tourism, hospital and own rolling origins (never on a test set).

    `origins`: rolling backtest origins per series. `min_points`: observed periods below which a series is
    refused (a fallback is still given). `block`: series pooled and held in memory together.
    `gate`: replace a model that did not beat the best simple baseline (always on in the product; off only to
    measure what it costs).
    """

    origins: int = 6
    min_points: int = 8
    block: int = 2000
    chunk: int = 256
    gate: bool = True


@dataclass(frozen=True, slots=True)
class BacktestMetrics:
    """Out-of-sample accuracy per series over the rolling origins. NaN means "cannot be said", never zero.

    Errors are actual - forecast, so a negative `bias` (sum of errors / sum of actuals) is over-forecasting.
    `mase` is scaled by the in-sample seasonal-naive error (naive when there is less than one season more).
    `loss` is what the comparison with the baselines was decided on: "wape" for regular demand, "rmse" for
    intermittent demand, where WAPE would reward a forecast of zero.
    """

    origins: IntArray
    wape: FloatArray
    bias: FloatArray
    mase: FloatArray
    coverage: dict[float, FloatArray]
    loss_name: tuple[str, ...]
    loss: FloatArray
    model_loss: FloatArray
    baseline_name: tuple[str, ...]
    baseline_loss: FloatArray
    baseline_wape: FloatArray
    wape_by_baseline: dict[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the rolling origins forecast and what came: (K, N, h) each, NaN where there is no such origin or period.

    `cuts` (K, N): how many of the last points were hidden at that origin, 0 where there is none.
    """

    path: FloatArray
    actual: FloatArray
    cuts: IntArray


@dataclass(frozen=True, slots=True)
class BatchForecast:
    """Forecasts of N series for the next `horizon` periods, in the units of the input.

    `mean`, `lower[level]`, `upper[level]` are (N, horizon), all finite, 0 <= lower <= mean <= upper.
    `quantiles` (N, horizon, Q) belong to `taus`; `cumulative` (N, horizon, Q) are the quantiles of the *sum*
    over the first 1..horizon periods, which is what a lead time needs.
    `methods` says per series what produced the numbers (a fallback says so), `refusals` why the series should
    not be published as a forecast (None when it may be), `notes` what was done to the input. `baselines` holds
    what the simple methods say (N, horizon), NaN for a series they were not run on. `backtest` is what the
    accuracy was measured on. `uplift` (N, horizon) is what promotions, prices and calendar add to `mean`
    (negative where they take away); None when nothing of the kind was given.
    """

    horizon: int
    season: int
    levels: tuple[float, ...]
    taus: FloatArray
    mean: FloatArray
    lower: dict[float, FloatArray]
    upper: dict[float, FloatArray]
    quantiles: FloatArray
    cumulative: FloatArray
    methods: tuple[str, ...]
    refusals: tuple[str | None, ...]
    notes: tuple[str, ...]
    demand_class: tuple[str, ...]
    metrics: BacktestMetrics
    baselines: dict[str, FloatArray]
    weights: dict[str, float] = field(default_factory=dict)
    backtest: Backtest | None = None
    uplift: FloatArray | None = None

    def __len__(self) -> int:
        return int(self.mean.shape[0])

    def quantile(self, tau: float) -> FloatArray:
        """(N, horizon) quantiles at one of `taus`. Raises KeyError naming the levels there are."""
        hit = np.flatnonzero(np.isclose(self.taus, tau, atol=1e-9))
        if not len(hit):
            raise KeyError(f"quantile {tau} was not computed; there are {[float(t) for t in self.taus]}")
        return self.quantiles[:, :, int(hit[0])]


def is_fast(season: int) -> bool:
    """Weeks and days: many short histories, launches and jumps, much noise; trends rarely last."""
    return season >= LONG_SEASON or season == _DAYS
