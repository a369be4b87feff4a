"""How good published forecasts turned out, at the lag that mattered, beside the naive (D2, P-52, P-53).

Errors are actual - forecast: a negative bias is over-forecasting. Levels are sums before ratios; MASE is pooled as
the sum of absolute errors over the sum of the naive scales. MAPE is not offered: it is undefined at zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting.evaluation.actuals import ACTUALS, LAGS, LEAD_LAG, STEP, WINDOW, judged
from opscopilot.forecasting.evaluation.levels import ITEMS, LEVELS, TOTAL
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

SIGNAL_LIMIT = 4.0
SIGNAL_KEEP = 3.0
"""A tracking signal is reported beyond the limit; a report stays open down to here, so that it does not flicker."""
SIGNAL_LAG = 1
SIGNAL_FROM = 6
"""Periods below which a tracking signal says nothing."""


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


def _live(version: Version) -> str:
    """One row per node and lag: the sums of its window. The MASE scale is the (seasonal) naive error before it."""
    return f"""
INSERT INTO accuracy_cells
WITH judged AS MATERIALIZED ({judged(version.period)}
), before AS (
    SELECT a.*, a.actual - lag(a.actual, :season) OVER w AS seasonal, a.actual - lag(a.actual) OVER w AS step
    FROM ({ACTUALS}) a
    WHERE a.bucket_start < :since AND (a.entity_type, a.entity_id) IN (SELECT entity_type, entity_id FROM judged)
    WINDOW w AS (PARTITION BY a.entity_type, a.entity_id, a.location_id ORDER BY a.bucket_start)
), scales AS (
    SELECT entity_type, entity_id, location_id, nullif(coalesce(avg(abs(seasonal)), avg(abs(step))), 0) AS scale
    FROM before GROUP BY 1, 2, 3
)
SELECT 'live', j.basis, j.lag, j.entity_type, j.entity_id, j.location_id, min(j.uom), min(j.bucket_start),
    CAST(max(j.bucket_start) + CAST(:step AS interval) AS date) - 1, count(*), sum(j.actual), sum(j.error),
    sum(abs(j.error)), sum(j.error * j.error), sum(s.scale), CASE WHEN min(s.scale) > 0 THEN sum(abs(j.error)) END,
    CASE WHEN count(j.naive_error) = count(*) THEN sum(abs(j.naive_error)) END, sum(abs(j.engine_error)),
    count(*) FILTER (WHERE j.overridden), sum(j.in_80), sum(j.in_95)
FROM judged j LEFT JOIN scales s ON s.entity_type = j.entity_type AND s.entity_id = j.entity_id
    AND s.location_id IS NOT DISTINCT FROM j.location_id
GROUP BY j.basis, j.lag, j.entity_type, j.entity_id, j.location_id
"""


# Rolling origins, kept by the batches. The naive's error is known over all lags only.
_BACKTEST = f"""
INSERT INTO accuracy_cells
SELECT 'backtest', b.basis, b.lag, s.entity_type, s.entity_id, s.location_id, s.uom, NULL, :until, b.sums[1],
    b.sums[2], b.sums[3], b.sums[4], b.sums[5], b.sums[6], CASE WHEN b.sums[6] > 0 THEN b.sums[4] END,
    CASE WHEN b.basis = 'all' THEN s.naive_wape * b.sums[2] END, b.sums[4], 0, b.sums[7], b.sums[8]
FROM forecast.forecast_series s
CROSS JOIN LATERAL (VALUES ('all', 0, s.backtest_sums), ('lead_time', {LEAD_LAG}, s.backtest_lead))
    AS b(basis, lag, sums)
WHERE s.version_id = :current AND s.status = 'ok' AND b.sums[1] > 0
"""
_CELLS = """
CREATE TEMP TABLE accuracy_cells (kind text, basis text, lag integer, entity_type text, entity_id uuid,
    location_id uuid, uom text, first date, last date, n float8, actual float8, error float8, absolute float8,
    squared float8, scale float8, scaled float8, naive float8, engine float8, overridden float8, in_80 float8,
    in_95 float8) ON COMMIT DROP
"""


def measure(tx: Tx, version: Version) -> None:
    """Write the version's backtest, and how its published predecessors did until its data cut; per series and
    summed up."""
    tx.execute("DELETE FROM forecast.forecast_accuracy_metrics WHERE version_id = :version", version=version.id)
    tx.execute(_CELLS)
    asked = window(version)
    tx.execute(_BACKTEST, current=version.id, until=version.history_end, days=version.length.days)
    tx.execute(_live(version), **asked, season=version.length.season)
    for sql in (ITEMS, LEVELS, TOTAL):
        tx.execute(sql, tenant=tx.tenant_id, version=version.id)
    tx.execute("DROP TABLE accuracy_cells")


def window(version: Version, periods: int | None = None, scope: str | None = None) -> dict[str, Any]:
    """Parameters of `judged` for the last complete periods before the version's cut."""
    return {
        "scope": scope or version.scope, "period": version.period, "current": version.id,
        "since": first_bucket(version, periods or WINDOW[version.period]), "until": version.history_end,
        "lags": list(LAGS[version.period]), "step": STEP[version.period], "days": version.length.days,
    }  # fmt: skip


def first_bucket(version: Version, periods: int) -> date:
    """First day of the window of that many complete periods."""
    return version.length.following(version.history_end + timedelta(days=1), -periods)


def out_of_bounds(tx: Tx, version: Version) -> list[Bias]:
    """SKUs whose forecasts lean to one side by more than SIGNAL_KEEP, the worst first."""
    found = tx.rows(
        """SELECT k.id AS sku_id, k.sku_code, k.description, m.tracking_signal, m.bias, m.n,
                  m.sum_error AS quantity, nullif(k.list_price, 0) AS price, nullif(k.unit_cost, 0) AS cost,
                  coalesce(k.currency, t.default_currency) AS currency
           FROM forecast.forecast_accuracy_metrics m JOIN manufacturing.skus k ON k.id = m.entity_id
           CROSS JOIN platform.tenants t
           WHERE m.version_id = :version AND m.kind = 'live' AND m.level = 'item' AND m.entity_type = 'sku'
             AND m.lag_basis = 'fixed' AND m.lag = :lag AND m.n >= :least AND m.bias IS NOT NULL
             AND abs(m.tracking_signal) > :limit AND k.is_active ORDER BY abs(m.tracking_signal) DESC, k.sku_code""",
        version=version.id, lag=SIGNAL_LAG, least=SIGNAL_FROM, limit=SIGNAL_KEEP,
    )  # fmt: skip
    return [Bias(**row) for row in found]
