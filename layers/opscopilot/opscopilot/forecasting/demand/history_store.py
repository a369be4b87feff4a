"""Writes histories: new series as a whole, known ones only where they differ."""

from __future__ import annotations

from opscopilot.forecasting.demand.buckets import number_sql, start_sql
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import Period
from opscopilot.kernel.db import Tx

_SLICE = 10_000
"""Series written by one statement."""

_FACTS = (
    "ordered_qty", "shipped_qty", "lost_qty", "was_stocked_out", "was_promo", "unconstrained_qty", "cleaning_rule", "order_lines",
    "uom", "flag", "flag_reason", "in_stock_share", "adjustment_id",
)  # fmt: skip

# What each bucket of a changed series says; buckets that are missing here are zero.
_ROWS = """
CREATE TEMP TABLE demand_rows ON COMMIT DROP AS
SELECT series, b, coalesce(s.ordered, 0)::numeric(18,6) AS ordered_qty, coalesce(s.shipped, 0)::numeric(18,6) AS shipped_qty,
       coalesce(s.lost, 0)::numeric(18,6) AS lost_qty, coalesce(s.lost > 0 OR s.out_days > 0, false) AS was_stocked_out,
       p.series IS NOT NULL AS was_promo, coalesce(c.unconstrained, s.ordered, 0)::numeric(18,6) AS unconstrained_qty,
       coalesce(c.rule, 'as_ordered') AS cleaning_rule, coalesce(s.lines, 0) AS order_lines,
       c.flag, c.flag_reason, CASE WHEN s.out_days > 0 THEN round((1 - s.out_share)::numeric, 4)::real END AS in_stock_share, c.adjustment_id
FROM (SELECT s.* FROM demand_sparse s JOIN demand_changed USING (series)) s FULL JOIN demand_cleaned c USING (series, b)
FULL JOIN (SELECT p.* FROM demand_promos p JOIN demand_changed USING (series)) p USING (series, b)
"""

# A series that is gone, and the buckets of one that has become shorter.
_GONE = """
DELETE FROM {table} h USING forecast.demand_series s
LEFT JOIN demand_spans p ON p.sku_id = s.sku_id AND p.location_id IS NOT DISTINCT FROM s.location_id
WHERE s.period = :period AND s.location_id IS {null} AND (p.series IS NULL OR p.first > p.old_first OR p.last < p.old_last)
  AND h.period = :period AND h.sku_id = s.sku_id {same_place}
  AND (p.series IS NULL OR h.bucket_start < {first} OR h.bucket_start > {last})
"""

_NEW = """
INSERT INTO {table} (tenant_id, sku_id, {place} period, bucket_start, ordered_qty, shipped_qty, lost_qty,
    was_stocked_out, was_promo, unconstrained_qty, cleaning_rule, order_lines, uom, flag, flag_reason, in_stock_share, adjustment_id)
SELECT :tenant, n.sku_id, {place} :period, {start}, coalesce(r.ordered_qty, 0), coalesce(r.shipped_qty, 0),
       coalesce(r.lost_qty, 0), coalesce(r.was_stocked_out, false), coalesce(r.was_promo, false),
       coalesce(r.unconstrained_qty, 0), coalesce(r.cleaning_rule, 'as_ordered'), coalesce(r.order_lines, 0), n.uom, r.flag, r.flag_reason,
       r.in_stock_share, r.adjustment_id
FROM (
    SELECT p.series, p.sku_id, p.location_id, p.uom, g.b FROM demand_spans p
    CROSS JOIN generate_series(p.first, coalesce(least(p.old_first - 1, p.last), p.last)) AS g(b)
    WHERE p.location_id IS {null} AND p.series >= :low AND p.series < :high
    UNION ALL
    SELECT p.series, p.sku_id, p.location_id, p.uom, g.b FROM demand_spans p
    CROSS JOIN generate_series(greatest(p.old_last + 1, p.first), p.last) AS g(b)
    WHERE p.location_id IS {null} AND p.series >= :low AND p.series < :high AND p.old_last IS NOT NULL
) n LEFT JOIN (SELECT * FROM demand_rows WHERE series >= :low AND series < :high) r USING (series, b)
"""

_DIFFERENT = """
WITH different AS (
    SELECT h.ctid AS row, p.uom, coalesce(r.ordered_qty, 0) AS ordered_qty, coalesce(r.shipped_qty, 0) AS shipped_qty,
        coalesce(r.lost_qty, 0) AS lost_qty, coalesce(r.was_stocked_out, false) AS was_stocked_out,
        coalesce(r.was_promo, false) AS was_promo,
        coalesce(r.unconstrained_qty, 0) AS unconstrained_qty, coalesce(r.cleaning_rule, 'as_ordered') AS cleaning_rule,
        coalesce(r.order_lines, 0) AS order_lines, r.flag, r.flag_reason, r.in_stock_share, r.adjustment_id
    FROM demand_spans p JOIN {table} h ON h.sku_id = p.sku_id {span_place} AND h.period = :period
    LEFT JOIN demand_rows r ON r.series = p.series AND r.b = {bucket}
    WHERE p.old_first IS NOT NULL AND p.changed AND p.location_id IS {null}
      AND (h.ordered_qty, h.shipped_qty, h.lost_qty, h.was_stocked_out, h.was_promo, h.unconstrained_qty, h.cleaning_rule,
           h.order_lines, h.uom, h.flag, h.flag_reason, h.in_stock_share, h.adjustment_id) IS DISTINCT FROM (
           coalesce(r.ordered_qty, 0), coalesce(r.shipped_qty, 0), coalesce(r.lost_qty, 0),
           coalesce(r.was_stocked_out, false), coalesce(r.was_promo, false), coalesce(r.unconstrained_qty, 0),
           coalesce(r.cleaning_rule, 'as_ordered'),
           coalesce(r.order_lines, 0), p.uom, r.flag, r.flag_reason, r.in_stock_share, r.adjustment_id)
)
UPDATE {table} h SET {facts}, updated_at = now() FROM different d WHERE h.ctid = d.row
"""

_STATE_GONE = """
DELETE FROM forecast.demand_series s WHERE s.period = :period AND NOT EXISTS (
    SELECT 1 FROM demand_spans p WHERE p.sku_id = s.sku_id AND p.location_id IS NOT DISTINCT FROM s.location_id)
"""
_STATE = """
INSERT INTO forecast.demand_series AS s (tenant_id, sku_id, location_id, period, uom, first_bucket, last_bucket, buckets,
    buckets_with_demand, digest)
SELECT :tenant, sku_id, location_id, :period, uom, {first}, {last}, last - first + 1, with_demand, digest
FROM demand_spans p
ON CONFLICT (tenant_id, sku_id, location_id, period) DO UPDATE SET uom = excluded.uom,
    first_bucket = excluded.first_bucket, last_bucket = excluded.last_bucket, buckets = excluded.buckets,
    buckets_with_demand = excluded.buckets_with_demand, digest = excluded.digest, built_at = now()
WHERE (s.first_bucket, s.last_bucket, s.digest, s.uom) IS DISTINCT FROM
    (excluded.first_bucket, excluded.last_bucket, excluded.digest, excluded.uom)
"""

# (table, what it has for a place, how a row of it is matched to a state or a span)
_SHAPES = (
    ("forecast.demand_history", "NULL", "", ""),
    ("forecast.demand_history_locations", "NOT NULL", "location_id,", "AND h.location_id = {0}.location_id"),
)


def store(tx: Tx, cut: DataCut, period: Period) -> int:
    """Bring both history tables and demand_series in line with demand_spans, demand_sparse and demand_cleaned; the
    rows that changed."""
    ws = cut.week_start
    fixed = {"period": period.name}
    tx.execute("DROP TABLE IF EXISTS demand_rows")
    tx.execute(_ROWS)
    tx.execute("ANALYZE demand_rows")
    first, last = start_sql(period, "p.first", ws), start_sql(period, "p.last", ws)
    _forget_unknown(tx, period)
    series, touched = int(tx.scalar("SELECT coalesce(max(series), 0) FROM demand_spans")), 0
    for table, null, place, match in _SHAPES:
        touched += tx.execute(_GONE.format(table=table, null=null, same_place=match.format("s"), first=first, last=last),
                              **fixed)  # fmt: skip
        touched += tx.execute(
            _DIFFERENT.format(
                table=table, null=null, span_place=match.format("p"), bucket=number_sql(period, "h.bucket_start", ws),
                facts=", ".join(f"{name} = d.{name}" for name in _FACTS),
            ), **fixed,
        )  # fmt: skip
        new = _NEW.format(table=table, null=null, place=place, start=start_sql(period, "n.b", ws))
        for low in range(1, series + 1, _SLICE):
            touched += tx.execute(new, tenant=tx.tenant_id, low=low, high=low + _SLICE, **fixed)
    tx.execute(_STATE_GONE, period=period.name)
    tx.execute(_STATE.format(first=first, last=last), tenant=tx.tenant_id, **fixed)
    return touched


def _forget_unknown(tx: Tx, period: Period) -> None:
    """Rows without a state are of an earlier release: they are built again."""
    if not tx.scalar("SELECT EXISTS (SELECT 1 FROM forecast.demand_series WHERE period = :p)", p=period.name):
        for table, *_ in _SHAPES:
            tx.execute(f"DELETE FROM {table} WHERE period = :p", p=period.name)
