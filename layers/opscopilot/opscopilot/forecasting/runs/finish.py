"""Tasks `fail_version`, `finish` and `fail`: close what a run worked on, and say what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from opscopilot.forecasting.runs import cost, records, versions
from opscopilot.forecasting.runs.keys import RunKey, VersionKey
from opscopilot.forecasting.runs.request import Asked
from opscopilot.kernel.db import Database, Tx

OVERTAKEN = "Overtaken"
"""How the error of a version begins that newer data made superfluous: nothing is wrong with its run."""


def fail_version(database: Database, key: VersionKey, error: str) -> dict[str, Any]:
    """Close one version of a run as failed; the others go on. Another run that works on it keeps it open."""
    with database.tenant(key.tenant_id) as tx:
        return {"version_id": str(key.version_id), "failed": _close(tx, key, error)}


def _close(tx: Tx, key: VersionKey, error: str) -> bool:
    if records.others_alive(tx, key.version_id, key.run_id):
        return False
    return versions.fail(tx, key.version_id, error)


def finish(database: Database, keys: Sequence[VersionKey]) -> dict[str, Any]:
    """Close the runs behind these versions: completed when each version is in force (or read, or overtaken)."""
    told = []
    for run in dict.fromkeys(RunKey(tenant_id=key.tenant_id, run_id=key.run_id) for key in keys):
        with database.tenant(run.tenant_id) as tx:
            own = [key.version_id for key in keys if key.run_id == run.run_id and key.tenant_id == run.tenant_id]
            told.append(_finish(tx, run.run_id, own))
    return {"ok": all(one["status"] == "completed" for one in told), "runs": told}


def _finish(tx: Tx, run_id: UUID, version_ids: list[UUID]) -> dict[str, Any]:
    rows = tx.rows(
        """SELECT code, status, scope, error, id FROM forecast.forecast_versions
           WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY code""",
        ids=[str(one) for one in version_ids],
    )  # fmt: skip
    wrong = [f"{row['code']}: {row['error'] or row['status']}" for row in rows if not _well(row)]
    records.end(tx, run_id, "failed" if wrong else "completed", "; ".join(wrong) or None)
    return {
        "run_id": str(run_id), "status": "failed" if wrong else "completed", "error": "; ".join(wrong)[:1000] or None,
        "versions": {row["code"]: row["status"] for row in rows}, **cost.of_run(tx, run_id).as_json(),
    }  # fmt: skip


def _well(row: dict[str, Any]) -> bool:
    if row["scope"] == "adhoc":
        return bool(row["status"] == "draft")
    overtaken = row["status"] == "failed" and str(row["error"]).startswith(OVERTAKEN)
    return overtaken or row["status"] in ("published", "superseded", "archived")


def fail(database: Database, asked: Asked | None, keys: Sequence[VersionKey], error: str) -> dict[str, Any]:
    """Close everything a broken run left open; the published versions stay the ones that are read."""
    closed = []
    for key in keys:
        with database.tenant(key.tenant_id) as tx:
            if _close(tx, key, error):
                closed.append(str(key.version_id))
            records.end(tx, key.run_id, "failed", error)
    tenant_id = asked.input.tenant_id if asked is not None else None
    if asked is not None and tenant_id is not None and not keys:
        run_id = asked.run_for(tenant_id)
        with database.tenant(tenant_id) as tx:
            records.begin(tx, run_id, asked.execution, "request", asked.input.periods or [], asked.input.scope)
            records.end(tx, run_id, "failed", error)
    return {"failed": closed}
