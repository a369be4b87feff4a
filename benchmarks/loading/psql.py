"""The floor: `psql \\copy` of the right rows into a temporary table, then the same upsert. It judges nothing.

Same server, same role (no owner), same forced row-level security, same foreign keys, same indexes.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from benchmarks.loading.stand import Stand
from local.binaries import find_binaries, server_user

_COLUMNS = (
    "order_number", "line_no", "customer_code", "order_date", "currency", "status", "sku_code", "ordered_qty", "uom",
    "unit_price", "discount", "requested_date",
)  # fmt: skip
_LINEAGE = "source_system, ingestion_job_id, source_row"
_OUR = "'psql', '00000000-0000-0000-0000-000000000001'::uuid"
_SCRIPT = """
BEGIN;
SET LOCAL app.tenant = '{tenant}';
SET LOCAL work_mem = '96MB';
CREATE TEMPORARY TABLE staged (source_row integer GENERATED ALWAYS AS IDENTITY, {texts}) ON COMMIT DROP;
\\copy staged ({columns}) FROM '{file}' WITH (FORMAT csv, HEADER true)
ANALYZE staged;
INSERT INTO manufacturing.sales_orders AS o (tenant_id, customer_id, order_number, order_date, currency, status, {lineage})
SELECT DISTINCT ON (s.order_number) platform.current_tenant(), c.id, s.order_number, s.order_date::date, s.currency,
    s.status, {our}, s.source_row
FROM staged s JOIN manufacturing.customers c ON c.customer_code = s.customer_code
ORDER BY s.order_number, s.source_row
ON CONFLICT ON CONSTRAINT sales_orders_key DO UPDATE SET customer_id = excluded.customer_id,
    order_date = excluded.order_date, currency = excluded.currency, status = excluded.status, updated_at = now()
WHERE ROW(o.customer_id, o.order_date, o.currency, o.status)
    IS DISTINCT FROM ROW(excluded.customer_id, excluded.order_date, excluded.currency, excluded.status);
ANALYZE manufacturing.sales_orders;
INSERT INTO manufacturing.sales_order_lines AS l (tenant_id, sales_order_id, sku_id, line_no, ordered_qty, uom,
    unit_price, discount, requested_date, cancelled_qty, uom_factor, {lineage})
SELECT platform.current_tenant(), o.id, k.id, s.line_no, s.ordered_qty::numeric(18, 6), s.uom,
    s.unit_price::numeric(19, 6), s.discount::numeric(9, 6), s.requested_date::date, 0, 1, {our}, s.source_row
FROM staged s JOIN manufacturing.sales_orders o ON o.order_number = s.order_number
JOIN manufacturing.skus k ON k.sku_code = s.sku_code
ON CONFLICT ON CONSTRAINT sales_order_lines_key DO UPDATE SET sku_id = excluded.sku_id,
    ordered_qty = excluded.ordered_qty, uom = excluded.uom, unit_price = excluded.unit_price,
    discount = excluded.discount, requested_date = excluded.requested_date, updated_at = now()
WHERE ROW(l.sku_id, l.ordered_qty, l.uom, l.unit_price, l.discount, l.requested_date) IS DISTINCT FROM
    ROW(excluded.sku_id, excluded.ordered_qty, excluded.uom, excluded.unit_price, excluded.discount,
        excluded.requested_date);
COMMIT;
"""


def load(stand: Stand, clean: Path) -> float:
    """Seconds that psql takes for it; raises when it fails."""
    user = server_user()
    binaries = find_binaries(user)
    script = _SCRIPT.format(
        tenant=stand.tenant_id, texts=", ".join(f"{name} text" for name in _COLUMNS), columns=", ".join(_COLUMNS),
        file=clean, lineage=_LINEAGE, our=_OUR,
    )  # fmt: skip
    started = time.perf_counter()
    subprocess.run(
        [str(binaries.folder / "psql"), "-h", "127.0.0.1", "-p", str(stand.port), "-U", "ops_normalize", "-d",
         stand.name, "-X", "-q", "-v", "ON_ERROR_STOP=1"],
        input=script, text=True, check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - started
