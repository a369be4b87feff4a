"""Reads the nodes of one batch with all that their forecast is made from."""

from __future__ import annotations

from typing import Any

import numpy as np

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand import drivers, neighbours, shape, succession
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.numeric import numbers
from opscopilot.forecasting.demand.of_version import OfVersion
from opscopilot.forecasting.demand.series import Series
from opscopilot.forecasting.engine import EngineSettings
from opscopilot.forecasting.engine.drivers import Drivers
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.settings import plan_settings
from opscopilot.forecasting.supply.leadtimes import LeadTime, sourcing
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.tenancy import plant_settings

_TOO_RARE = 0.05
"""Share of days with an order below which a daily forecast says nothing a weekly one does not say better."""


_NODES = """
SELECT s.entity_type, s.entity_id, s.location_id, s.sku_code, s.location_code, s.uom, s.ends_on, s.history_periods,
       k.is_active, k.valid_from, k.valid_to, k.description, coalesce(btrim(k.category), '') AS category,
       coalesce(k.list_price, k.unit_cost)::float8 AS price, d.note, d.refusal, d.buckets, d.buckets_with_demand
FROM forecast.forecast_series s
LEFT JOIN manufacturing.skus k ON k.id = s.entity_id
LEFT JOIN forecast.demand_series d ON d.sku_id = s.entity_id AND d.location_id IS NOT DISTINCT FROM s.location_id
    AND d.period = :period
WHERE s.version_id = :version AND s.batch = :batch
ORDER BY s.entity_type, s.sku_code COLLATE "C", s.location_code COLLATE "C", s.entity_id, s.location_id
"""

_HISTORIES = """
WITH nodes AS (
    SELECT entity_type, entity_id, location_id, row_number() OVER (ORDER BY entity_type, sku_code COLLATE "C",
           location_code COLLATE "C", entity_id, location_id) - 1 AS place
    FROM forecast.forecast_series WHERE version_id = '{version}' AND batch = {batch:d}
), demand AS (
    SELECT n.place, h.bucket_start, h.unconstrained_qty FROM nodes n
    JOIN forecast.demand_history h ON h.sku_id = n.entity_id AND h.period = '{period}' WHERE n.entity_type = 'sku'
    UNION ALL
    SELECT n.place, h.bucket_start, h.unconstrained_qty FROM nodes n
    JOIN forecast.demand_history_locations h ON h.sku_id = n.entity_id AND h.location_id = n.location_id
        AND h.period = '{period}' WHERE n.entity_type = 'sku_location'
    UNION ALL
    SELECT n.place, h.bucket_start, h.unconstrained_qty FROM nodes n
    JOIN forecast.demand_history_groups h ON h.entity_type = n.entity_type AND h.entity_id = n.entity_id
        AND h.period = '{period}' WHERE n.entity_type IN ('family', 'plant')
)
SELECT place, unconstrained_qty FROM demand WHERE bucket_start <= '{until}' ORDER BY place, bucket_start
"""


def read_batch(tx: Tx, version: OfVersion, number: int, config: ForecastConfig) -> list[Series]:
    """The nodes of batch `number`. ValidationFailed when the version has no such batch."""
    rows = tx.rows(_NODES, version=version.id, batch=number, period=version.length.name)
    if not rows:
        raise ValidationFailed(
            f"Version {version.code} has no batch {number}.", field="batch", value=number,
            expected=f"a number from 0 to {version.batches - 1}",
        )  # fmt: skip
    values = _histories(tx, version, number, len(rows))
    items = [i for i, row in enumerate(rows) if row["entity_type"] in ("sku", "sku_location")]
    inherited = succession.inherit(tx, version, rows, values)
    known = sourcing(tx, version.as_of, config, (version.id, number)) if items else {}
    driven = _drivers(tx, version, config, rows, values)
    alike = neighbours.of_new(tx, version, rows, values, EngineSettings().min_points)
    found = []
    for i, row in enumerate(rows):
        source = known.get(row["entity_id"])
        new, candidates = alike.get(i, (None, ()))
        found.append(
            Series(
                row["entity_id"],
                row["sku_code"],
                row["uom"],
                _ended(row, version),
                values[i],
                source.lead_time if source else _no_lead_time(version),
                row["entity_type"],
                row["location_id"],
                _refusal(row, version),
                "; ".join(part for part in (inherited.get(i), row["note"], _ends(row)) if part),
                _sold(row, version, config.horizon),
                new,
                candidates,
                driven.get(_key(row)),
                _groups(row),
            )
        )
    return found


def _histories(tx: Tx, version: OfVersion, number: int, count: int) -> list[FloatArray]:
    """Demand per node in the order of the rows, cut where the version's history ends."""
    query = _HISTORIES.format(
        version=version.id, batch=number, period=version.length.name, until=version.history_end
    )  # fmt: skip
    table = numbers(tx, query, 2)
    edges = np.searchsorted(table[:, 0], np.arange(count + 1))
    return [table[edges[i] : edges[i + 1], 1] for i in range(count)]


def _drivers(
    tx: Tx, version: OfVersion, config: ForecastConfig, rows: list[Row], values: list[FloatArray]
) -> dict[drivers.NodeKey, Drivers]:
    plant = plant_settings(tx)
    back = max((len(one) for one in values), default=0)
    complete = version.horizon_start
    cut = DataCut(version.as_of, shape.day_before(complete), plant.week_start)
    return drivers.read(
        tx, [_key(row) for row in rows], version.length, cut, back, config.horizon, plan_settings(tx),
        plant.default_time_zone,
    )  # fmt: skip


def _key(row: Row) -> drivers.NodeKey:
    return row["entity_type"], row["entity_id"], row["location_id"]


def _ended(row: Row, version: OfVersion) -> str | None:
    if row["entity_type"] in ("family", "plant"):
        return None
    if not row["is_active"]:
        return "the item is no longer active"
    if row["valid_to"] is not None and row["valid_to"] <= version.as_of:
        return f"the item ended on {row['valid_to']}"
    if row["ends_on"] is not None and row["ends_on"] <= version.as_of:
        return f"the item was replaced on {row['ends_on']}"
    return None


def _ends(row: Row) -> str | None:
    return None if row["ends_on"] is None else f"ends on {row['ends_on']}: nothing is forecast from then on"


def _refusal(row: Row, version: OfVersion) -> str | None:
    if row["refusal"] is not None:
        return str(row["refusal"])
    if version.length.name == "daily" and row["buckets"] and row["buckets_with_demand"] < _TOO_RARE * row["buckets"]:
        return (f"ordered on {row['buckets_with_demand']} of {row['buckets']} days: too rare for a daily forecast; "
                "the weekly or monthly one holds")  # fmt: skip
    return None


def _sold(row: Row, version: OfVersion, horizon: int) -> FloatArray | None:
    """Share of the buckets ahead on which the item is sold; None = all of them, fully."""
    starts = row["valid_from"] if row["history_periods"] == 0 else None
    if row["ends_on"] is None and (starts is None or starts <= version.horizon_start):
        return None
    share = shape.sold_share(version.length, version.horizon_start, horizon, starts, row["ends_on"])
    return None if (share == 1).all() else share


def _groups(row: Row) -> tuple[str, ...]:
    category: Any = row["category"]
    return (str(category),) if row["entity_type"] in ("sku", "sku_location") and category else ()


def _no_lead_time(version: OfVersion) -> LeadTime:
    """A group is not replenished; a bucket is what one looks ahead."""
    return LeadTime(version.length.days, 0.0, 0, "none: a group of items is not replenished")
