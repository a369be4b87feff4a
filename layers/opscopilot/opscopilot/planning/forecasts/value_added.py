"""Forecast value added: whether the engine beat the naive, and whether planners beat the engine.

All three are held against the same actuals at the same lag, and errors are added up before anything is divided:
a mean of ratios would let a tiny item outweigh the plant.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from opscopilot.forecasting.demand.periods import PERIODS
from opscopilot.forecasting.evaluation.accuracy import window
from opscopilot.forecasting.evaluation.actuals import judged
from opscopilot.forecasting.runs import versions
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import Page, decode_cursor, page

By = Literal["total", "sku", "family", "abc_class", "plant", "planner", "reason_category"]
_LEVELS = {"sku": "item", "family": "family", "abc_class": "abc_class", "plant": "plant", "total": "total"}


class ValueAdded(BaseModel):
    """Errors of the naive, of the engine and of what finally counted. Positive value added is an improvement."""

    key: str | None = Field(description="The item, family, class, planner or reason; null = all together.")
    uom: str | None = Field(description="null = items of several units, weighted with their price")
    n: int = Field(description="Forecasts that were judged.")
    overridden: int = Field(description="Of n, those where a planner's number counted.")
    actual: float
    naive_absolute: float | None = Field(description="Sum of absolute errors of the best simple method.")
    engine_absolute: float
    final_absolute: float = Field(description="The same of what counted: with overrides.")
    naive_wape: float | None
    engine_wape: float | None
    final_wape: float | None
    engine_added: float | None = Field(description="naive_wape - engine_wape")
    override_added: float | None = Field(description="engine_wape - final_wape")


_STORED = """
SELECT coalesce(k.sku_code, m.group_code) AS key, m.uom, m.n, m.overridden, m.sum_actual AS actual, m.naive_absolute,
    m.engine_absolute, m.sum_absolute AS final_absolute
FROM forecast.forecast_accuracy_metrics m LEFT JOIN manufacturing.skus k ON k.id = m.entity_id
WHERE m.version_id = :version AND m.kind = 'live' AND m.level = :level AND m.entity_type = 'sku'
  AND m.lag_basis = :basis AND (:basis = 'lead_time' OR m.lag = :lag)
"""


def value_added(
    tx: Tx, version: ForecastVersion, by: By, lag: int | None, cursor: str | None, limit: int
) -> Page[ValueAdded]:
    """Value added at `lag`, or at each item's lead time; for planners and reasons over what they overrode."""
    basis = "lead_time" if lag is None else "fixed"
    params: dict[str, Any] = {"basis": basis, "lag": lag or 0}
    if by in _LEVELS:
        base = _STORED
        params |= {"version": version.id, "level": _LEVELS[by]}
    else:
        base, more = _of_overrides(tx, version, by, lag)
        params |= more
    total = int(tx.scalar(f"SELECT count(*) FROM ({base}) counted", **params))
    after = ""
    if cursor is not None:
        key, uom = decode_cursor(cursor, 2)
        params |= {"key": str(key), "unit": str(uom)}
        after = "WHERE (coalesce(r.key, ''), coalesce(r.uom, '')) > (:key, :unit)"
    rows = tx.rows(
        f"SELECT r.* FROM ({base}) r {after} ORDER BY coalesce(r.key, ''), coalesce(r.uom, '') LIMIT :rows",
        **params, rows=limit + 1,
    )  # fmt: skip
    return page(rows, limit, total, ("key", "uom"), _shown)


def _of_overrides(tx: Tx, shown: ForecastVersion, by: By, lag: int | None) -> tuple[str, dict[str, Any]]:
    """Per planner or reason: few rows, and read on the spot."""
    version = versions.get(tx, shown.id)
    column = "made_by" if by == "planner" else "reason_category"
    only = """(f.entity_type, f.entity_id, f.bucket_start) IN (
        SELECT entity_type, entity_id, bucket_start FROM planning.forecast_overrides WHERE period = :period)"""
    sql = f"""SELECT j.{column} AS key, j.uom, count(*) AS n, count(*) AS overridden, sum(j.actual) AS actual,
            CASE WHEN count(j.naive_error) = count(*) THEN sum(abs(j.naive_error)) END AS naive_absolute,
            sum(abs(j.engine_error)) AS engine_absolute, sum(abs(j.error)) AS final_absolute
        FROM ({judged(PERIODS[version.period].name, only)}) j
        WHERE j.overridden AND j.basis = :basis GROUP BY 1, 2"""
    asked = window(version)
    return sql, {**asked, "lags": [lag] if lag else asked["lags"]}


def _shown(row: Row) -> ValueAdded:
    naive, engine, final = (_share(row[f"{name}_absolute"], row["actual"]) for name in ("naive", "engine", "final"))
    return ValueAdded(
        **row, naive_wape=naive, engine_wape=engine, final_wape=final, engine_added=_less(naive, engine),
        override_added=_less(engine, final),
    )  # fmt: skip


def _share(top: float | None, bottom: float) -> float | None:
    return top / bottom if top is not None and bottom > 0 else None


def _less(before: float | None, after: float | None) -> float | None:
    return before - after if before is not None and after is not None else None
