"""A challenger computed beside the active model, on a stated sample of a batch's series. Off without a challenger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import UUID

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.config import SCOPE, ForecastConfig
from opscopilot.forecasting.demand.series import Series
from opscopilot.forecasting.engine.drivers import forecast_with_drivers
from opscopilot.forecasting.engine.types import BatchForecast, EngineSettings
from opscopilot.forecasting.evaluation import backtests
from opscopilot.forecasting.registry import models
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

_TRIAL = (
    "entity_type", "entity_id", "location_id", "n", "scale", "absolute", "champion_absolute", "actual",
    "coverage_95", "champion_coverage_95", "milliseconds",
)  # fmt: skip
_ROW = ("entity_type", "entity_id", "location_id", "bucket_start", "value")
Key = tuple[str, UUID, UUID | None]


@dataclass(frozen=True, slots=True)
class Challenger:
    """A registered model and the share of series it is tried on."""

    model_id: UUID
    settings: EngineSettings
    share: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What the challenger said of the series at `places` of the batch."""

    model_id: UUID
    places: list[int]
    forecast: BatchForecast
    milliseconds: float


def settings(tx: Tx, version: Version) -> EngineSettings | None:
    """The engine as the version's model wants it; None = as it comes."""
    knobs = models.engine_knobs(tx, version.model_id)
    return EngineSettings(**knobs) if knobs else None


def challenger(tx: Tx, version: Version) -> Challenger | None:
    """The registered challenger, None in most plants and for answers by hand."""
    row = models.challenger(tx) if version.scope == SCOPE else None
    return None if row is None else Challenger(row["id"], EngineSettings(**row["engine"]), row["share"] or 0.2)


def run(live: Sequence[Series], config: ForecastConfig, tried: Challenger | None) -> Trial | None:
    """Forecast the sample with the challenger. An item is in the sample by its id: the same ones in every run."""
    if tried is None:
        return None
    places = [
        i for i, one in enumerate(live) if one.entity_type == "sku" and one.sku_id.int % 1000 < 1000 * tried.share
    ]
    if not places:
        return None
    started = perf_counter()
    found = forecast_with_drivers(
        [live[i].values for i in places], [live[i].drivers for i in places], config.horizon, config.season,
        levels=config.levels, settings=tried.settings, groups=[live[i].groups for i in places],
    )  # fmt: skip
    return Trial(tried.model_id, places, found, (perf_counter() - started) * 1000 / len(places))


def keys_of(live: Sequence[Series]) -> list[Key]:
    """What names each series."""
    return [(one.entity_type, one.sku_id, one.location_id) for one in live]


def store(tx: Tx, version: Version, trial: Trial | None, keys: Sequence[Key], beside: BatchForecast) -> None:
    """Keep what the two have to show for the same series; an earlier attempt's rows are replaced."""
    if trial is None:
        return
    copyio.stage(tx, "trial_rows", "forecast.model_trials", _TRIAL, _measured(trial, keys, beside))
    copyio.stage(tx, "trial_values", "forecast.challenger_forecasts", _ROW, _told(trial, keys, version))
    for table, staged, names in (
        ("model_trials", "trial_rows", _TRIAL), ("challenger_forecasts", "trial_values", _ROW),
    ):  # fmt: skip
        tx.execute(
            f"""DELETE FROM forecast.{table} t USING (SELECT DISTINCT entity_type, entity_id, location_id FROM {staged}) s
                WHERE t.version_id = :version AND t.model_id = :model AND t.entity_type = s.entity_type
                  AND t.entity_id = s.entity_id AND t.location_id IS NOT DISTINCT FROM s.location_id""",
            version=version.id, model=trial.model_id,
        )  # fmt: skip
        columns = ", ".join(names)
        tx.execute(
            f"""INSERT INTO forecast.{table} (tenant_id, version_id, model_id, {columns})
                SELECT :tenant, :version, :model, {columns} FROM {staged}""",
            tenant=tx.tenant_id, version=version.id, model=trial.model_id,
        )  # fmt: skip


def _measured(trial: Trial, keys: Sequence[Key], beside: BatchForecast) -> Iterator[list[Any]]:
    """Series that both could be tested on."""
    ours = backtests.sums(trial.forecast, np.ones(len(trial.places)))
    theirs = backtests.sums(beside, np.ones(len(keys)))
    for i, place in enumerate(trial.places):
        mine, other = ours[i][0], theirs[place][0]
        if mine is None or other is None or mine[0] != other[0]:
            continue
        yield [
            *keys[place], mine[0], other[5], mine[3], other[3], mine[1], mine[7] / mine[0], other[7] / other[0],
            trial.milliseconds,
        ]  # fmt: skip


def _told(trial: Trial, keys: Sequence[Key], version: Version) -> Iterator[list[Any]]:
    for i, place in enumerate(trial.places):
        if trial.forecast.refusals[i] is None:
            for step, bucket in enumerate(version.buckets):
                yield [*keys[place], bucket, f"{trial.forecast.mean[i, step]:.6f}"]
