"""What a stock file changed: items whose stock moved, and those that fell below their reorder point.

Compared are the places (item, location, lot, bin) the file speaks of, each with its latest earlier snapshot (P-25).
Available leaves out what is reserved, blocked, expired or at a location that does not count (P-24), in base units.
"""

from __future__ import annotations

from opscopilot.catalogue.upsert import LoadPlan
from opscopilot.catalogue.writing import GOOD, JOB
from opscopilot.kernel.db import Tx
from opscopilot.staging.loading.model import Change

STOCK = "inventory_snapshot"
MAX_PLACES = 100_000
"""Above that many places the comparison would cost more than it tells; the receipt then only counts rows."""
EXAMPLES = 5
_AVAILABLE = (
    "CASE WHEN w.is_nettable THEN greatest({0}.quantity_on_hand - {0}.quantity_reserved - {0}.quantity_quarantined "
    "- {0}.quantity_expired, 0) ELSE 0 END * {0}.uom_factor"
)


def moved(tx: Tx, plan: LoadPlan, *, some_exist: bool) -> list[Change]:
    """Compare the new snapshots with the ones before; nothing for the very first file."""
    if not some_exist or not _places(tx, plan):
        return []
    rows = tx.rows(
        f"""SELECT k.sku_code AS key, k.base_uom AS uom, trim_scale(x.was)::text AS "from", trim_scale(x.now)::text AS "to",
                   trim_scale(k.reorder_point)::text AS reorder_point, x.moved,
                   x.could >= k.reorder_point AND x.can < k.reorder_point AS fell,
                   count(*) FILTER (WHERE x.moved) OVER () AS moved_n,
                   count(*) FILTER (WHERE x.could >= k.reorder_point AND x.can < k.reorder_point) OVER () AS fell_n
            FROM (SELECT sku_id, sum(was) AS was, sum(now) AS now, sum(was) <> sum(now) AS moved, sum(could) AS could,
                         sum(can) AS can FROM stock_moves GROUP BY sku_id) x
            JOIN manufacturing.skus k ON k.id = x.sku_id WHERE x.moved OR x.could <> x.can
            ORDER BY fell DESC NULLS LAST, abs(x.now - x.was) / greatest(abs(x.was), 1) DESC, 1 LIMIT {2 * EXAMPLES}"""
    )
    if not rows:
        return []
    found = []
    names = ("key", "uom", "from", "to")
    if rows[0]["moved_n"]:
        listed = [{name: row[name] for name in names} for row in rows if row["moved"]][:EXAMPLES]
        found.append(Change(what="on_hand_moved", entity=STOCK, count=rows[0]["moved_n"], examples=listed))
    if rows[0]["fell_n"]:
        listed = [{name: row[name] for name in (*names, "reorder_point")} for row in rows if row["fell"]][:EXAMPLES]
        found.append(Change(what="fell_below_reorder_point", entity=STOCK, count=rows[0]["fell_n"], examples=listed))
    return found


def _places(tx: Tx, plan: LoadPlan) -> bool:
    """Make the table of places with their stock before and now; False when there are too many to compare."""
    tx.script(
        f"CREATE TEMPORARY TABLE places ON COMMIT DROP AS SELECT DISTINCT ON (sku_id, location_id, lot_code, bin) t.* "
        f"FROM {plan.resolved} t WHERE {GOOD} ORDER BY sku_id, location_id, lot_code, bin, snapshot_at DESC"
    )
    if int(tx.scalar("SELECT count(*) FROM places")) > MAX_PLACES:
        return False
    # Equality on an empty lot or bin cannot use the key's index, IS NULL can: one statement for each case.
    cases = []
    for lot in ("= p.lot_code", "IS NULL"):
        for bin_ in ("= p.bin", "IS NULL"):
            given = f"p.lot_code {'IS NOT NULL' if lot != 'IS NULL' else lot} AND p.bin "
            given += "IS NOT NULL" if bin_ != "IS NULL" else bin_
            cases.append(
                f"SELECT p.sku_id, coalesce(b.quantity_on_hand * b.uom_factor, 0) AS was, "
                f"coalesce({_AVAILABLE.format('b')}, 0) AS could, p.quantity_on_hand * p.uom_factor AS now, "
                f"{_AVAILABLE.format('p')} AS can\n"
                f"FROM places p JOIN manufacturing.locations w ON w.id = p.location_id LEFT JOIN LATERAL (\n"
                f"  SELECT * FROM manufacturing.inventory_snapshots i WHERE i.sku_id = p.sku_id "
                f"AND i.location_id = p.location_id AND i.lot_code {lot} AND i.bin {bin_} "
                f"AND i.ingestion_job_id <> {JOB}\n  ORDER BY i.snapshot_at DESC LIMIT 1) b ON true\n"
                f"WHERE {given} AND (b.snapshot_at IS NULL OR b.snapshot_at <= p.snapshot_at)"
            )
    tx.script("CREATE TEMPORARY TABLE stock_moves ON COMMIT DROP AS\n" + "\nUNION ALL\n".join(cases))
    return True
