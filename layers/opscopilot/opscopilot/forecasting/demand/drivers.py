"""What is known of the buckets of a node beside demand: promotions, prices, holidays, closed days, events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

import numpy as np

from opscopilot.forecasting.demand import drivers_days
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.drivers_items import ItemDays, item_days
from opscopilot.forecasting.demand.periods import Period
from opscopilot.forecasting.demand.spans import Span, span_of
from opscopilot.forecasting.engine.drivers import Drivers
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.settings import PlanSettings
from opscopilot.kernel.db import Tx

NodeKey: TypeAlias = tuple[str, UUID, UUID | None]
"""entity_type, entity_id, location_id."""
_OF_ITEMS = ("sku", "sku_location")


def read(
    tx: Tx,
    nodes: Sequence[NodeKey],
    period: Period,
    cut: DataCut,
    back: int,
    horizon: int,
    settings: PlanSettings,
    time_zone: str,
) -> dict[NodeKey, Drivers]:
    """Drivers of every node that has any, for the `back` buckets before the horizon and the `horizon` ahead.

    Promotions and prices drive items (and items at a location); the calendar drives everything. A node without
    anything that ever changes has no entry. `time_zone` is the plant's: it says the country when settings do not.
    """  # fmt: skip
    if not nodes or back < 1:
        return {}
    span = span_of(period, cut, back, horizon)
    calendar = drivers_days.calendar_columns(tx, span, period, settings, time_zone)
    items = item_days(tx, {key[1] for key in nodes if key[0] in _OF_ITEMS}, span.first, span.days, cut.as_of)
    found = {}
    for key in nodes:
        columns = dict(calendar.get(key[2], calendar[None]))
        if key[0] in _OF_ITEMS:
            columns.update(_item_columns(items, key, span))
        if columns:
            table = np.column_stack(list(columns.values()))
            found[key] = Drivers(table[: span.back], table[span.back :], tuple(columns))
    return found


def _item_columns(items: ItemDays, key: NodeKey, span: Span) -> dict[str, FloatArray]:
    """Per bucket: share of days promoted, featured, displayed, and the price customers paid."""
    daily = items.of(key[1], key[2])
    columns = {name: span.mean(values) for name, values in daily.shares.items() if values.any()}
    if daily.price is not None:
        columns["price"] = np.exp(span.mean(daily.price))
    return columns
