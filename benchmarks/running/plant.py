"""A generated plant, straight into the tables that normalize fills."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from local.databases import OWNER, database_environment
from opscopilot.kernel.db import Database, Tx, make_engine
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.kernel.settings import MigrateSettings

TENANT = "bench-run"
AS_OF = date(2026, 9, 27)
"""A Sunday: its week is complete."""

_LINEAGE = "source_system, ingestion_job_id, source_row"
_NOBODY = "'bench', '00000000-0000-0000-0000-000000000001', 1"

_MASTERS = (
    f"""INSERT INTO manufacturing.locations (tenant_id, code, name, type, is_nettable, {_LINEAGE})
        VALUES (:tenant, 'MAIN', 'Main', 'warehouse', true, {_NOBODY})""",
    f"""INSERT INTO manufacturing.customers (tenant_id, customer_code, is_active, {_LINEAGE})
        VALUES (:tenant, 'C1', true, {_NOBODY})""",
    f"""INSERT INTO manufacturing.skus (tenant_id, sku_code, description, type, base_uom, make_or_buy, lot_controlled,
            is_ftl, is_active, list_price, lead_time_days, {_LINEAGE})
        SELECT :tenant, 'B' || lpad(n::text, 7, '0'), 'Item ' || n, 'finished', 'EA', 'buy', false, false, true,
            5 + mod(n, 40), 7 + mod(n, 21), {_NOBODY} FROM generate_series(1, CAST(:series AS integer)) n""",
    f"""INSERT INTO manufacturing.inventory_snapshots (tenant_id, sku_id, location_id, quantity_on_hand,
            quantity_reserved, quantity_quarantined, quantity_expired, quantity_in_transit, uom, uom_factor,
            snapshot_at, production_day, {_LINEAGE})
        SELECT :tenant, k.id, l.id, 20 + mod(abs(hashtext(k.sku_code)), 400), 0, 0, 0, 0, 'EA', 1,
            CAST(:as_of AS date) + time '06:00', :as_of, {_NOBODY}
        FROM manufacturing.skus k CROSS JOIN manufacturing.locations l""",
    f"""INSERT INTO manufacturing.sales_orders (tenant_id, customer_id, order_number, order_date, status, {_LINEAGE})
        SELECT :tenant, c.id, 'W' || w || '-' || part, CAST(:as_of AS date) - 6 - 7 * w, 'completed', {_NOBODY}
        FROM manufacturing.customers c CROSS JOIN generate_series(0, CAST(:weeks AS integer) - 1) w
        CROSS JOIN generate_series(0, 9) part""",
)
# Every fourth item is ordered each week, the others in one week of three; a season of a year, a trend of its own.
_LINES = f"""
INSERT INTO manufacturing.sales_order_lines (tenant_id, sales_order_id, sku_id, line_no, ordered_qty, uom, uom_factor,
    cancelled_qty, discount, unit_price, requested_date, ship_date, {_LINEAGE})
SELECT :tenant, o.id, k.id, k.n::text,
    1 + floor((5 + mod(k.n, 60)) * (1 + 0.4 * sin(2 * pi() * (w.w + mod(k.n, 52)) / 52)) * (1 - 0.002 * (mod(k.n, 7) - 3) * w.w)
        * (0.5 + mod(abs(hashtext(k.n || '-' || w.w)), 1000) / 1000.0)),
    'EA', 1, 0, 0, 10, o.order_date, o.order_date, {_NOBODY}
FROM (SELECT id, substr(sku_code, 2)::integer AS n FROM manufacturing.skus) k
CROSS JOIN generate_series(0, CAST(:weeks AS integer) - 1) AS w(w)
JOIN manufacturing.sales_orders o ON o.order_number = 'W' || w.w || '-' || mod(k.n, 10)
WHERE mod(k.n, 4) = 0 OR mod(abs(hashtext(k.n || '/' || w.w)), 3) = 0
"""
_FOREIGN_KEYS = """
SELECT quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
WHERE conrelid = 'manufacturing.sales_order_lines'::regclass AND contype = 'f'
"""


@contextmanager
def connection(port: int) -> Iterator[Tx]:
    """A transaction of the plant, as the owner of the tables."""
    given = {name.lower(): value for name, value in database_environment(port, OWNER).items()}
    database = Database(make_engine(MigrateSettings(**given), patience_s=1800))  # type: ignore[arg-type]
    try:
        with database.tenant(tenant_id_for(TENANT)) as tx:
            yield tx
    finally:
        database.engine.dispose()


def fill(port: int, series: int, weeks: int) -> int:
    """Items, stock and orders; the number of order lines."""
    tenant = tenant_id_for(TENANT)
    with connection(port) as tx:
        for sql in _MASTERS:
            given = {"tenant": tenant, "series": series, "weeks": weeks, "as_of": AS_OF}
            tx.execute(sql, **{name: value for name, value in given.items() if f":{name}" in sql})
    _analyze(port)
    with connection(port) as tx:
        # Millions of lines that are right by construction: their foreign keys are put back without looking at each.
        keys = tx.rows(_FOREIGN_KEYS)
        for key in keys:
            tx.execute(f"ALTER TABLE manufacturing.sales_order_lines DROP CONSTRAINT {key['name']}")
        lines = tx.execute(_LINES, tenant=tenant, weeks=weeks)
        for key in keys:
            tx.execute(
                f"ALTER TABLE manufacturing.sales_order_lines ADD CONSTRAINT {key['name']} {key['definition']} NOT VALID"
            )
    _analyze(port)
    return lines


def _analyze(port: int) -> None:
    with connection(port) as tx:
        for table in ("skus", "sales_orders", "sales_order_lines", "inventory_snapshots"):
            tx.execute(f"ANALYZE manufacturing.{table}")
