"""Puts the parts of a batch together in the order of the input and enforces what every answer must satisfy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.cleaning import History
from opscopilot.forecasting.engine.fallback import fallback_name, fallback_quantiles
from opscopilot.forecasting.engine.layout import Part
from opscopilot.forecasting.engine.metrics import interval, measure
from opscopilot.forecasting.engine.types import Backtest, BacktestMetrics, BatchForecast, FloatArray

_NUMBERS = ("wape", "bias", "mase", "loss", "model_loss", "baseline_loss", "baseline_wape")


class Assembly:
    """Collects results by series position."""

    def __init__(
        self,
        histories: Sequence[History],
        horizon: int,
        season: int,
        levels: tuple[float, ...],
        taus: FloatArray,
        origins: int,
    ) -> None:
        count = len(histories)
        self.histories, self.horizon, self.season = list(histories), horizon, season
        self.levels, self.taus = levels, taus
        self.mean = np.zeros((count, horizon))
        self.quantiles = np.zeros((count, horizon, len(taus)))
        self.cumulative = np.zeros((count, horizon, len(taus)))
        self.methods = [""] * count
        self.weights: dict[str, float] = {}
        self.numbers = {name: np.full(count, np.nan) for name in _NUMBERS}
        self.coverage = {level: np.full(count, np.nan) for level in levels}
        self.origins = np.zeros(count, dtype=np.int64)
        self.paths = np.full((origins, count, horizon), np.nan)
        self.actual, self.cuts = self.paths.copy(), np.zeros((origins, count), dtype=np.int64)
        self.loss_name, self.baseline_name = ["none"] * count, ["none"] * count
        self.by_baseline: dict[str, FloatArray] = {}
        self.baselines: dict[str, FloatArray] = {}

    def add(self, kind: str, index: Sequence[int], values: Sequence[FloatArray], part: Part) -> None:
        """One block of modelled series at the positions `index`."""
        at = np.asarray(index, dtype=np.int64)
        self.mean[at] = part.choice.path[0]
        self.quantiles[at], self.cumulative[at] = part.quantiles, part.cumulative
        for i, name in zip(index, _method_names(part), strict=True):
            self.methods[i] = name
        self.weights.update({f"{kind}: {name}": weight for name, weight in part.weights.items()})
        found = measure(part, values, self.levels, self.taus)
        for name in _NUMBERS:
            self.numbers[name][at] = getattr(found, name)
        for level in self.levels:
            self.coverage[level][at] = found.coverage[level]
        for name, wape in found.wape_by_baseline.items():
            self.by_baseline.setdefault(name, np.full(len(self.mean), np.nan))[at] = wape
        for name, path in zip(part.layout.baseline_names, part.baselines[:, 0], strict=True):
            self.baselines.setdefault(name, np.full(self.mean.shape, np.nan))[at] = path
        self.origins[at] = found.origins
        self.paths[:, at], self.actual[:, at] = part.choice.path[1:], part.layout.actual
        self.cuts[:, at] = part.layout.cuts
        for j, i in enumerate(index):
            self.loss_name[i], self.baseline_name[i] = found.loss_name[j], found.baseline_name[j]

    def add_fallbacks(self, index: Sequence[int]) -> None:
        """Series no engine took."""
        for i in index:
            history = self.histories[i]
            level, self.quantiles[i], self.cumulative[i] = fallback_quantiles(
                history, self.horizon, self.season, self.taus
            )
            self.mean[i] = level
            self.methods[i] = fallback_name(history, self.season)

    def result(self) -> BatchForecast:
        """The batch, with 0 <= lower <= mean <= upper and rising quantiles everywhere."""
        mean = np.maximum(self.mean, 0.0)
        quantiles = np.maximum.accumulate(np.maximum(self.quantiles, 0.0), axis=2)
        cumulative = np.maximum.accumulate(np.maximum(self.cumulative, 0.0), axis=2)
        bounds = {level: interval(quantiles, self.taus, level, mean) for level in self.levels}
        return BatchForecast(
            horizon=self.horizon,
            season=self.season,
            levels=self.levels,
            taus=self.taus,
            mean=mean,
            lower={level: bound[0] for level, bound in bounds.items()},
            upper={level: bound[1] for level, bound in bounds.items()},
            quantiles=quantiles,
            cumulative=cumulative,
            methods=tuple(self.methods),
            refusals=tuple(h.refusal for h in self.histories),
            notes=tuple(h.note for h in self.histories),
            demand_class=tuple(h.kind for h in self.histories),
            metrics=self._metrics(),
            baselines=self.baselines,
            weights=self.weights,
            backtest=Backtest(np.maximum(self.paths, 0.0), self.actual, self.cuts),
        )

    def _metrics(self) -> BacktestMetrics:
        return BacktestMetrics(
            origins=self.origins,
            coverage=self.coverage,
            loss_name=tuple(self.loss_name),
            baseline_name=tuple(self.baseline_name),
            wape_by_baseline=self.by_baseline,
            **self.numbers,
        )


def _method_names(part: Part) -> list[str]:
    """What a planner reads: the combination, a blend, or the baseline that was not beaten."""
    names = part.layout.baseline_names
    out = []
    for share, best, origins in zip(part.choice.share, part.choice.best, part.layout.origins, strict=True):
        baseline = names[best]
        if share == 0:
            out.append(f"combination ({part.model_name})")
        elif share < 1:
            out.append(f"combination with {share:.0%} {baseline}")
        elif origins:
            out.append(f"{baseline} (no model beat it)")
        else:
            out.append(f"{baseline} (history too short for a backtest)")
    return out
