"""Stock levels against policy, from the risks of the version in force."""

from __future__ import annotations

from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.manufacturing import queries_inventory
from opscopilot.manufacturing.queries_inventory import InventoryFilter
from opscopilot.planning.stocks.level_schemas import InventoryLevel, InventoryLevelDetail, Status
from opscopilot.web import Caller

# The bands of D16; an order quantity is known where a safety stock was recommended.
_LEVELS = """
SELECT r.sku_id, r.sku_code, k.description, r.uom, r.on_hand, r.available, r.on_order, r.backorders,
    r.inventory_position, r.safety_stock, r.safety_stock_basis, s.qty AS recommended_safety_stock, r.reorder_point,
    r.reorder_point_basis, r.order_up_to, r.days_of_supply, r.risk_level,
    CASE WHEN r.reorder_needed IS NULL OR coalesce(r.safety_stock, s.qty) IS NULL THEN NULL
         WHEN r.available <= 0 OR r.available < coalesce(r.safety_stock, s.qty) THEN 'critical'
         WHEN r.available <= r.reorder_point THEN 'low'
         WHEN r.available > r.reorder_point + 2 * s.order_quantity THEN 'excess' ELSE 'optimal' END AS status,
    CAST(:code AS text) AS version, r.as_of
FROM forecast.inventory_risks r
JOIN manufacturing.skus k ON k.tenant_id = r.tenant_id AND k.id = r.sku_id
LEFT JOIN forecast.safety_stocks s ON s.tenant_id = r.tenant_id AND s.version_id = r.version_id AND s.sku_id = r.sku_id
    AND s.location_id IS NULL
WHERE r.version_id = :version
"""


def levels(
    tx: Tx, version: ForecastVersion, *, status: Status | None, cursor: str | None, limit: int
) -> Page[InventoryLevel]:
    """A page by code."""
    params = {"version": version.id, "code": version.code, "status": status}
    source = f"FROM ({_LEVELS}) l WHERE (CAST(:status AS text) IS NULL OR l.status = :status)"
    total = int(tx.scalar(f"SELECT count(*) {source}", **params))
    if cursor is not None:
        source += ' AND l.sku_code COLLATE "C" > :after'
        params["after"] = str(decode_cursor(cursor, 1)[0])
    rows = tx.rows(f'SELECT * {source} ORDER BY l.sku_code COLLATE "C" LIMIT :rows', **params, rows=limit + 1)
    return page(rows, limit, total, ("sku_code",), InventoryLevel.model_validate)


def level(caller: Caller, version: ForecastVersion, sku: Row) -> InventoryLevelDetail:
    """One SKU, with the rows of stock behind it. NotFound when it has neither stock nor demand."""
    row = caller.tx.one(f"{_LEVELS} AND r.sku_id = :sku", version=version.id, code=version.code, sku=sku["id"])
    if row is None:
        raise NotFound(
            f"{sku['sku_code']} has neither stock nor demand in {version.code}.", code="not_assessed", field="sku",
            value=sku["sku_code"],
        )  # fmt: skip
    asked = InventoryFilter(skus=(sku["sku_code"],), by="location", limit=500)
    found = queries_inventory.current(caller.tx, caller.plant, caller.clock, asked)
    return InventoryLevelDetail.model_validate({**row, "places": found.items})
