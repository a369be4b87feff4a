"""Questions about supply: open lines by what their lateness costs, suppliers by what they have shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.forecasting.schemas_supply import SupplierDetail, SupplierPerformance, SupplyRisk
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, page

_RISKS = """
SELECT {keys}r.*, k.description, s.supplier_code, s.name AS supplier_name, CAST(:code AS text) AS version,
    CAST(:as_of AS date) AS as_of
FROM forecast.supply_risks r
JOIN manufacturing.skus k ON k.tenant_id = r.tenant_id AND k.id = r.sku_id
JOIN manufacturing.suppliers s ON s.tenant_id = r.tenant_id AND s.id = r.supplier_id
"""
_FIRST, _SECOND = "-coalesce(r.money_at_stake, -1)", "-coalesce(r.stockout_points, -1)"


def supply_risks(
    tx: Tx, version: ForecastVersion, *, supplier: UUID | None = None, sku: UUID | None = None,
    cursor: str | None = None, limit: int = 50,
) -> Page[SupplyRisk]:  # fmt: skip
    """Open purchase order lines, the most money at stake first; unknown comes after every known value."""
    where, params = ["r.version_id = :version"], _base(version)
    wanted: dict[str, UUID | None] = {"supplier": supplier, "sku": sku}
    for name, value in wanted.items():
        if value is not None:
            where.append(f"r.{name}_id = :{name}")
            params[name] = value
    counted = f"SELECT count(*) FROM forecast.supply_risks r WHERE {' AND '.join(where)}"
    total = int(tx.scalar(counted, **{name: value for name, value in params.items() if name not in ("code", "as_of")}))
    order = f"{_FIRST}, {_SECOND}, r.purchase_order_line_id"
    if cursor is not None:
        one, two, last = decode_cursor(cursor, 3)
        where.append(f"({order}) > (CAST(:k1 AS numeric), CAST(:k2 AS numeric), CAST(:k3 AS uuid))")
        params |= {"k1": str(one), "k2": str(two), "k3": str(last)}
    rows = tx.rows(
        f"{_RISKS.format(keys=f'{_FIRST} AS k1, {_SECOND} AS k2, ')} WHERE {' AND '.join(where)} "
        f"ORDER BY {order} LIMIT :rows",
        **params, rows=limit + 1,
    )  # fmt: skip
    return page(rows, limit, total, ("k1", "k2", "purchase_order_line_id"), SupplyRisk.model_validate)


def _base(version: ForecastVersion) -> dict[str, Any]:
    return {"version": version.id, "code": version.code, "as_of": version.as_of}


# What a supplier's open lines put at stake stands per currency: different ones are not added (P-21).
_SUPPLIERS = """
SELECT p.*, CAST(:code AS text) AS version, CAST(:as_of AS date) AS as_of FROM forecast.supplier_performance p
WHERE p.version_id = :version
"""
_STAKES = """
SELECT currency, sum(money_at_stake) AS amount, count(DISTINCT sku_id) FILTER (WHERE stockout_points >= 0.01) AS skus
FROM forecast.supply_risks WHERE version_id = :version AND supplier_id = :supplier AND currency IS NOT NULL
GROUP BY currency ORDER BY currency
"""


def suppliers(tx: Tx, version: ForecastVersion, cursor: str | None, limit: int) -> Page[SupplierPerformance]:
    """Suppliers with orders, by code."""
    where, params = "", _base(version)
    total = int(tx.scalar("SELECT count(*) FROM forecast.supplier_performance WHERE version_id = :v", v=version.id))
    if cursor is not None:
        where, params["after"] = 'AND p.supplier_code COLLATE "C" > :after', str(decode_cursor(cursor, 1)[0])
    rows = tx.rows(f'{_SUPPLIERS} {where} ORDER BY p.supplier_code COLLATE "C" LIMIT :rows', **params, rows=limit + 1)
    return page(rows, limit, total, ("supplier_code",), SupplierPerformance.model_validate)


def supplier(tx: Tx, version: ForecastVersion, found: Row) -> SupplierDetail:
    """One supplier, with its open lines that cost most. NotFound when nothing was ever ordered there."""
    row = tx.one(f"{_SUPPLIERS} AND p.supplier_id = :id", **_base(version), id=found["id"])
    if row is None:
        raise NotFound(
            f"Nothing was ordered from {found['supplier_code']} in the last three years.", code="no_orders",
            field="code", value=found["supplier_code"],
        )  # fmt: skip
    stakes = tx.rows(_STAKES, version=version.id, supplier=found["id"])
    risks = supply_risks(tx, version, supplier=found["id"], limit=20)
    return SupplierDetail.model_validate({**row, "at_stake": stakes, "open_risks": risks.items})
