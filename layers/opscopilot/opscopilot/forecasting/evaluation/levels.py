"""From sums per series to the measures of every level: sums before ratios (P-53). SQL over `accuracy_cells`."""

from __future__ import annotations

_TARGET = """INSERT INTO forecast.forecast_accuracy_metrics (tenant_id, version_id, kind, level, group_code, uom,
    entity_type, entity_id, location_id, lag_basis, lag, window_start, window_end, n, sum_actual, sum_error,
    sum_absolute, sum_squared, sum_scale, sum_scaled, naive_absolute, engine_absolute, overridden, inside_80, inside_95,
    mae, rmse, wape, bias, mase, tracking_signal, coverage_80, coverage_95, naive_wape, engine_wape)"""

_RATIOS = """
    absolute / n, sqrt(squared / n), absolute / nullif(actual, 0), error / nullif(actual, 0),
    scaled / nullif(scale, 0), {signal}, in_80 / n, in_95 / n, naive / nullif(actual, 0), engine / nullif(actual, 0)"""

_SUMS = """min(c.first) AS first, max(c.last) AS last, sum(c.n) AS n, sum({w}c.actual) AS actual,
    sum({w}c.error) AS error, sum({w}c.absolute) AS absolute, sum({ww}c.squared) AS squared,
    sum({w}c.scale) FILTER (WHERE c.scaled IS NOT NULL) AS scale, sum({w}c.scaled) AS scaled,
    CASE WHEN count(c.naive) = count(*) THEN sum({w}c.naive) END AS naive, sum({w}c.engine) AS engine,
    sum(c.overridden) AS overridden, CASE WHEN count(c.in_80) = count(*) THEN sum(c.in_80) END AS in_80,
    CASE WHEN count(c.in_95) = count(*) THEN sum(c.in_95) END AS in_95"""

# The lag of a sum of items at their own lead times is no single number: 0.
_LAG = "CASE WHEN c.basis = 'lead_time' THEN 0 ELSE c.lag END"

# An item's ABC class: items that make 80 and 95 percent of the value asked for in a year (D15).
_CLASSED = """
WITH valued AS (
    SELECT s.entity_id, coalesce(k.list_price, k.unit_cost) AS price, coalesce(k.category, 'none') AS family,
        s.recent_volume * coalesce(k.list_price, k.unit_cost)::float8 AS worth
    FROM forecast.forecast_series s JOIN manufacturing.skus k ON k.id = s.entity_id
    WHERE s.version_id = :version AND s.entity_type = 'sku'
), classed AS (
    SELECT *, CASE WHEN worth IS NULL THEN NULL
        WHEN coalesce(sum(worth) OVER (ORDER BY worth DESC, entity_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
             0) < 0.80 * sum(worth) OVER () THEN 'A'
        WHEN coalesce(sum(worth) OVER (ORDER BY worth DESC, entity_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
             0) < 0.95 * sum(worth) OVER () THEN 'B' ELSE 'C' END AS abc
    FROM valued
)"""


def _insert(select: str, signal: str = "NULL") -> str:
    columns = """n, actual, error, absolute, squared, scale, scaled, naive, engine, overridden, in_80, in_95"""
    return f"""{_TARGET}
{_CLASSED}
SELECT :tenant, :version, kind, level, group_code, uom, entity_type, entity_id, location_id, basis, lag, first, last,
    {columns}, {_RATIOS.format(signal=signal)}
FROM ({select}) summed WHERE n > 0
"""


ITEMS = _insert(
    """SELECT c.*, 'item' AS level, CAST(NULL AS text) AS group_code FROM accuracy_cells c""",
    "error / nullif(absolute / n, 0)",
)
"""Every series by itself. Tracking signal: sum of errors over the mean absolute error, alarm beyond 4."""

LEVELS = _insert(
    f"""SELECT c.kind, c.basis, {_LAG} AS lag, g.level, g.code AS group_code, c.uom, 'sku' AS entity_type,
        CAST(NULL AS uuid) AS entity_id, CAST(NULL AS uuid) AS location_id, {_SUMS.format(w="", ww="")}
    FROM accuracy_cells c JOIN classed k ON k.entity_id = c.entity_id
    CROSS JOIN LATERAL (VALUES ('family', k.family), ('abc_class', k.abc), ('plant', CAST(NULL AS text)))
        AS g(level, code)
    WHERE c.entity_type = 'sku' AND (g.level = 'plant' OR g.code IS NOT NULL)
    GROUP BY c.kind, c.basis, {_LAG}, g.level, g.code, c.uom"""
)
"""Items of a family, an ABC class and the plant, each base unit for itself: pieces and kilograms are not added."""

_ONE_UNIT = "(SELECT count(DISTINCT uom) FROM accuracy_cells WHERE entity_type = 'sku') = 1"
_WEIGHT = f"(CASE WHEN {_ONE_UNIT} THEN 1 ELSE CAST(k.price AS float8) END) * "

TOTAL = _insert(
    f"""SELECT c.kind, c.basis, {_LAG} AS lag, 'total' AS level, CAST(NULL AS text) AS group_code,
        CASE WHEN {_ONE_UNIT} THEN min(c.uom) END AS uom, 'sku' AS entity_type, CAST(NULL AS uuid) AS entity_id,
        CAST(NULL AS uuid) AS location_id, {_SUMS.format(w=_WEIGHT, ww=_WEIGHT + _WEIGHT)}
    FROM accuracy_cells c JOIN classed k ON k.entity_id = c.entity_id
    WHERE c.entity_type = 'sku' AND ({_ONE_UNIT} OR k.price > 0)
    GROUP BY c.kind, c.basis, {_LAG}"""
)
"""All items. In one unit their quantities add up; in several they are weighted with their price."""
