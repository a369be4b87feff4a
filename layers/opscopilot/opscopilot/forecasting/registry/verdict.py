"""Is the challenger better? Paired by series: both forecast the same series from the same origins.

Test: the mean over series of (active - challenger) absolute error, each scaled by the series' own naive error, is
above zero, one-sided at 5 percent, over at least 30 series. Beside it: the pooled error is smaller, the 95 percent
intervals are not further from 95 by more than two points, and where forecasts of both have met what came, the
challenger was not worse there either.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any
from uuid import UUID

from opscopilot.forecasting.evaluation.actuals import ACTUALS
from opscopilot.kernel.db import Tx

LEAST_SERIES = 30
SIGNIFICANT = 0.05
COVERAGE_SLACK = 0.02

# The newest trial of each series: older ones are about almost the same history, and would count it twice.
_PAIRS = """
WITH newest AS (
    SELECT DISTINCT ON (v.period, t.entity_type, t.entity_id, t.location_id) t.* FROM forecast.model_trials t
    JOIN forecast.forecast_versions v ON v.tenant_id = t.tenant_id AND v.id = t.version_id
    WHERE t.model_id = :model AND v.status IN ('published', 'superseded', 'archived')
    ORDER BY v.period, t.entity_type, t.entity_id, t.location_id, v.id DESC
), scaled AS (
    SELECT *, (champion_absolute - absolute) / coalesce(nullif(scale, 0), nullif(champion_absolute, 0)) AS gain
    FROM newest
)
SELECT count(gain) AS series, avg(gain) AS gain, stddev_samp(gain) AS spread, sum(absolute) AS absolute,
    sum(champion_absolute) AS champion_absolute, sum(actual) AS actual, sum(coverage_95 * n) / sum(n) AS coverage,
    sum(champion_coverage_95 * n) / sum(n) AS champion_coverage
FROM scaled
"""
_LIVE = f"""
SELECT count(*) AS n, sum(abs(a.actual - c.value::float8)) AS absolute,
    sum(abs(a.actual - coalesce(f.statistical_value, f.value)::float8)) AS champion_absolute
FROM forecast.challenger_forecasts c
JOIN forecast.forecast_versions v ON v.tenant_id = c.tenant_id AND v.id = c.version_id AND v.period = :period
    AND v.status IN ('published', 'superseded', 'archived')
JOIN forecast.forecasts f ON f.tenant_id = c.tenant_id AND f.version_id = c.version_id
    AND f.entity_type = c.entity_type AND f.entity_id = c.entity_id AND f.bucket_start = c.bucket_start
    AND f.location_id IS NOT DISTINCT FROM c.location_id
JOIN ({ACTUALS}) a ON a.entity_type = c.entity_type AND a.entity_id = c.entity_id AND a.bucket_start = c.bucket_start
    AND a.location_id IS NOT DISTINCT FROM c.location_id
WHERE c.model_id = :model
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison came to. `p_value`: chance of such a gain were the two equally good."""

    better: bool
    text: str
    series: int
    wape: float | None
    champion_wape: float | None
    p_value: float | None
    coverage_95: float | None
    champion_coverage_95: float | None
    live_n: int
    live_ratio: float | None

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a promotion."""
        return {name: getattr(self, name) for name in self.__slots__}


def verdict(tx: Tx, model_id: UUID) -> Verdict:
    """Hold the challenger against the active model on everything both have computed."""
    row = tx.one(_PAIRS, model=model_id) or {}
    live = [
        tx.one(_LIVE, model=model_id, period=period) or {} for period in ("daily", "weekly", "monthly", "quarterly")
    ]
    live_n = sum(int(one["n"]) for one in live)
    ours, theirs = (sum(one[name] or 0.0 for one in live) for name in ("absolute", "champion_absolute"))
    live_ratio = ours / theirs if theirs > 0 else None
    p_value = p_of(row["series"], row["gain"], row["spread"])
    faults = _faults(row, p_value, live_ratio)
    volume = row["actual"] or 0.0
    return Verdict(
        better=not faults, text="; ".join(faults) or "smaller errors on the same series", series=int(row["series"]),
        wape=row["absolute"] / volume if volume > 0 else None,
        champion_wape=row["champion_absolute"] / volume if volume > 0 else None, p_value=p_value,
        coverage_95=row["coverage"], champion_coverage_95=row["champion_coverage"], live_n=live_n,
        live_ratio=live_ratio,
    )  # fmt: skip


def p_of(series: int, gain: float | None, spread: float | None) -> float | None:
    """One-sided chance of a mean gain this large if there were none; None with fewer than two series."""
    if series < 2 or gain is None or spread is None:
        return None
    if spread == 0:
        return 1.0 if gain <= 0 else 0.0
    return 0.5 * erfc(gain / (spread / sqrt(series)) / sqrt(2))


def _faults(row: dict[str, Any], p_value: float | None, live_ratio: float | None) -> list[str]:
    if row["series"] < LEAST_SERIES:
        return [f"compared on {row['series']} series, at least {LEAST_SERIES} are needed"]
    out = []
    if row["absolute"] >= row["champion_absolute"]:
        out.append("its errors add up to no less than those of the active model")
    if p_value is None or p_value > SIGNIFICANT:
        shown = "unknown" if p_value is None else f"{p_value:.3f}"
        out.append(f"the gain may be chance (p = {shown}, paired by series, one-sided)")
    ours, theirs = row["coverage"], row["champion_coverage"]
    if ours is not None and theirs is not None and abs(ours - 0.95) > abs(theirs - 0.95) + COVERAGE_SLACK:
        out.append(f"its 95 % intervals hold {ours:.1%}, those of the active model {theirs:.1%}")
    if live_ratio is not None and live_ratio > 1:
        out.append(f"against what came its errors were {live_ratio:.2f} times those of the active model")
    return out
