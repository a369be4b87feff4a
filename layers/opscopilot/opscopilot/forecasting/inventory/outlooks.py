"""What is expected to be asked for, per SKU: its own forecast, what recipes need of it, or both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from uuid import UUID

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.config import PERIOD_DAYS, ForecastConfig
from opscopilot.forecasting.engine.countdist import gamma_quantiles
from opscopilot.forecasting.engine.types import BASE_TAUS, FloatArray
from opscopilot.forecasting.inventory import dependent, quantiles
from opscopilot.forecasting.inventory.dependent import Explosion, Path
from opscopilot.forecasting.runs.versions import Version
from opscopilot.forecasting.supply.leadtimes import LeadTime
from opscopilot.forecasting.supply.spread import lead_time_points
from opscopilot.kernel.db import Tx

Basis = Literal["customers", "recipes", "both"]
_Z80 = 2.563
"""Width of an 80 % interval in standard deviations."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Expected demand of one SKU. `values` (H,) per bucket; `cumulative_sd` (H,) of their running total.

    `mean` and `quantiles` (at `levels`) are of the demand over the lead time, `protection_mean` and `protection` over
    lead time and review time.
    """

    values: FloatArray
    cumulative_sd: FloatArray
    levels: FloatArray
    mean: float
    quantiles: FloatArray
    protection_mean: float
    protection: FloatArray
    basis: Basis = "customers"
    parents: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """Outlooks by SKU, the reasons of those that got no forecast, and what became of the recipes. `places`: outlooks by
    SKU and location, for items that leave from several."""

    outlooks: dict[UUID, Outlook]
    refused: dict[UUID, str]
    explosion: Explosion
    places: dict[tuple[UUID, UUID], Outlook] = field(default_factory=dict)


def read(tx: Tx, version: Version, lead_times: Mapping[UUID, LeadTime], config: ForecastConfig) -> Demand:
    """Everything expected in `version`; components get theirs by exploding the recipes."""
    own = {key: one for key, _, one in _own(tx, version, "sku")}
    places = {(key, place): one for key, place, one in _own(tx, version, "sku_location") if place is not None}
    buckets = list(version.buckets)
    parents = {key: Path(one.values, one.cumulative_sd**2, 1) for key, one in own.items()}
    found = dependent.explode(dependent.read_recipes(tx, buckets[0], version.horizon_end), buckets, parents)
    levels = next((one.levels for one in own.values()), np.array(BASE_TAUS))
    refused = {row["entity_id"]: str(row["reason"]) for row in tx.rows(
        """SELECT entity_id, reason FROM forecast.forecast_series
           WHERE version_id = :version AND entity_type = 'sku' AND status <> 'ok'""", version=version.id)}  # fmt: skip
    components = [key for key in found.paths if key in lead_times and found.paths[key].mean.any()]
    made = combined(components, found.paths, own, lead_times, levels, config)
    return Demand(own | made, refused, found, places)


def _own(tx: Tx, version: Version, kind: Literal["sku", "sku_location"]) -> Iterator[tuple[UUID, UUID | None, Outlook]]:
    """Published-to-be forecasts of SKUs or SKUs at places, as text: a hundred thousand of them pass in seconds."""
    levels = tx.scalar(
        """SELECT lead_time_levels FROM forecast.forecast_series
           WHERE version_id = :v AND entity_type = :kind AND status = 'ok' LIMIT 1""", v=version.id, kind=kind,
    )  # fmt: skip
    if levels is None:
        return
    taus = np.array(levels, dtype=np.float64)
    stream = copyio.read(
        tx,
        f"""SELECT s.entity_id, coalesce(s.location_id::text, ''), s.lead_time_mean, array_to_string(s.lead_time_quantiles, ' '),
                coalesce(s.protection_mean, s.lead_time_mean),
                array_to_string(coalesce(s.protection_quantiles, s.lead_time_quantiles), ' '),
                coalesce(array_to_string(s.cumulative_sd, ' '), ''), f.path, f.width
            FROM forecast.forecast_series s JOIN (
                SELECT entity_id, location_id, string_agg(value::text, ' ' ORDER BY bucket_start) AS path,
                    string_agg((upper_80 - lower_80)::text, ' ' ORDER BY bucket_start) AS width
                FROM forecast.forecasts WHERE version_id = '{version.id}' AND entity_type = '{kind}'
                GROUP BY entity_id, location_id) f
                ON f.entity_id = s.entity_id AND f.location_id IS NOT DISTINCT FROM s.location_id
            WHERE s.version_id = '{version.id}' AND s.entity_type = '{kind}' AND s.status = 'ok'""",
    )
    for line in stream.getvalue().decode().splitlines():
        key, place, mean, lead, protected, protection, spread, path, width = line.split("\t")
        sd = _numbers(spread) if spread else np.sqrt(np.cumsum((_numbers(width) / _Z80) ** 2))
        yield (
            UUID(key),
            UUID(place) if place else None,
            Outlook(_numbers(path), sd, taus, float(mean), _numbers(lead), float(protected), _numbers(protection)),
        )


def _numbers(text: str) -> FloatArray:
    return np.array(text.split(), dtype=np.float64)


def combined(
    keys: Sequence[UUID], needed: Mapping[UUID, Path], own: Mapping[UUID, Outlook], leads: Mapping[UUID, LeadTime],
    levels: FloatArray, config: ForecastConfig,
) -> dict[UUID, Outlook]:  # fmt: skip
    """Outlooks of components: means and variances of recipes and customers add up; the shape is a gamma distribution."""
    if not keys:
        return {}
    mean = np.array([needed[key].mean + (own[key].values if key in own else 0.0) for key in keys])
    variance = np.array([
        needed[key].cumulative_variance + (own[key].cumulative_sd ** 2 if key in own else 0.0) for key in keys
    ])  # fmt: skip
    days = [leads[key] for key in keys]
    (at, quant), (protected, protection) = (
        _over(mean, variance, lead_time_points(days, PERIOD_DAYS, extra), levels) for extra in (0, config.review_days)
    )
    return {
        key: Outlook(
            mean[i], np.sqrt(variance[i]), levels, float(at[i]), quant[i], float(protected[i]), protection[i],
            "both" if key in own else "recipes", needed[key].parents,
        )
        for i, key in enumerate(keys)
    }  # fmt: skip


def _over(
    mean: FloatArray, variance: FloatArray, lead: FloatArray, levels: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(N,) mean and (N, Q) quantiles of demand over equally likely times `lead` (N, P) in buckets."""
    total = np.stack([_running(np.cumsum(mean, axis=1), lead[:, p]) for p in range(lead.shape[1])], axis=1)
    spread = np.stack([_running(variance, lead[:, p]) for p in range(lead.shape[1])], axis=1)
    centre = total.mean(axis=1)
    whole = spread.mean(axis=1) + total.var(axis=1)
    safe = np.maximum(centre, 1e-9)
    found = gamma_quantiles(safe, np.maximum(whole / safe, 1e-9), levels)
    result: FloatArray = np.maximum.accumulate(np.where((centre > 0)[:, None], found, 0.0), axis=1)
    return centre, result


def _running(totals: FloatArray, at: FloatArray) -> FloatArray:
    """(N,) running totals (N, H) after a fractional number of buckets; beyond the last it goes on at the last pace."""
    count, horizon = totals.shape
    table = np.concatenate([np.zeros((count, 1)), totals], axis=1)
    low = np.minimum(np.floor(at).astype(np.int64), horizon - 1)
    rows = np.arange(count)
    result: FloatArray = table[rows, low] + (at - low) * (table[rows, low + 1] - table[rows, low])
    return result


def store(tx: Tx, version: Version, found: Demand, skus: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Keep what recipes need of each component, per bucket."""
    tx.execute("DELETE FROM forecast.dependent_demand WHERE version_id = :version", version=version.id)
    names = ("sku_id", "bucket_start", "value", "sd", "uom", "parents")
    copyio.stage(tx, "needs_now", "forecast.dependent_demand", names, _rows(list(version.buckets), found, skus))
    columns = ", ".join(names)
    tx.execute(
        f"INSERT INTO forecast.dependent_demand (tenant_id, version_id, {columns}) "
        f"SELECT :tenant, :version, {columns} FROM needs_now",
        tenant=tx.tenant_id, version=version.id,
    )  # fmt: skip


def _rows(buckets: list[date], found: Demand, skus: Mapping[UUID, Mapping[str, Any]]) -> Iterator[list[Any]]:
    for key, path in found.explosion.paths.items():
        if key not in skus or not path.mean.any():
            continue
        sd = np.sqrt(np.maximum(np.diff(path.cumulative_variance, prepend=0.0), 0.0))
        for step, bucket in enumerate(buckets):
            yield [key, bucket, f"{path.mean[step]:.6f}", f"{sd[step]:.6f}", skus[key]["base_uom"], path.parents]


def deviation(one: Outlook) -> float:
    """Standard deviation of the demand over lead and review time."""
    return float(quantiles.deviation(one.levels, one.protection[None, :])[0])
