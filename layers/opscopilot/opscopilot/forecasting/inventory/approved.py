"""Safety stocks that people approved, as the forecast function reads them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from opscopilot.forecasting.inventory.cases import Approved
from opscopilot.kernel.db import Tx


def approved(tx: Tx, as_of: date) -> dict[tuple[UUID, UUID | None], Approved]:
    """The latest value in force by `as_of`, by SKU and location (None: the whole plant)."""
    rows = tx.rows(
        """SELECT DISTINCT ON (sku_id, location_id) sku_id, location_id, qty, reorder_point, valid_from, approved_by
           FROM planning.safety_stocks WHERE valid_from <= :as_of ORDER BY sku_id, location_id, valid_from DESC""",
        as_of=as_of,
    )
    return {
        (row["sku_id"], row["location_id"]): Approved(
            row["qty"], row["reorder_point"], row["valid_from"], row["approved_by"]
        )
        for row in rows
    }
