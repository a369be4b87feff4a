"""The work of one block: every series at every origin as columns, and the hidden actuals to score against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from opscopilot.forecasting.engine.baselines import baseline_names, recent_window, run_baselines
from opscopilot.forecasting.engine.columns import Columns, backtest_cuts, pack, scatter
from opscopilot.forecasting.engine.pool import Choice
from opscopilot.forecasting.engine.types import EngineSettings, FloatArray, IntArray

LEFT_FOR_TRAINING = 5
"""Fewest points a backtest may leave to forecast from."""
_LONGEST = {1: 520, 4: 100, 7: 790, 12: 300, 24: 1008}
_LONGEST_OTHER = 416


def longest_history(season: int) -> int:
    """Most recent points the members look at; older ones only slow them down."""
    return _LONGEST.get(season, max(_LONGEST_OTHER, 8 * season) if season > 1 else _LONGEST_OTHER)


@dataclass(frozen=True, slots=True)
class Layout:
    """`actual` (K, N, h) hidden values in input units, NaN where there is no such origin or period; `cuts` (K, N)
    how many points were hidden there, 0 where there is no such origin."""

    columns: Columns
    actual: FloatArray
    cuts: IntArray
    origins: IntArray
    horizon: int
    season: int
    window: int

    @property
    def shape(self) -> tuple[int, int]:
        """(slots, series)"""
        return self.actual.shape[0] + 1, self.actual.shape[1]

    @property
    def baseline_names(self) -> tuple[str, ...]:
        return baseline_names(self.season, self.window)

    def spread(self, values: FloatArray) -> FloatArray:
        """(C, h) -> (slots, N, h)"""
        return scatter(self.columns, values, self.shape)

    def baselines(self) -> FloatArray:
        """(B, slots, N, h) simple forecasts."""
        flat = run_baselines(self.columns, self.horizon, self.season, self.window)
        return np.stack([self.spread(path) for path in flat.values()])


def lay_out(
    histories: Sequence[FloatArray], horizon: int, season: int, settings: EngineSettings, window: int | None = None
) -> Layout:
    """Columns for the forecast and for each rolling origin of each series; `window` of the recent mean."""
    pieces, series, slots = [], [], []
    actual = np.full((settings.origins, len(histories), horizon), np.nan)
    cuts_of = np.zeros((settings.origins, len(histories)), dtype=np.int64)
    origins = np.zeros(len(histories), dtype=np.int64)
    for i, y in enumerate(histories):
        pieces.append(y)
        series.append(i)
        slots.append(0)
        cuts = backtest_cuts(len(y), horizon, season, settings.origins, LEFT_FOR_TRAINING)
        origins[i] = len(cuts)
        for k, cut in enumerate(cuts):
            pieces.append(y[:-cut])
            series.append(i)
            slots.append(k + 1)
            hidden = y[len(y) - cut :][:horizon]
            actual[k, i, : len(hidden)] = hidden
            cuts_of[k, i] = cut
    columns = pack(pieces, series, slots, longest_history(season))
    return Layout(columns, actual, cuts_of, origins, horizon, season, window or recent_window(season))


@dataclass(frozen=True, slots=True)
class Part:
    """What one engine says about its series, in the order they were given."""

    layout: Layout
    model: FloatArray
    choice: Choice
    baselines: FloatArray
    model_name: str
    loss_name: str
    quantiles: FloatArray
    cumulative: FloatArray
    back_quantiles: FloatArray
    weights: dict[str, float]

    def take(self, index: IntArray) -> Part:
        """Some of the series, as they came out of the whole block; the columns stay those of the block."""
        layout, choice = self.layout, self.choice
        some = Layout(layout.columns, layout.actual[:, index], layout.cuts[:, index], layout.origins[index],
                      layout.horizon, layout.season, layout.window)  # fmt: skip
        chosen = replace(choice, path=choice.path[:, index], **{
            name: getattr(choice, name)[index] for name in choice.__dataclass_fields__ if name != "path"
        })  # fmt: skip
        return replace(self, layout=some, choice=chosen, model=self.model[:, index], baselines=self.baselines[:, :, index],
                       quantiles=self.quantiles[index], cumulative=self.cumulative[index],
                       back_quantiles=self.back_quantiles[:, index])  # fmt: skip
