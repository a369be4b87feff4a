"""Forecasts that know of promotions, prices and the calendar: effects around the engine's baseline.

Demand is cleaned of the estimated effects, the engine forecasts the clean baseline, and the effects of what is
planned are put back. All is done again at every rolling origin with what was known there, and a series keeps its
plain forecast unless the origins say that drivers help: nothing planned, or nothing learnt, changes nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

import numpy as np

from opscopilot.forecasting.engine.batch import forecast_batch
from opscopilot.forecasting.engine.cleaning import clean
from opscopilot.forecasting.engine.drivers_columns import drivers_from_columns, labels_from_ids
from opscopilot.forecasting.engine.drivers_features import Drivers, build, closed_periods
from opscopilot.forecasting.engine.drivers_paths import Driven, driver_paths, right_aligned
from opscopilot.forecasting.engine.drivers_result import close, merged
from opscopilot.forecasting.engine.types import BatchForecast, EngineSettings, FloatArray, IntArray

__all__ = ["Drivers", "drivers_from_columns", "forecast_with_drivers", "labels_from_ids"]

_KEEP = {1: 156, 4: 60, 7: 800, 12: 144, 52: 208}
_KEEP_OTHER = 208
"""Most recent periods the effects are learnt from."""

Label: TypeAlias = Hashable | tuple[Hashable, ...]


def forecast_with_drivers(
    values: Sequence[FloatArray],
    drivers: Sequence[Drivers | None],
    horizon: int,
    season: int,
    *,
    levels: Sequence[float] = (0.80, 0.95),
    settings: EngineSettings | None = None,
    groups: Sequence[Label] | None = None,
) -> BatchForecast:
    """`forecast_batch` of series whose drivers are known ahead; see there for values, horizon, season and levels.

    `drivers`: one per series, None where nothing is known. `groups`: per series a label or a tuple of labels
    (brand, store, family); series that share one are expected to react alike and may take demand from each other.
    Without any driver the answer is exactly that of `forecast_batch`. `uplift` is what drivers add to the mean.
    Raises ValueError when there are not as many drivers or groups as series.
    """
    for name, given in (("drivers", drivers), ("groups", groups)):
        if given is not None and len(given) != len(values):
            raise ValueError(f"there are {len(values)} series but {len(given)} {name}")
    settings = settings or EngineSettings()
    drivers = [_fitting(one, len(y), horizon) for one, y in zip(drivers, values, strict=True)]
    shut = [closed_periods(one, y, horizon) for one, y in zip(drivers, values, strict=True)]
    opened = [np.where(past, np.nan, y) if past.any() else y for y, (past, _) in zip(values, shut, strict=True)]
    plain = forecast_batch(opened, horizon, season, levels=levels, settings=settings)
    result = _with_effects(plain, opened, drivers, groups, settings)
    return close(result, np.stack([future for _, future in shut])) if any(f.any() for _, f in shut) else result


def _fitting(one: Drivers | None, length: int, horizon: int) -> Drivers | None:
    """Drivers as long as the history and the horizon: the last `length` periods, NaN where they are missing."""
    if one is None or not one.names:
        return None
    past = np.full((length, len(one.names)), np.nan)
    take = min(length, len(one.past))
    if take:
        past[length - take :] = one.past[len(one.past) - take :]
    future = np.full((horizon, len(one.names)), np.nan)
    future[: len(one.future)] = one.future[:horizon]
    return Drivers(past, future, one.names)


def _with_effects(
    plain: BatchForecast,
    values: Sequence[FloatArray],
    drivers: Sequence[Drivers | None],
    groups: Sequence[Label] | None,
    settings: EngineSettings,
) -> BatchForecast:
    """The plain forecast with drivers put in where they help."""
    tested = plain.metrics.origins > 0
    result = plain
    for kind in dict.fromkeys(plain.demand_class):
        use = [
            i
            for i, one in enumerate(drivers)
            if one is not None and tested[i] and plain.refusals[i] is None and plain.demand_class[i] == kind
        ]
        if use:
            result = _of_one_kind(plain, result, use, values, drivers, groups, settings)
    return result


def _of_one_kind(
    plain: BatchForecast,
    result: BatchForecast,
    use: list[int],
    values: Sequence[FloatArray],
    drivers: Sequence[Drivers | None],
    groups: Sequence[Label] | None,
    settings: EngineSettings,
) -> BatchForecast:
    """`result` with the series at `use`, all regular or all intermittent, replaced where drivers help."""
    histories = [clean(values[i], settings.min_points).values for i in use]
    rows = min(max(map(len, histories)), _KEEP.get(plain.season, _KEEP_OTHER))
    demand, known = right_aligned(histories, [values[i] for i in use], rows)
    lengths = np.array([min(len(h), rows) for h in histories], dtype=np.int64)
    labels = _codes([groups[i] for i in use]) if groups is not None else []
    features = build([drivers[i] for i in use], lengths, rows, plain.horizon, labels)
    if not features.names:
        return result
    squared = plain.metrics.loss_name[use[0]] == "rmse"
    driven = Driven(np.asarray(use), histories, demand, known, features, labels, squared)
    paths = driver_paths(plain, driven, settings)
    return result if paths is None else merged(result, driven.use, paths)


def _codes(groups: Sequence[Label]) -> list[IntArray]:
    """Per kind of label the series' codes; a kind that tells no two series alike teaches nothing and is left out."""
    parts = [one if isinstance(one, tuple) else (one,) for one in groups]
    out = []
    for k in range(min(map(len, parts))):
        _, codes = np.unique([str(part[k]) for part in parts], return_inverse=True)
        if codes.max() + 1 < len(codes):
            out.append(codes.astype(np.int64))
    return out
