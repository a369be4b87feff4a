"""Demand per series and bucket, the buckets without any left out: the raw material of histories.

A series is a SKU, or a SKU at a place, with a number of its own (demand_keys). Buckets are numbers (buckets.py).
"""

from __future__ import annotations

from opscopilot.forecasting.demand import carried
from opscopilot.forecasting.demand.buckets import days_sql, number_of, number_sql
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import Period, PeriodName
from opscopilot.kernel.db import Tx

LONGEST: dict[PeriodName, int] = {"daily": 1096, "weekly": 520, "monthly": 180, "quarterly": 80}
"""Buckets of history kept: older demand says nothing about what comes and would only cost."""
_VERSION = 1
"""Raised whenever the cleaning changes, so that every history is built again."""

_KEYS = """
CREATE TEMP TABLE demand_keys ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY d.sku_id, d.location_id NULLS FIRST)::int AS series, d.sku_id, d.location_id,
       k.base_uom AS uom, k.is_active, k.valid_to, k.category
FROM demand_days d JOIN manufacturing.skus k ON k.id = d.sku_id
GROUP BY d.sku_id, d.location_id, k.base_uom, k.is_active, k.valid_to, k.category HAVING sum(d.ordered) > 0
"""

_DAILY = """
CREATE TEMP TABLE demand_daily ON COMMIT DROP AS
WITH ordered AS (
    SELECT k.series, d.day, d.ordered, d.shipped, d.lost, d.lines, d.one_off FROM demand_days d
    JOIN demand_keys k ON k.sku_id = d.sku_id AND k.location_id IS NOT DISTINCT FROM d.location_id
), weekdays AS (
    SELECT extract(isodow FROM day)::int AS dow, sum(lines) / sum(sum(lines)) OVER () AS weight
    FROM demand_days WHERE location_id IS NULL GROUP BY 1
), out AS (
    SELECT k.series, o.day, extract(isodow FROM o.day)::int AS dow FROM demand_out_days o
    JOIN demand_keys k ON k.sku_id = o.sku_id AND k.location_id IS NOT DISTINCT FROM o.location_id
), stocked AS (
    SELECT series, greatest((max(day) - min(day)) / 7.0, 1) AS weeks FROM ordered
    WHERE series IN (SELECT series FROM out) GROUP BY series
), gone AS (
    SELECT series, dow, count(*) AS days FROM out GROUP BY 1, 2
), own AS (
    SELECT series, dow, lines * weeks / greatest(weeks - coalesce(days, 0), 1) AS lines,
           sum(lines * weeks / greatest(weeks - coalesce(days, 0), 1)) OVER (PARTITION BY series) AS total
    FROM (SELECT series, extract(isodow FROM day)::int AS dow, sum(lines) AS lines FROM ordered GROUP BY 1, 2) o
    JOIN stocked USING (series) LEFT JOIN gone USING (series, dow)
), missed AS (
    SELECT out.series, out.day, ((coalesce(own.lines, 0) + 4 * coalesce(w.weight, 0))
           / (coalesce(max(own.total) OVER (PARTITION BY out.series), 0) + 4))::float8 AS weight
    FROM out LEFT JOIN own USING (series, dow) LEFT JOIN weekdays w USING (dow)
)
SELECT series, day, coalesce(o.ordered, 0) AS ordered, coalesce(o.shipped, 0) AS shipped, coalesce(o.lost, 0) AS lost,
       coalesce(o.lines, 0) AS lines, coalesce(o.one_off, 0) AS one_off, m.series IS NOT NULL AS out, m.weight
FROM ordered o FULL JOIN missed m USING (series, day)
"""

# out_share: the part of the bucket's demand that usually falls on the days it was out of stock.
_SPARSE = """
CREATE TEMP TABLE demand_sparse ON COMMIT DROP AS
SELECT series, b, sum(ordered) AS ordered, sum(shipped) AS shipped, sum(lost) AS lost,
       sum(lines)::int AS lines, sum(one_off) AS one_off, count(*) FILTER (WHERE out)::int AS out_days,
       least(coalesce(sum(weight) FILTER (WHERE out), 0) * 7 / {days}, 1) AS out_share,
       coalesce(sum(ordered) FILTER (WHERE out), 0) AS out_qty, coalesce(sum(lines) FILTER (WHERE out), 0)::int AS out_lines
FROM (SELECT *, {number} AS b FROM demand_daily) d WHERE b BETWEEN :first AND :last GROUP BY series, b
"""

# From the first demand to the last complete bucket, or to the end of a SKU that ended.
_ADJUSTED = """
CREATE TEMP TABLE demand_adjusted ON COMMIT DROP AS
SELECT DISTINCT ON (k.series, bucket) k.series, {bucket} AS bucket, a.id, a.action, a.qty::float8 AS qty, a.reason,
       CAST(0 AS float8) AS one_off, a.period AS source
FROM planning.demand_adjustments a
JOIN demand_keys k ON k.sku_id = a.sku_id AND k.location_id IS NOT DISTINCT FROM a.location_id
WHERE a.period = :period AND a.revoked_at IS NULL ORDER BY k.series, bucket, a.created_at DESC, a.id DESC
"""

# Buckets in which a promotion ran for the item, at the place or everywhere.
_PROMOS = """
CREATE TEMP TABLE demand_promos ON COMMIT DROP AS
SELECT DISTINCT k.series, g.b FROM manufacturing.promotions p
JOIN demand_keys k ON k.sku_id = p.sku_id AND (k.location_id IS NULL OR coalesce(p.location_id, k.location_id) = k.location_id)
CROSS JOIN generate_series({first}, {last}) AS g(b)
WHERE p.status <> 'cancelled' AND p.starts_on <= :as_of AND g.b BETWEEN :first AND :last
"""

_SPANS = """
CREATE TEMP TABLE demand_spans ON COMMIT DROP AS
WITH fingerprints AS (
    SELECT series, min(b) FILTER (WHERE ordered > 0) AS first, max(b) FILTER (WHERE ordered > 0) AS latest,
           count(*) FILTER (WHERE ordered > 0)::int AS with_demand,
           sum(hash_record_extended(ROW(b, ordered, shipped, lost, lines, one_off, out_days, out_qty), 0)::numeric) AS print
    FROM demand_sparse GROUP BY series
), changes AS (
    SELECT series, md5(string_agg(concat_ws(':', id, CASE WHEN action = 'carried' THEN bucket || '=' || round(qty::numeric, 4) END), ','
               ORDER BY id, bucket)) AS ids FROM demand_adjusted GROUP BY series
), promos AS (
    SELECT series, sum(b)::text || '/' || count(*) AS print FROM demand_promos GROUP BY series
), ends AS (
    SELECT k.*, f.first, f.with_demand, concat_ws('|', f.print, c.ids, m.print, k.category, CAST(:stamp AS text)) AS digest,
           least(:last, CASE WHEN NOT k.is_active OR k.valid_to <= :as_of
               THEN greatest(f.latest, {valid_to}) END) AS last
    FROM fingerprints f JOIN demand_keys k USING (series) LEFT JOIN changes c USING (series)
    LEFT JOIN promos m USING (series) WHERE f.first IS NOT NULL
)
SELECT e.series, e.sku_id, e.location_id, e.uom, e.first, e.last, e.with_demand, e.digest,
       {old_first} AS old_first, {old_last} AS old_last,
       s.digest IS DISTINCT FROM e.digest OR s.uom IS DISTINCT FROM e.uom AS changed
FROM (SELECT * FROM ends WHERE last >= first) e
LEFT JOIN forecast.demand_series s ON s.sku_id = e.sku_id
    AND s.location_id IS NOT DISTINCT FROM e.location_id AND s.period = :period
"""


def gather_days(tx: Tx) -> None:
    """Number the series and put orders and days without stock together (demand_keys, demand_daily)."""
    tx.execute(_KEYS)
    tx.execute("ANALYZE demand_keys")
    tx.execute(_DAILY)
    tx.execute("ANALYZE demand_daily")


def gather_buckets(tx: Tx, cut: DataCut, period: Period, settings: str) -> int:
    """Leave demand_sparse, demand_spans and demand_adjusted for one period; how many series to build again. `settings`
    names how histories are cleaned: another way of cleaning is a reason to build them again."""
    tx.execute("DROP TABLE IF EXISTS demand_sparse, demand_spans, demand_adjusted, demand_promos")
    last = number_of(period, cut.last_bucket(period), cut.week_start)
    bounds = {"first": last - LONGEST[period.name] + 1, "last": last}
    ws = cut.week_start
    number = number_sql(period, "day", ws)
    tx.execute(_SPARSE.format(number=number, days=days_sql(period, "b", ws)), **bounds)
    tx.execute("ANALYZE demand_sparse")
    first, until = number_sql(period, "p.starts_on", ws), number_sql(period, "p.ends_on", ws)
    tx.execute(_PROMOS.format(first=first, last=until), as_of=cut.as_of, **bounds)
    tx.execute(_ADJUSTED.format(bucket=number_sql(period, "a.bucket_start", ws)), period=period.name)
    carried.carry_over(tx, cut, period)
    tx.execute(
        _SPANS.format(
            valid_to=number_sql(period, "k.valid_to", ws), old_first=number_sql(period, "s.first_bucket", ws),
            old_last=number_sql(period, "s.last_bucket", ws)
        ), period=period.name, as_of=cut.as_of, last=last,
        stamp=f"{_VERSION} {settings} {ws if period.name == 'weekly' else ''}",
    )  # fmt: skip
    tx.execute("ANALYZE demand_spans")
    return int(tx.scalar("SELECT count(*) FROM demand_spans WHERE changed"))
