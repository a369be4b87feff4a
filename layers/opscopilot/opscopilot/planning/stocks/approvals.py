"""Safety stocks people approve: kept with reason and name, taken by the next forecast run."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting import queries
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, ValidationFailed
from opscopilot.manufacturing import lookup
from opscopilot.planning.stocks.schemas import Approval, ApproveSafetyStock
from opscopilot.web import Caller

_ROWS = """
SELECT a.*, k.sku_code, l.code AS location FROM planning.safety_stocks a
JOIN manufacturing.skus k ON k.tenant_id = a.tenant_id AND k.id = a.sku_id
LEFT JOIN manufacturing.locations l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
"""
_MOST = 100


def approvals(tx: Tx, sku_id: UUID) -> list[Approval]:
    """What was approved for a SKU, the latest first."""
    rows = tx.rows(f"{_ROWS} WHERE a.sku_id = :sku ORDER BY a.valid_from DESC, a.id LIMIT {_MOST}", sku=sku_id)
    return [Approval.model_validate(row) for row in rows]


def approve(caller: Caller, sku: Row, asked: ApproveSafetyStock) -> Approval:
    """Keep a value from a day on. A second value for the same day corrects the first, and must name its row version."""
    tx = caller.tx
    if asked.reorder_point is not None and asked.reorder_point < asked.qty:
        raise ValidationFailed(
            "The reorder point lies below the safety stock: an order would always come too late.",
            field="reorder_point", value=asked.reorder_point, expected=f"at least {asked.qty}",
        )  # fmt: skip
    place = lookup.require(tx, "warehouse", asked.location, "location")["id"] if asked.location else None
    key = {"sku": sku["id"], "place": place, "day": asked.valid_from or caller.today}
    known = tx.one(
        """SELECT id, row_version FROM planning.safety_stocks WHERE sku_id = :sku AND valid_from = :day
               AND location_id IS NOT DISTINCT FROM CAST(:place AS uuid) FOR UPDATE""",
        **key,
    )
    if known is not None and known["row_version"] != asked.row_version:
        raise Conflict(
            f"A safety stock of {sku['sku_code']} from {key['day']} is approved already.", field="row_version",
            value=asked.row_version, expected=f"{known['row_version']}, to correct it",
        )  # fmt: skip
    values = {
        **key, "qty": asked.qty, "point": asked.reorder_point, "reason": asked.reason,
        "by": caller.principal.user_id, **_recommended(tx, sku["id"], place),
    }  # fmt: skip
    found = tx.scalar(_UPDATE, id=known["id"], **values) if known else tx.scalar(
        _INSERT, tenant=tx.tenant_id, uom=sku["base_uom"], **values)  # fmt: skip
    row = tx.one(f"{_ROWS} WHERE a.id = :id", id=found)
    return Approval.model_validate(row)


_INSERT = """
INSERT INTO planning.safety_stocks (tenant_id, sku_id, location_id, valid_from, qty, reorder_point, uom,
    recommended_qty, version_id, reason, approved_by)
VALUES (:tenant, :sku, :place, :day, :qty, :point, :uom, :recommended, :version, :reason, :by) RETURNING id
"""
_UPDATE = """
UPDATE planning.safety_stocks SET qty = :qty, reorder_point = :point, recommended_qty = :recommended,
    version_id = :version, reason = :reason, approved_by = :by, approved_at = now(), updated_at = now(),
    row_version = row_version + 1
WHERE id = :id AND sku_id = :sku AND valid_from = :day AND location_id IS NOT DISTINCT FROM CAST(:place AS uuid)
RETURNING id
"""


def _recommended(tx: Tx, sku_id: UUID, place: UUID | None) -> dict[str, Any]:
    """What the version in force recommends, to stand beside the decision."""
    version = queries.latest_version(tx)
    if version is None:
        return {"recommended": None, "version": None}
    found = tx.scalar(
        """SELECT qty FROM forecast.safety_stocks WHERE version_id = :version AND sku_id = :sku
               AND location_id IS NOT DISTINCT FROM CAST(:place AS uuid)""",
        version=version.id, sku=sku_id, place=place,
    )  # fmt: skip
    return {"recommended": found, "version": version.id}
