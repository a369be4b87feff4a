"""Task `demand`: forecast a few items for somebody who waits. Nothing of it is stored.

A version of these items is made, read, computed and written as in a run, inside a transaction that is rolled back:
the numbers are those a run would publish, with lead times, drivers, look-alikes and all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opscopilot.forecasting import demand_rows
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.calendar import data_cut
from opscopilot.forecasting.demand.periods import PERIODS, PeriodName
from opscopilot.forecasting.demand.reading import read_batch
from opscopilot.forecasting.demand.series import compute
from opscopilot.forecasting.runs import at_once, batch_store, versions
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.tenancy import plant_settings

MOST = 50


class Question(BaseModel):
    """Which items, how far ahead, with how much of their past."""

    model_config = ConfigDict(extra="ignore")
    tenant_id: UUID
    sku_ids: list[UUID] = Field(min_length=1, max_length=MOST)
    period: PeriodName = "weekly"
    horizon: int | None = Field(default=None, ge=1, le=366)
    history: int = Field(default=26, ge=0, le=1000)


def answer(database: Database, clock: Clock, config: ForecastConfig, asked: Question) -> dict[str, Any]:
    """The items that have ever been ordered, as `demand_rows.fetch` has them, and the cut of the data."""
    period = PERIODS[asked.period]
    own = config.of(period, asked.horizon)
    with _rolled_back(database, asked.tenant_id) as tx:
        cut = data_cut(plant_settings(tx), clock)
        at_once.bring_history(tx, cut, period, asked.sku_ids)
        version = at_once.version(tx, cut, period, own)
        items: list[dict[str, Any]] = []
        if at_once.deal(tx, version, asked.sku_ids):
            _compute(tx, versions.get(tx, version), own)
            items = _told(tx, version, asked)
    return {
        "as_of": cut.as_of.isoformat(), "horizon_start": cut.horizon_start(period).isoformat(),
        "history_end": cut.history_end(period).isoformat(), "items": items,
    }  # fmt: skip


def _compute(tx: Tx, version: versions.Version, config: ForecastConfig) -> None:
    """As a batch of a run does it."""
    batch_store.store(tx, version, compute(read_batch(tx, version, 0, config), config, version.length), config)


class _Undo(Exception):
    """Ends a transaction without a trace."""


@contextmanager
def _rolled_back(database: Database, tenant_id: UUID) -> Iterator[Tx]:
    """A transaction of which nothing remains."""
    try:
        with database.tenant(tenant_id) as tx:
            yield tx
            raise _Undo
    except _Undo:
        return


def _told(tx: Tx, version_id: UUID, asked: Question) -> list[dict[str, Any]]:
    version = versions.get(tx, version_id)
    found = demand_rows.fetch(
        tx, version_id, asked.sku_ids, period=asked.period, until=version.history_end, history=asked.history,
        before=version.horizon_end + timedelta(days=1),
    )  # fmt: skip
    return [_plain(found[sku_id]) for sku_id in asked.sku_ids if sku_id in found]


def _plain(value: Any) -> Any:
    """Rows as JSON: decimals, ids and dates as text."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
