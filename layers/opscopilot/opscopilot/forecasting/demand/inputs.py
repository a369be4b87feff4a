"""What a forecast is made of, as one hash: the same inputs never make a second version."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.kernel.db import Tx

# Entities whose files change a demand forecast or the risk that follows from it.
RELEVANT_ENTITIES = (
    "sku", "sku_uom", "sku_supplier", "supplier", "location", "sales_order", "sales_order_line", "shipment_line",
    "inventory_snapshot", "purchase_order", "purchase_order_line", "receipt", "work_order",
    "promotion", "price", "calendar_day", "inventory_movement", "sku_supersession", "bom", "bom_component",
)  # fmt: skip
_TABLES = (
    "skus", "sku_suppliers", "suppliers", "locations", "sales_orders", "sales_order_lines", "shipment_lines",
    "inventory_snapshots", "purchase_orders", "purchase_order_lines", "receipts", "work_orders",
    "promotions", "prices", "calendar_days", "inventory_movements", "sku_supersessions", "boms", "bom_components",
)  # fmt: skip
_STATE = " UNION ALL ".join(
    f"SELECT '{table}' AS name, count(*) AS rows, coalesce(sum(row_version), 0) AS versions, "
    f"coalesce(max(updated_at)::text, '') AS changed FROM manufacturing.{table}"
    for table in _TABLES
)
# What planners say: none of it is ever rewritten, so counting what is and what was taken back tells every change.
_SAID = " UNION ALL ".join(
    f"SELECT '{table}' AS name, count(*) AS rows, count(revoked_at) AS versions, coalesce(max(created_at)::text, '') "
    f"AS changed FROM planning.{table}"
    for table in ("forecast_overrides", "demand_adjustments")
)


def fingerprint(tx: Tx, cut: DataCut, config: ForecastConfig) -> str:
    """Hash of the tables' state, the cut and the settings. A changed, added or removed row changes it."""
    found = tx.rows(f"{_STATE} UNION ALL {_SAID}")
    state = [[row["name"], row["rows"], int(row["versions"]), row["changed"]] for row in found]
    parts = [state, str(cut.as_of), str(cut.complete_day), cut.week_start, config.as_json()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def newer_data_event(tx: Tx, event_id: UUID, within_s: int) -> bool:
    """Whether a DataNormalized of a relevant entity with a later id was recorded in the last `within_s` seconds."""
    return bool(
        tx.scalar(
            """SELECT EXISTS (SELECT 1 FROM platform.outbox WHERE detail_type = 'DataNormalized'
                   AND event_id > :event_id AND occurred_at > now() - make_interval(secs => :within)
                   AND detail ->> 'entity_type' = ANY(CAST(:entities AS text[])))""",
            event_id=event_id, within=within_s, entities=list(RELEVANT_ENTITIES),
        )
    )  # fmt: skip
