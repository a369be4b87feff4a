"""Finds the items a new one can be judged by: same unit, same category, alike in name and price."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.demand.lookalikes import Candidate, NewItem, closest
from opscopilot.forecasting.demand.numeric import numbers
from opscopilot.forecasting.demand.of_version import OfVersion
from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.kernel.db import Row, Tx

_ENOUGH: dict[PeriodName, int] = {"daily": 91, "weekly": 26, "monthly": 9, "quarterly": 5}
"""Buckets of history a look-alike must have."""
_MOST = 2000

# Launched: its first demand lies well after the first demand of the plant, so it was not just cut off there.
_CANDIDATES = """
WITH bounds AS (
    SELECT min(first_bucket) AS first FROM forecast.demand_series WHERE period = :period AND location_id IS NULL
)
SELECT k.id, k.sku_code, k.description, coalesce(btrim(k.category), '') AS category, k.base_uom AS uom,
       coalesce(k.list_price, k.unit_cost)::float8 AS price, d.first_bucket > b.first + CAST(:margin AS integer) AS launched
FROM forecast.demand_series d CROSS JOIN bounds b JOIN manufacturing.skus k ON k.id = d.sku_id
WHERE d.period = :period AND d.location_id IS NULL AND d.buckets >= :enough AND k.is_active AND d.refusal IS NULL
  AND (coalesce(btrim(k.category), ''), k.base_uom) IN (
      SELECT * FROM unnest(CAST(:categories AS text[]), CAST(:uoms AS text[])))
ORDER BY k.sku_code COLLATE "C" LIMIT :most
"""

Alike = tuple[NewItem, tuple[Candidate, ...]]


def of_new(
    tx: Tx, version: OfVersion, rows: list[Row], values: list[FloatArray], min_points: int
) -> dict[int, Alike]:  # fmt: skip
    """For the items with fewer than `min_points` buckets of history, by position: themselves and their look-alikes."""
    new = [i for i, row in enumerate(rows) if row["entity_type"] == "sku" and len(values[i]) < min_points
           and row["is_active"]]  # fmt: skip
    if not new:
        return {}
    kinds = sorted({(rows[i]["category"], rows[i]["uom"]) for i in new})
    found = tx.rows(
        _CANDIDATES, period=version.length.name, enough=_ENOUGH[version.length.name], most=_MOST, margin=60,
        categories=[kind[0] for kind in kinds], uoms=[kind[1] for kind in kinds],
    )  # fmt: skip
    chosen: dict[int, list[Row]] = {}
    for i in new:
        row = rows[i]
        peers = [one for one in found if (one["category"], one["uom"]) == (row["category"], row["uom"])
                 and one["id"] != row["entity_id"]]  # fmt: skip
        candidates = [Candidate(str(n), one["description"], one["price"], np.zeros(0), one["launched"])
                      for n, one in enumerate(peers)]  # fmt: skip
        best = closest(_item(row, values[i]), candidates, bool(row["category"]))
        chosen[i] = [peers[int(one.code)] for one in best]
    demand = _demand(tx, version, {str(one["id"]) for best in chosen.values() for one in best})
    return {
        i: (_item(rows[i], values[i]), tuple(
            Candidate(one["sku_code"], one["description"], one["price"], demand[str(one["id"])], one["launched"])
            for one in best))
        for i, best in chosen.items()
    }  # fmt: skip


def _item(row: Row, values: FloatArray) -> NewItem:
    return NewItem(row["sku_code"], row["description"], row["price"], values)


def _demand(tx: Tx, version: OfVersion, items: set[str]) -> dict[str, FloatArray]:
    """History of each item, oldest first."""
    order = sorted(items)
    if not order:
        return {}
    listed = ", ".join(f"('{one}'::uuid, {n})" for n, one in enumerate(order))
    table = numbers(
        tx,
        f"""SELECT v.place, h.unconstrained_qty FROM (VALUES {listed}) v (id, place)
            JOIN forecast.demand_history h ON h.sku_id = v.id AND h.period = '{version.length.name}'
            WHERE h.bucket_start <= '{version.history_end}' ORDER BY v.place, h.bucket_start""",
        2,
    )
    edges = np.searchsorted(table[:, 0], np.arange(len(order) + 1))
    return {one: table[edges[n] : edges[n + 1], 1] for n, one in enumerate(order)}
