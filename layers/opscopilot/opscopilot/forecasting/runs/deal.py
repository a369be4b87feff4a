"""Task `deal`: list the batches that are left to do where the state machine's distributed map reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from opscopilot.forecasting.runs import records, versions
from opscopilot.forecasting.runs.keys import VersionKey
from opscopilot.kernel.db import Database, Tx


class ItemStore(Protocol):
    """Keeps a list for the state machine; a hundred thousand series have more batches than a state may carry."""

    def keep(self, name: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Write the items down; where they are, as the map's ItemReader wants it."""
        ...


def deal(database: Database, store: ItemStore, execution: str, keys: Sequence[VersionKey]) -> dict[str, Any]:
    """The batches not yet done of every version that is open, and how many there are."""
    items: list[dict[str, Any]] = []
    for tenant_id, run_id in dict.fromkeys((key.tenant_id, key.run_id) for key in keys):
        own = [key for key in keys if (key.tenant_id, key.run_id) == (tenant_id, run_id)]
        with database.tenant(tenant_id) as tx:
            done = 0
            for key in own:
                left, finished = _batches(tx, key)
                items += [{**key.as_json(), "batch": number} for number in left]
                done += finished
            records.works_on(tx, run_id, [key.version_id for key in own], done)
            records.at_step(tx, run_id, "forecast")
    return {**store.keep(execution or "by-hand", items), "count": len(items)}


def _batches(tx: Tx, key: VersionKey) -> tuple[list[int], int]:
    """The unfinished batches of a version, and how many are finished."""
    version = versions.get(tx, key.version_id)
    if version.status != "draft":
        return [], 0
    found = tx.rows(
        """SELECT DISTINCT batch FROM forecast.forecast_series
           WHERE version_id = :version AND status = 'pending' ORDER BY batch""",
        version=version.id,
    )  # fmt: skip
    return [int(row["batch"]) for row in found], version.batches - len(found)
