"""What each supplier has shown by the version's cut, against the first confirmation (D13), as rows of the version."""

from __future__ import annotations

from typing import Any

from opscopilot.forecasting import copyio
from opscopilot.forecasting.rules import share_interval
from opscopilot.forecasting.runs.versions import Version
from opscopilot.forecasting.supply.delivery import Curves
from opscopilot.forecasting.supply.lateness import later_than, quantile, survival
from opscopilot.forecasting.supply.leadtimes import ENOUGH
from opscopilot.forecasting.supply.observed import EARLY_DAYS, LINES
from opscopilot.kernel.db import Row, Tx

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_COLUMNS = (
    "tenant_id", "version_id", "supplier_id", "supplier_code", "name", "lines", "past_due", "open_lines", "on_time",
    "in_full", "otif", "otif_low", "otif_high", "early", "receipts", "lead_time_mean", "lead_time_sd", "levels",
    "lead_time_quantiles", "lateness_quantiles", "late_probability", "basis",
)  # fmt: skip

# A line counts when it has come or is past due. Only suppliers whose receipts are recorded are judged at all (P-72).
_QUERY = f"""
WITH {LINES}, counted AS (
    SELECT d.*, d.arrived - d.promised AS late, coalesce(d.received >= d.wanted, false) AS full_qty,
        d.arrived IS NULL AND d.open_qty > 0 AND d.promised < :today AS past_due
    FROM delivered d
), days AS (
    SELECT u.supplier_id, min(b.day) - u.order_date AS took FROM booked b JOIN purchase u ON u.id = b.line_id
    GROUP BY u.id, u.supplier_id, u.order_date HAVING min(b.day) >= u.order_date
), took AS (
    SELECT supplier_id, avg(took)::float8 AS mean, coalesce(stddev_samp(took), 0)::float8 AS sd,
        percentile_cont(ARRAY[{", ".join(map(str, LEVELS))}]) WITHIN GROUP (ORDER BY took) AS quantiles
    FROM days GROUP BY supplier_id
)
SELECT s.id, s.supplier_code, s.name, count(c.id) FILTER (WHERE c.open_qty > 0) AS open_lines,
    count(*) FILTER (WHERE c.past_due) AS past_due, count(*) FILTER (WHERE c.arrived IS NOT NULL) AS receipts,
    count(*) FILTER (WHERE c.promised IS NOT NULL AND (c.past_due OR c.arrived IS NOT NULL)) AS lines,
    count(*) FILTER (WHERE c.late BETWEEN -{EARLY_DAYS} AND 0) AS on_time,
    count(*) FILTER (WHERE c.full_qty AND c.promised IS NOT NULL AND c.arrived IS NOT NULL) AS in_full,
    count(*) FILTER (WHERE c.late BETWEEN -{EARLY_DAYS} AND 0 AND c.full_qty) AS otif,
    count(*) FILTER (WHERE c.late < -{EARLY_DAYS}) AS early, t.mean, t.sd, t.quantiles
FROM manufacturing.suppliers s
JOIN counted c ON c.supplier_id = s.id
LEFT JOIN took t ON t.supplier_id = s.id
GROUP BY s.id, s.supplier_code, s.name, t.mean, t.sd, t.quantiles ORDER BY s.supplier_code
"""


def store(tx: Tx, version: Version, curves: Curves) -> int:
    """Replace the version's supplier figures; how many suppliers."""
    found = tx.rows(_QUERY, today=version.as_of)
    tx.execute("DELETE FROM forecast.supplier_performance WHERE version_id = :version", version=version.id)
    columns = ", ".join(_COLUMNS)
    rows = (_row(tx, version, one, curves) for one in found)
    copyio.stage(tx, "suppliers_now", "forecast.supplier_performance", _COLUMNS, rows)
    tx.execute(f"INSERT INTO forecast.supplier_performance ({columns}) SELECT {columns} FROM suppliers_now")
    return len(found)


def _row(tx: Tx, version: Version, one: Row, curves: Curves) -> list[Any]:
    known = one["receipts"] > 0 and one["lines"] > 0
    interval = share_interval(one["otif"], one["lines"]) if known else None
    late, chance, basis = None, None, "no receipts are recorded: delivery performance is not available"
    if curves.known(one["id"]) >= ENOUGH:
        curve = survival(curves.of_supplier(one["id"]))
        late, chance = [quantile(curve, level) for level in LEVELS], round(later_than(curve, 0), 6)
        basis = f"{one['receipts']} lines of this supplier, weighed with {curves.known(one['id'])} of all"
    shares = [round(one[name] / one["lines"], 6) if known else None for name in ("on_time", "in_full", "otif")]
    return [
        tx.tenant_id, version.id, one["id"], one["supplier_code"], one["name"], one["lines"], one["past_due"],
        one["open_lines"], *shares, *(interval or (None, None)), one["early"] / one["lines"] if known else None,
        one["receipts"], one["mean"], one["sd"], LEVELS, one["quantiles"], late, chance, basis,
    ]  # fmt: skip
