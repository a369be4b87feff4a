"""The door of the engine: a batch of ragged series in, forecasts with intervals and proof out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from opscopilot.forecasting.engine import border
from opscopilot.forecasting.engine.assembly import Assembly
from opscopilot.forecasting.engine.cleaning import History, clean
from opscopilot.forecasting.engine.layout import Part
from opscopilot.forecasting.engine.regular import forecast_regular
from opscopilot.forecasting.engine.sparse import forecast_sparse
from opscopilot.forecasting.engine.types import BASE_TAUS, BatchForecast, EngineSettings, FloatArray

_MOST_STEPS = 50_000
"""Series times horizon held in memory together: long horizons make for smaller blocks."""
_ENGINES = {"regular": forecast_regular, "intermittent": forecast_sparse}


def forecast_batch(
    series: Sequence[FloatArray],
    horizon: int,
    season: int,
    *,
    levels: Sequence[float] = (0.80, 0.95),
    settings: EngineSettings | None = None,
) -> BatchForecast:
    """Forecast every series `horizon` periods ahead.

    `series`: demand per period, oldest first, the last complete period last; NaN where nothing is known.
    `season`: periods per year or week (52 weekly, 12 monthly, 7 daily, 1 none). `levels`: central interval
    levels. Never fails on the content of a series: what cannot be forecast gets a stated fallback and a
    refusal. Raises ValueError for a horizon, season or level that makes no sense.
    """
    settings = settings or EngineSettings()
    _check(horizon, season, levels)
    taus = _taus(levels)
    histories = [clean(y, settings.min_points) for y in series]
    out = Assembly(histories, horizon, season, tuple(levels), taus, settings.origins)
    size = max(1, min(settings.block, _MOST_STEPS // horizon))
    blocks = [(kind, index) for kind in _ENGINES for index in _blocks(histories, kind, size)]
    for kind, index in blocks:
        values = [histories[i].values for i in index]
        part = _ENGINES[kind](values, horizon, season, taus, settings)
        out.add(kind, index, values, part)
        if kind == "regular":
            _count_where_better(out, index, part, settings)
    out.add_fallbacks([i for i, h in enumerate(histories) if h.kind not in _ENGINES])
    return out.result()


def _count_where_better(out: Assembly, index: list[int], regular: Part, settings: EngineSettings) -> None:
    """Replace what the regular engine says about series whose backtests show that they are better counted."""
    at = border.to_be_tried([out.histories[i].values for i in index])
    if not len(at):
        return
    values = [out.histories[index[i]].values for i in at]
    counts = forecast_sparse(values, out.horizon, out.season, out.taus, settings)
    won = np.flatnonzero(border.counts_win(counts, regular, at, out.taus))
    if len(won):
        chosen = [index[int(i)] for i in at[won]]
        for i in chosen:
            out.histories[i] = replace(out.histories[i], kind="intermittent")
        out.add("counts", chosen, [out.histories[i].values for i in chosen], counts.take(won))


def _check(horizon: int, season: int, levels: Sequence[float]) -> None:
    if not 1 <= horizon <= 1000:
        raise ValueError(f"horizon is {horizon}, it must be between 1 and 1000 periods")
    if not 1 <= season <= 1000:
        raise ValueError(f"season is {season}, it must be between 1 (none) and 1000 periods")
    for level in levels:
        if not 0.5 <= level <= 0.99:
            raise ValueError(f"interval level is {level}, it must be between 0.5 and 0.99")


def _taus(levels: Sequence[float]) -> FloatArray:
    ends = [round((1 + sign * level) / 2, 10) for level in levels for sign in (-1, 1)]
    return np.unique(np.array([*BASE_TAUS, *ends]))


def _blocks(histories: Sequence[History], kind: str, size: int) -> Iterator[list[int]]:
    """Positions of the series of one kind in evenly sized blocks, so that no block is left too small to pool."""
    index = [i for i, h in enumerate(histories) if h.kind == kind]
    if not index:
        return
    count = -(-len(index) // size)
    for part in np.array_split(np.array(index), count):
        yield [int(i) for i in part]
