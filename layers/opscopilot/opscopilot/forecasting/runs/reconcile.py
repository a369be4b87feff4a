"""Task `reconcile`: make the levels of a version add up, once all its batches are done."""

from __future__ import annotations

from typing import Any

from opscopilot.forecasting.demand import left_out, levels
from opscopilot.forecasting.runs import complete, records, statistics, versions
from opscopilot.forecasting.runs.keys import VersionKey
from opscopilot.kernel.db import Database, Tx


def run_reconcile(database: Database, key: VersionKey) -> dict[str, Any]:
    """Reconcile a complete draft; Conflict with what is missing when it is not complete."""
    with database.tenant(key.tenant_id) as tx:
        records.at_step(tx, key.run_id, "reconcile")
        version = versions.get(tx, key.version_id, lock="UPDATE")
        if version.status == "draft" and not version.reconciled:
            complete.require(tx, version)
            statistics.refresh(tx, "forecast_series", "forecasts")
            reconcile(tx, version)
            statistics.refresh(tx, "forecasts")
    return {"version": version.code, "status": version.status}


def reconcile(tx: Tx, version: versions.Version) -> None:
    """Bring the version's levels in line: plant, families, items and places of items add up to the last millionth."""
    levels.reconcile(tx, version.id)
    left_out.say(tx, version.id)
    tx.execute(
        "UPDATE forecast.forecast_versions SET reconciled_at = now(), updated_at = now() WHERE id = :id", id=version.id
    )
