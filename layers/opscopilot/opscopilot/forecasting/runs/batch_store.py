"""What a batch leaves in the database: a verdict per series, and the forecast rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.series import Outcome, Series
from opscopilot.forecasting.evaluation import backtests
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

_KEY = ("entity_type", "entity_id", "location_id")
_SAME = (
    "s.entity_type = b.entity_type AND s.entity_id = b.entity_id AND s.location_id IS NOT DISTINCT FROM b.location_id"
)
_SERIES_COLUMNS = (
    *_KEY, "status", "reason", "method", "note", "demand_class", "origins", "wape", "bias", "mase",
    "coverage_80", "coverage_95", "loss_name", "loss", "naive_name", "naive_wape", "naive_loss",
    "lead_time_days_mean", "lead_time_days_sd", "lead_time_basis", "lead_time_n", "lead_time_mean",
    "lead_time_levels", "lead_time_quantiles", "protection_days", "order_up_to",
    "protection_mean", "protection_quantiles", "cumulative_sd", "recent_volume",
    "backtest_sums", "backtest_lead",
)  # fmt: skip
_FORECAST_COLUMNS = (
    *_KEY, "bucket_start", "value", "lower_80", "upper_80", "lower_95", "upper_95", "uom", "method",
    "baseline_method", "baseline_value", "promo_uplift",
)  # fmt: skip


def store(tx: Tx, version: Version, outcome: Outcome, config: ForecastConfig) -> None:
    """Replace whatever an earlier attempt left of these series."""
    series = _series_rows(outcome, config, version)
    copyio.stage(tx, "batch_series", "forecast.forecast_series", _SERIES_COLUMNS, series)
    tx.execute(
        f"""UPDATE forecast.forecast_series s SET {", ".join(f"{c} = b.{c}" for c in _SERIES_COLUMNS[len(_KEY) :])}
            FROM batch_series b WHERE s.version_id = :version AND {_SAME}""",
        version=version.id,
    )
    tx.execute(
        f"DELETE FROM forecast.forecasts s USING batch_series b WHERE s.version_id = :version AND {_SAME}",
        version=version.id,
    )
    columns = ", ".join(_FORECAST_COLUMNS)
    copyio.stage(tx, "batch_rows", "forecast.forecasts", _FORECAST_COLUMNS, _forecast_rows(outcome, version))
    tx.execute(
        f"""INSERT INTO forecast.forecasts (tenant_id, version_id, model_id, {columns})
            SELECT :tenant, :version, :model, {columns} FROM batch_rows""",
        tenant=tx.tenant_id, version=version.id, model=version.model_id,
    )  # fmt: skip


def _series_rows(outcome: Outcome, config: ForecastConfig, version: Version) -> Iterator[list[Any]]:
    ahead = np.ceil(np.array([one.lead_time.mean for one in outcome.live]) / version.length.days)
    tested = backtests.sums(outcome.forecast, ahead)
    year = round(365.25 / version.length.days)
    for i, one in enumerate(outcome.live):
        yield [*_verdict(outcome, i), *_lead(outcome, i, one, config), float(one.values[-year:].sum()), *tested[i]]
    for one in outcome.ended:
        volume = float(one.values[-year:].sum())
        blank: list[Any] = [None] * (len(_SERIES_COLUMNS) - 12)
        yield [*_key(one), "refused", one.ended, None, None, None, 0, *blank, volume, None, None]


def _key(one: Series) -> tuple[str, UUID, UUID | None]:
    return one.entity_type, one.sku_id, one.location_id


def _verdict(outcome: Outcome, i: int) -> list[Any]:
    f, metrics, reason = outcome.forecast, outcome.forecast.metrics, outcome.refusals[i]
    return [
        *_key(outcome.live[i]), "refused" if reason else "ok", reason, f.methods[i],
        "; ".join(part for part in (outcome.live[i].note, f.notes[i]) if part) or None,
        f.demand_class[i], int(metrics.origins[i]), float(metrics.wape[i]), float(metrics.bias[i]),
        float(metrics.mase[i]), float(metrics.coverage[0.80][i]), float(metrics.coverage[0.95][i]),
        metrics.loss_name[i], float(metrics.loss[i]), metrics.baseline_name[i], float(metrics.baseline_wape[i]),
        float(metrics.baseline_loss[i]),
    ]  # fmt: skip


def _lead(outcome: Outcome, i: int, one: Series, config: ForecastConfig) -> list[Any]:
    lead = one.lead_time
    known = [lead.mean, lead.sd, lead.basis, lead.n]
    if outcome.refusals[i]:
        return [*known, *[None] * 8]
    levels, quantiles = (array.tolist() for array in (outcome.lead.taus, outcome.lead.quantiles[i]))
    return [*known, float(outcome.lead.mean[i]), levels, quantiles, lead.mean + config.review_days,
            float(outcome.order_up_to[i]), float(outcome.protection.mean[i]), outcome.protection.quantiles[i].tolist(),
            outcome.cumulative_sd[i].tolist()]  # fmt: skip


def _forecast_rows(outcome: Outcome, version: Version) -> Iterator[list[Any]]:
    """Rounded to millionths, which keeps the order lower <= value <= upper; the 80 % band lies inside the 95 %."""
    f, buckets = outcome.forecast, version.buckets
    lower_80, upper_80 = f.lower[0.80], f.upper[0.80]
    lower_95, upper_95 = np.minimum(f.lower[0.95], lower_80), np.maximum(f.upper[0.95], upper_80)
    table = np.stack([f.mean, lower_80, upper_80, lower_95, upper_95], axis=2)
    for i, one in enumerate(outcome.live):
        if outcome.refusals[i]:
            continue
        simple = outcome.baseline.get(f.metrics.baseline_name[i])
        name = None if simple is None else f.metrics.baseline_name[i]
        for step, bucket in enumerate(buckets):
            numbers = [f"{value:.6f}" for value in table[i, step]]
            beside = None if simple is None else f"{simple[i, step]:.6f}"
            added = None if f.uplift is None else f"{f.uplift[i, step]:.6f}"
            yield [*_key(one), bucket, *numbers, one.uom, f.methods[i], name, beside, added]
