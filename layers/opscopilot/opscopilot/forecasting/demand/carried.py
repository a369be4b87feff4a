"""What a person said about a bucket of one period, carried over to the others: a week set aside is set aside in its
days, its month and its quarter too.

What is carried is the difference between the quantity to learn from and the ordered one. It is dealt out to the days
of the bucket by what was ordered on them, evenly where nothing was, and added up per bucket of the other period.
"""

from __future__ import annotations

from opscopilot.forecasting.demand.buckets import number_sql
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import Period
from opscopilot.kernel.db import Tx

_AROUND = 8
"""Buckets to each side of an excluded one that say what is usual there."""

# Of two people who speak of one day the later one counts. `usual` is per day and leaves out days spoken of.
_CARRIED = """
INSERT INTO demand_adjusted (series, bucket, id, action, qty, reason, one_off, source)
WITH said AS (
    SELECT k.series, a.id, a.action, a.qty::float8 AS qty, a.reason, a.period, a.created_at, a.bucket_start AS starts,
           (a.bucket_start + CASE a.period WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN interval '7 days'
               WHEN 'monthly' THEN interval '1 month' ELSE interval '3 months' END)::date AS ends
    FROM planning.demand_adjustments a
    JOIN demand_keys k ON k.sku_id = a.sku_id AND k.location_id IS NOT DISTINCT FROM a.location_id
    WHERE a.revoked_at IS NULL
), over AS (
    SELECT *, ends - starts AS days FROM said WHERE ends <= CAST(:complete AS date) + 1
), spoken AS (
    SELECT DISTINCT ON (o.series, g.day) o.series, g.day::date AS day, o.id FROM over o
    CROSS JOIN generate_series(o.starts, o.ends - 1, interval '1 day') AS g(day)
    ORDER BY o.series, g.day, o.created_at DESC, o.id DESC
), demand AS (
    SELECT d.series, d.day, d.ordered, d.one_off, s.series IS NOT NULL AS spoken,
           min(d.day) FILTER (WHERE d.ordered > 0) OVER (PARTITION BY d.series) AS first
    FROM demand_daily d LEFT JOIN spoken s USING (series, day) WHERE d.series IN (SELECT series FROM over)
), sums AS (
    SELECT o.id, coalesce(sum(d.ordered) FILTER (WHERE d.day >= o.starts AND d.day < o.ends), 0)::float8 AS own,
           coalesce(sum(d.ordered - d.one_off) FILTER (WHERE NOT d.spoken), 0)::float8 AS around,
           least(:complete, o.ends - 1 + {around} * o.days) + 1 - greatest(min(d.first), o.starts - {around} * o.days)
               AS window_days
    FROM over o JOIN demand d ON d.series = o.series AND d.day < o.ends + {around} * o.days
        AND d.day >= o.starts - {around} * o.days AND d.day <= :complete
    GROUP BY o.id, o.starts, o.ends, o.days
), taken AS (
    SELECT o.id, count(*) AS days FROM over o JOIN spoken s USING (series)
    JOIN (SELECT series, min(first) AS first FROM demand GROUP BY series) f USING (series)
    WHERE s.day >= greatest(o.starts - {around} * o.days, f.first) AND s.day < o.ends + {around} * o.days GROUP BY o.id
), moved AS (
    SELECT o.*, coalesce(m.own, 0) AS own, CASE o.action WHEN 'keep' THEN 0 WHEN 'replace' THEN o.qty - coalesce(m.own, 0)
           ELSE coalesce(m.around / nullif(greatest(m.window_days - t.days, 0), 0), 0) * o.days - coalesce(m.own, 0)
           END AS difference
    FROM over o LEFT JOIN sums m USING (id) LEFT JOIN taken t USING (id)
), parts AS (
    SELECT m.series, {bucket} AS bucket, m.id, m.reason, m.period, m.created_at, coalesce(d.one_off, 0)::float8 AS one_off,
           m.difference * CASE WHEN m.own > 0 THEN coalesce(d.ordered, 0)::float8 / m.own ELSE 1.0 / m.days END AS part
    FROM moved m JOIN spoken s USING (series, id) LEFT JOIN demand d ON d.series = s.series AND d.day = s.day
    WHERE m.period <> :period
)
SELECT series, bucket, (array_agg(id ORDER BY created_at DESC, id DESC))[1], 'carried', sum(part),
       (array_agg(reason ORDER BY created_at DESC, id DESC))[1], sum(one_off),
       (array_agg(period ORDER BY created_at DESC, id DESC))[1]
FROM parts p WHERE NOT EXISTS (SELECT 1 FROM demand_adjusted a WHERE a.series = p.series AND a.bucket = p.bucket)
GROUP BY series, bucket
"""


def carry_over(tx: Tx, cut: DataCut, period: Period) -> None:
    """Add to demand_adjusted what was said about buckets of other periods: action 'carried', `qty` the difference in
    base units, `one_off` what was a one-off on the days spoken of, `source` the period it was said of. A bucket of
    this period that somebody spoke of itself is left alone, and so is what is said of a bucket that is not over."""
    query = _CARRIED.format(around=_AROUND, bucket=number_sql(period, "s.day", cut.week_start))
    tx.execute(query, complete=cut.complete_day, period=period.name)
