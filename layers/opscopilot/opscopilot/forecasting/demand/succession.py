"""A successor inherits the demand of the item it replaces (supersession)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import numpy as np

from opscopilot.forecasting.demand.buckets import number_of
from opscopilot.forecasting.demand.of_version import OfVersion
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.kernel.db import Row, Tx

# Whom an item replaces, directly or through others; `factor` of its base units stand for one of theirs. Where two ways lead to
# the same predecessor the shorter one counts; a way that comes back to where it was ends there.
_CHAINS = """
WITH RECURSIVE steps AS (
    SELECT sku_id, successor_sku_id, factor::float8 AS factor FROM manufacturing.sku_supersessions
    WHERE coalesce(valid_from, :as_of) <= :until AND sku_id <> successor_sku_id
), chains AS (
    SELECT successor_sku_id AS item, sku_id, factor, ARRAY[successor_sku_id, sku_id] AS way, false AS circle
    FROM steps WHERE successor_sku_id = ANY(CAST(:items AS uuid[]))
    UNION ALL
    SELECT c.item, s.sku_id, c.factor * s.factor, c.way || s.sku_id, s.sku_id = ANY(c.way) FROM chains c
    JOIN steps s ON s.successor_sku_id = c.sku_id WHERE NOT c.circle AND cardinality(c.way) <= :most
)
SELECT DISTINCT ON (c.item, c.circle, c.sku_id) c.item, c.sku_id, c.factor, c.circle, k.sku_code,
       cardinality(c.way) - 1 AS steps,
       CASE WHEN c.circle THEN ARRAY(SELECT w.sku_code FROM unnest(c.way) WITH ORDINALITY AS u(id, place)
           JOIN manufacturing.skus w ON w.id = u.id ORDER BY u.place) END AS round
FROM chains c JOIN manufacturing.skus k ON k.id = c.sku_id
ORDER BY c.item, c.circle, c.sku_id, cardinality(c.way), c.factor
"""

# Only what was asked for of the old item up to the last complete bucket.
_OLD = """
SELECT h.sku_id, h.location_id, h.bucket_start, h.qty FROM (
    SELECT sku_id, CAST(NULL AS uuid) AS location_id, bucket_start, unconstrained_qty::float8 AS qty
    FROM forecast.demand_history WHERE period = :period
    UNION ALL
    SELECT sku_id, location_id, bucket_start, unconstrained_qty::float8 FROM forecast.demand_history_locations
    WHERE period = :period
) h WHERE h.sku_id = ANY(CAST(:old AS uuid[])) AND h.bucket_start <= :history_end
ORDER BY h.sku_id, h.bucket_start
"""

_MOST = 10
"""Steps a chain is followed."""


def inherit(tx: Tx, version: OfVersion, rows: list[Row], values: list[FloatArray]) -> dict[int, str]:
    """Put the demand of predecessors before and under the successor's own (in `values`), in the successor's units;
    a note per position that inherited. A chain A, B, C gives C the demand of A and B; a circle is named in the note."""
    items = [str(row["entity_id"]) for row in rows if row["entity_type"] in ("sku", "sku_location")]
    if not items or not tx.scalar("SELECT EXISTS (SELECT 1 FROM manufacturing.sku_supersessions)"):
        return {}
    chains = tx.rows(_CHAINS, items=items, as_of=version.as_of, until=version.horizon_start, most=_MOST)
    by_node = _by_node(tx, version, [one for one in chains if not one["circle"]])
    circles = {one["item"]: one["round"] for one in chains if one["circle"]}
    notes = {}
    for i, row in enumerate(rows):
        found = by_node.get((row["entity_id"], row["location_id"]))
        if found and row["entity_type"] in ("sku", "sku_location"):
            values[i] = _joined(version, found, values[i])
            codes = ", ".join(dict.fromkeys(one["sku_code"] for one in found))
            notes[i] = f"inherits the demand of {codes}, which it replaces"
            if row["entity_id"] in circles:
                notes[i] += f"; the replacements go round in a circle: {' replaces '.join(circles[row['entity_id']])}"
    return notes


def _by_node(tx: Tx, version: OfVersion, chains: list[Row]) -> dict[Any, list[Row]]:
    """Demand of predecessors by successor and place, in the successor's base units, the nearest predecessor first."""
    histories: dict[UUID, list[Row]] = {}
    for row in tx.rows(
        _OLD, old=list({str(one["sku_id"]) for one in chains}), period=version.length.name,
        history_end=version.history_end,
    ):  # fmt: skip
        histories.setdefault(row["sku_id"], []).append(row)
    found: dict[Any, list[Row]] = {}
    for one in sorted(chains, key=lambda chain: (chain["steps"], chain["sku_code"])):
        for row in histories.get(one["sku_id"], ()):
            inherited = {**row, "qty": row["qty"] * one["factor"], "sku_code": one["sku_code"]}
            found.setdefault((one["item"], row["location_id"]), []).append(inherited)
    return found


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
