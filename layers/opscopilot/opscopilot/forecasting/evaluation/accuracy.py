"""How good published forecasts turned out, at the lag that mattered (D2, P-52, P-53)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

LAGS = (1, 2, 4, 8)
"""Weeks between the forecast and the week it was for; 1 = the first forecast week."""
WINDOW_WEEKS = 26
SIGNAL_LIMIT = 4.0
SIGNAL_KEEP = 3.0
"""A tracking signal is reported beyond the limit; a report stays open down to here, so that it does not flicker."""
SIGNAL_LAG = 1
SIGNAL_FROM = 6
"""Weeks below which a tracking signal says nothing."""


@dataclass(frozen=True, slots=True)
class Bias:
    """A SKU whose tracking signal is out of bounds. bias = sum(actual - forecast) / sum(actual).

    `quantity` = sum(actual - forecast) in base units. `price` values what was forecast too low (sales that were not
    planned for), `cost` what was forecast too high (stock nobody asked for); None = not known.
    """

    sku_id: UUID
    sku_code: str
    description: str
    tracking_signal: float
    bias: float
    n: int
    quantity: float = 0.0
    price: Decimal | None = None
    cost: Decimal | None = None
    currency: str | None = None


# Of several versions made in one week the last one before the target week's end counts. Errors are
# actual - forecast. entity_id null sums all items before dividing.
_LIVE = """
WITH told AS MATERIALIZED (
    SELECT id, horizon_start, published_at FROM forecast.forecast_versions
    WHERE scope = :scope AND period = :period AND status IN ('published', 'superseded')
      AND horizon_start <= :until AND horizon_end > CAST(:until AS date) - 7 * CAST(:weeks AS integer)
), judged AS (
    SELECT DISTINCT ON (f.entity_id, f.bucket_start, lag) f.entity_id, f.bucket_start,
           1 + (f.bucket_start - v.horizon_start) / 7 AS lag, h.unconstrained_qty::float8 AS actual,
           (h.unconstrained_qty - f.value)::float8 AS error,
           (h.unconstrained_qty BETWEEN f.lower_80 AND f.upper_80)::int AS in_80,
           (h.unconstrained_qty BETWEEN f.lower_95 AND f.upper_95)::int AS in_95
    FROM told v
    JOIN forecast.forecasts f ON f.version_id = v.id
    JOIN forecast.demand_history h ON h.tenant_id = f.tenant_id AND h.sku_id = f.entity_id
        AND h.period = :period AND h.bucket_start = f.bucket_start
    WHERE f.bucket_start BETWEEN CAST(:until AS date) - 7 * CAST(:weeks AS integer) + 1 AND :until
      AND 1 + (f.bucket_start - v.horizon_start) / 7 = ANY(CAST(:lags AS integer[]))
    ORDER BY f.entity_id, f.bucket_start, lag, v.published_at DESC
), measured AS (
    SELECT entity_id, lag, count(*) AS n, min(bucket_start) AS first, max(bucket_start) AS last,
           avg(abs(error)) AS mae, sqrt(avg(error * error)) AS rmse, sum(error) AS total, sum(actual) AS volume,
           sum(abs(error)) AS absolute, avg(in_80) AS in_80, avg(in_95) AS in_95
    FROM judged GROUP BY GROUPING SETS ((entity_id, lag), (lag))
)
INSERT INTO forecast.forecast_accuracy_metrics (tenant_id, version_id, kind, entity_id, lag, window_start, window_end,
    mae, rmse, wape, bias, tracking_signal, coverage_80, coverage_95, n)
SELECT :tenant, :version, 'live', entity_id, lag, first, last + 6, mae, rmse, absolute / nullif(volume, 0),
       total / nullif(volume, 0), CASE WHEN entity_id IS NOT NULL THEN total / nullif(mae, 0) END, in_80, in_95, n
FROM measured
"""

# All series together, each weighted with its demand of the last year. n counts rolling origins.
_BACKTEST = """
INSERT INTO forecast.forecast_accuracy_metrics (tenant_id, version_id, kind, lag, window_end, wape, bias, mase,
    coverage_80, coverage_95, n)
SELECT :tenant, :version, 'backtest', 0, :until,
       sum(wape * recent_volume) / nullif(sum(recent_volume) FILTER (WHERE wape IS NOT NULL), 0),
       sum(bias * recent_volume) / nullif(sum(recent_volume) FILTER (WHERE bias IS NOT NULL), 0),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY mase), avg(coverage_80), avg(coverage_95), sum(origins)
FROM forecast.forecast_series WHERE version_id = :version AND status = 'ok' AND origins > 0
HAVING count(*) > 0
"""


def measure(tx: Tx, version: Version) -> None:
    """Write the version's backtest in total, and how its published predecessors did until its data cut."""
    tx.execute("DELETE FROM forecast.forecast_accuracy_metrics WHERE version_id = :version", version=version.id)
    tx.execute(_BACKTEST, tenant=tx.tenant_id, version=version.id, until=version.history_end)
    tx.execute(
        _LIVE, tenant=tx.tenant_id, version=version.id, scope=version.scope, period=version.period,
        until=version.history_end, weeks=WINDOW_WEEKS, lags=list(LAGS),
    )  # fmt: skip


def out_of_bounds(tx: Tx, version: Version) -> list[Bias]:
    """SKUs whose forecasts lean to one side by more than SIGNAL_KEEP, the worst first."""
    found = tx.rows(
        """SELECT k.id AS sku_id, k.sku_code, k.description, m.tracking_signal, m.bias, m.n,
                  m.tracking_signal * m.mae AS quantity, nullif(k.list_price, 0) AS price,
                  nullif(k.unit_cost, 0) AS cost, coalesce(k.currency, t.default_currency) AS currency
           FROM forecast.forecast_accuracy_metrics m JOIN manufacturing.skus k ON k.id = m.entity_id
           CROSS JOIN platform.tenants t
           WHERE m.version_id = :version AND m.kind = 'live' AND m.lag = :lag AND m.n >= :least AND m.bias IS NOT NULL
             AND abs(m.tracking_signal) > :limit AND k.is_active ORDER BY abs(m.tracking_signal) DESC, k.sku_code""",
        version=version.id, lag=SIGNAL_LAG, least=SIGNAL_FROM, limit=SIGNAL_KEEP,
    )  # fmt: skip
    return [Bias(**row) for row in found]
