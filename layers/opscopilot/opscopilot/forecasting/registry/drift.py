"""Is the active model still as good as its backtest promised? Live errors against what rolling origins led to expect.

Held against each other at each item's lead time. Expected error of a series = its backtest WAPE times what was asked
for. Alarm on error: at least 1.25 times the expected in total, and more than three standard errors away, series
taken as independent. On bias: beyond 10 percent, and three standard errors. On coverage: the 95 % intervals hold less
than 90 percent over at least 100 forecasts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx
from opscopilot.kernel.events import AlertType

RATIO_LIMIT = 1.25
BIAS_LIMIT = 0.10
COVERAGE_LIMIT = 0.90
SURE = 3.0
"""Standard errors from which a difference is no chance any more."""
LEAST = 100
"""Forecasts that must have been judged before anything is said."""

_COMPARED = """
WITH pairs AS (
    SELECT l.uom, l.n, l.sum_error AS error, l.sum_absolute AS absolute, l.engine_absolute AS engine,
        b.wape * l.sum_actual AS expected, l.sum_actual AS actual, l.inside_95,
        b.wape * l.sum_actual / nullif(l.sum_scale, 0) AS expected_scaled,
        l.engine_absolute / nullif(l.sum_scale, 0) AS scaled, l.sum_error / nullif(l.sum_scale, 0) AS error_scaled
    FROM forecast.forecast_accuracy_metrics l
    JOIN forecast.forecast_accuracy_metrics b ON b.version_id = l.version_id AND b.entity_id = l.entity_id
        AND b.level = 'item' AND b.entity_type = 'sku' AND b.kind = 'backtest' AND b.lag_basis = 'lead_time'
    WHERE l.version_id = :version AND l.kind = 'live' AND l.level = 'item' AND l.entity_type = 'sku'
      AND l.lag_basis = 'lead_time' AND b.wape IS NOT NULL AND l.sum_scale > 0
)
SELECT count(*) AS series, coalesce(sum(n), 0) AS n, sum(scaled) / nullif(sum(expected_scaled), 0) AS ratio,
    sum(scaled - expected_scaled) / nullif(sqrt(sum((scaled - expected_scaled) ^ 2)), 0) AS sure_ratio,
    sum(error_scaled) / nullif(sqrt(sum(error_scaled ^ 2)), 0) AS sure_bias, sum(inside_95) / sum(n) AS coverage_95
FROM pairs
"""
_TOTALS = """
SELECT kind, lag_basis, n, wape, naive_wape, bias, mase, coverage_80, coverage_95
FROM forecast.forecast_accuracy_metrics WHERE version_id = :version AND level = 'total'
    AND (lag_basis = 'lead_time' OR kind = 'backtest')
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """Live against expected. `ratio` of errors; `sure_*` in standard errors; `alarms` says what is wrong."""

    series: int
    n: int
    ratio: float | None
    sure_ratio: float | None
    bias: float | None
    sure_bias: float | None
    coverage_95: float | None
    alarms: tuple[str, ...]


def record(tx: Tx, version: Version) -> Drift:
    """Keep with the version and its model what was measured; the drift it shows."""
    totals = {f"{row.pop('kind')}_{row.pop('lag_basis')}": row for row in tx.rows(_TOTALS, version=version.id)}
    row = tx.one(_COMPARED, version=version.id) or {}
    bias = totals.get("live_lead_time", {}).get("bias")
    found = Drift(
        series=row["series"], n=int(row["n"]), ratio=row["ratio"], sure_ratio=row["sure_ratio"], bias=bias,
        sure_bias=row["sure_bias"], coverage_95=row["coverage_95"], alarms=alarms({**row, "bias": bias}),
    )  # fmt: skip
    said = {**totals, "drift": {name: getattr(found, name) for name in Drift.__slots__}, "version": version.code}
    text = json.dumps(said, default=float)
    tx.execute("UPDATE forecast.forecast_versions SET metrics = CAST(:said AS jsonb) WHERE id = :id",
               said=text, id=version.id)  # fmt: skip
    tx.execute(
        """UPDATE forecast.forecast_models SET updated_at = now(),
               training_from = (SELECT min(history_start) FROM forecast.forecast_series WHERE version_id = :version),
               metrics = metrics || jsonb_build_object(CAST(:period AS text), CAST(:said AS jsonb)) WHERE id = :id""",
        period=version.period, said=text, id=version.model_id, version=version.id,
    )  # fmt: skip
    _validate(tx, version)
    return found


def _validate(tx: Tx, version: Version) -> None:
    """A challenger that was computed beside the active model in a version is validated: it runs, and is measured."""
    tx.execute(
        """UPDATE forecast.forecast_models m SET status = 'validated', validated_at = now(), updated_at = now(),
               row_version = row_version + 1
           WHERE m.status = 'registered' AND EXISTS (
               SELECT 1 FROM forecast.model_trials t WHERE t.model_id = m.id AND t.version_id = :version)""",
        version=version.id,
    )  # fmt: skip


def alarms(row: dict[str, Any]) -> tuple[str, ...]:
    """Which of error, bias and coverage are out of what the backtest promised."""
    if row["n"] < LEAST:
        return ()
    out = []
    if row["ratio"] is not None and row["ratio"] > RATIO_LIMIT and (row["sure_ratio"] or 0) > SURE:
        out.append("error")
    if row["bias"] is not None and abs(row["bias"]) > BIAS_LIMIT and abs(row["sure_bias"] or 0) > SURE:
        out.append("bias")
    if row["coverage_95"] is not None and row["coverage_95"] < COVERAGE_LIMIT:
        out.append("coverage")
    return tuple(out)


def conditions(version: Version, found: Drift) -> list[Condition]:
    """At most two alerts per period, each the same problem until it ends: the model leans, or it is worse than said."""
    out = []
    if "bias" in found.alarms and found.bias is not None:
        way = "too low" if found.bias > 0 else "too high"
        text = (
            f"Over {found.n} forecasts of {found.series} items, each at its lead time, the {version.period} forecasts "
            f"were {way}: bias {found.bias:+.1%} of demand (actual - forecast)."
        )
        out.append(_condition("forecast_bias", version, f"The {version.period} forecasts lean: {way}", text,
                              found.bias, BIAS_LIMIT))  # fmt: skip
    worse = [one for one in found.alarms if one != "bias"]
    if worse:
        text = (
            f"Over {found.n} forecasts of {found.series} items, each at its lead time, errors were "
            f"{found.ratio or 0:.2f} times what the backtest led to expect ({found.sure_ratio or 0:.1f} standard "
            f"errors); the 95 % intervals held {found.coverage_95 or 0:.0%}."
        )
        out.append(_condition("anomaly", version, f"The {version.period} forecasts are worse than their backtest",
                              text, found.ratio or 0.0, RATIO_LIMIT))  # fmt: skip
    return out


def _condition(kind: AlertType, version: Version, title: str, text: str, seen: float, limit: float) -> Condition:
    return Condition(
        f"{kind}:model:{version.period}", kind, "high", title, text, "forecast_model", version.model_id, None,
        Decimal(f"{seen:.6f}"), Decimal(f"{limit:.6f}"), details={"version": version.code, "period": version.period},
        actions=("Look for a break in the data, then register a challenger or roll back.",),
    )  # fmt: skip
