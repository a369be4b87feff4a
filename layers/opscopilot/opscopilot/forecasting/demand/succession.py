"""A successor inherits the demand of the item it replaces (supersession)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from opscopilot.forecasting.demand.buckets import number_of
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.kernel.db import Row, Tx

if TYPE_CHECKING:
    from opscopilot.forecasting.demand.reading import OfVersion

# Only what was asked for of the old item up to the last complete bucket; base units of the successor.
_OLD = """
SELECT u.successor_sku_id, o.sku_code, h.location_id, h.bucket_start, h.qty * u.factor::float8 AS qty
FROM manufacturing.sku_supersessions u
JOIN manufacturing.skus o ON o.id = u.sku_id
JOIN (
    SELECT sku_id, CAST(NULL AS uuid) AS location_id, bucket_start, unconstrained_qty::float8 AS qty
    FROM forecast.demand_history WHERE period = :period
    UNION ALL
    SELECT sku_id, location_id, bucket_start, unconstrained_qty::float8 FROM forecast.demand_history_locations
    WHERE period = :period
) h ON h.sku_id = u.sku_id
WHERE u.successor_sku_id = ANY(CAST(:items AS uuid[])) AND coalesce(u.valid_from, :as_of) <= :until
  AND h.bucket_start <= :history_end
ORDER BY u.successor_sku_id, o.sku_code, h.bucket_start
"""


def inherit(tx: Tx, version: OfVersion, rows: list[Row], values: list[FloatArray]) -> dict[int, str]:
    """Put the demand of predecessors before and under the successor's own (in `values`), in the successor's units;
    a note per position that inherited. Chains of more than one step inherit from the last step only."""
    items = [str(row["entity_id"]) for row in rows if row["entity_type"] in ("sku", "sku_location")]
    if not items or not tx.scalar("SELECT EXISTS (SELECT 1 FROM manufacturing.sku_supersessions)"):
        return {}
    old = tx.rows(
        _OLD, items=items, period=version.length.name, as_of=version.as_of, until=version.horizon_start,
        history_end=version.history_end,
    )  # fmt: skip
    by_node: dict[Any, list[Row]] = {}
    for row in old:
        by_node.setdefault((row["successor_sku_id"], row["location_id"]), []).append(row)
    notes = {}
    for i, row in enumerate(rows):
        found = by_node.get((row["entity_id"], row["location_id"]))
        if found and row["entity_type"] in ("sku", "sku_location"):
            values[i] = _joined(version, found, values[i])
            codes = ", ".join(dict.fromkeys(one["sku_code"] for one in found))
            notes[i] = f"inherits the demand of {codes}, which it replaces"
    return notes


def _joined(version: OfVersion, old: list[Row], own: FloatArray) -> FloatArray:
    """Both histories added up, aligned at the last complete bucket."""
    period = version.length
    last = number_of(period, version.history_end, 1)

    def age(day: date) -> int:
        start = number_of(period, day, 1)
        return (last - start) if period.name != "weekly" else (version.history_end - day).days // 7

    length = max(len(own), 1 + max(age(row["bucket_start"]) for row in old))
    joined = np.zeros(length)
    if len(own):
        joined[length - len(own) :] += own
    for row in old:
        joined[length - 1 - age(row["bucket_start"])] += row["qty"]
    return joined
