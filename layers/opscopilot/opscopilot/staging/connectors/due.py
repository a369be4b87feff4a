"""What the schedule starts, for every tenant; and trying a connector out."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from opscopilot.kernel.clock import Deadline
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import OpsError
from opscopilot.kernel.ids import uuid7
from opscopilot.staging.connectors import state
from opscopilot.staging.connectors.base import BaseConnector, Batch, ConnectorFailed, FileBatch, Stream
from opscopilot.staging.connectors.offline import streams_of
from opscopilot.staging.connectors.pulling import Puller
from opscopilot.staging.connectors.schedule import next_run
from opscopilot.staging.connectors.state import Pull

log = logging.getLogger(__name__)
_LOST = "The pull was broken off again and again for two days. The next one begins at the last watermark."
_SHOWN = 40


@dataclass(frozen=True)
class Scheduler:
    """Starts what is due."""

    puller: Puller

    def due(self, deadline: Deadline) -> list[dict[str, Any]]:
        """A pull (tenant and jobs, in order) for every connector whose time has come. One tenant's trouble does not
        keep the others waiting."""
        with self.puller.database.system() as tx:
            tenants = tx.rows("SELECT tenant_id FROM platform.tenants WHERE status = 'active' ORDER BY tenant_id")
        found: list[dict[str, Any]] = []
        for tenant_id in (row["tenant_id"] for row in tenants):
            if deadline() < 30:
                log.warning("the schedule of pulls ran out of time", extra={"tenant_id": str(tenant_id)})
                break
            try:
                found += self._of(tenant_id)
            except Exception:
                log.exception("the schedule of a tenant's pulls failed", extra={"tenant_id": str(tenant_id)})
        return found

    def _of(self, tenant_id: UUID) -> list[dict[str, Any]]:
        with self.puller.database.tenant(tenant_id) as tx:
            stranded = state.stranded(tx)
        pulls: dict[str, list[UUID]] = {}
        for one in stranded:
            if one.hopeless:
                self.puller.fail(tenant_id, one.job_id, "pull_lost", _LOST)
            else:
                pulls.setdefault(one.connector, []).append(one.job_id)
        with self.puller.database.tenant(tenant_id) as tx:
            rows = tx.rows(
                """SELECT name, connector_type, config_json, schedule, source_type, secret_ref
                   FROM staging.data_connector_configs
                   WHERE is_active AND schedule IS NOT NULL AND next_run_at <= :now
                   ORDER BY next_run_at FOR UPDATE SKIP LOCKED""", now=self.puller.clock.now(),
            )  # fmt: skip
            for row in rows:
                made = self._start(tx, row)
                if made:
                    pulls.setdefault(row["name"], []).extend(made)
        return [{"tenant_id": str(tenant_id), "jobs": [str(one) for one in ids]} for ids in pulls.values()]

    def _start(self, tx: Tx, row: dict[str, Any]) -> list[UUID]:
        zone = str(tx.scalar("SELECT default_time_zone FROM platform.tenants"))
        try:
            following = next_run(row["schedule"], self.puller.clock.now(), zone)
            streams = streams_of(row["connector_type"], row["config_json"])
        except OpsError as error:
            log.warning("connector cannot be pulled", extra={"connector": row["name"], "error_code": error.code})
            tx.execute(
                "UPDATE staging.data_connector_configs SET next_run_at = NULL WHERE name = :name", name=row["name"]
            )
            return []
        tx.execute(
            "UPDATE staging.data_connector_configs SET next_run_at = :at WHERE name = :name",
            at=following, name=row["name"],
        )  # fmt: skip
        busy = {*state.under_way(tx, row["name"]), *state.paused(tx, row["name"])}
        wanted = [one for one in streams if one.name not in busy]
        made = state.request(tx, row["name"], row["source_type"], wanted, full=False, by=None)
        return [job_id for _, job_id in made]


def try_out(puller: Puller, tenant_id: UUID, name: str, deadline: Deadline) -> dict[str, Any]:
    """Connect and fetch the first records of every stream: what was seen, or what is wrong. Nothing is kept."""
    with puller.database.tenant(tenant_id) as tx:
        code = tx.scalar("SELECT code FROM platform.tenants WHERE status = 'active'")
        row = tx.one(
            """SELECT connector_type, config_json, secret_ref, is_active, source_type
               FROM staging.data_connector_configs WHERE name = :name""", name=name,
        )  # fmt: skip
    if not code or row is None:
        return {"ok": False, "error_code": "not_found", "message": f"There is no connector '{name}'.", "streams": []}
    pull = Pull(
        job_id=uuid7(), connector=name, connector_type=row["connector_type"], config=row["config_json"],
        secret_ref=row["secret_ref"], is_active=row["is_active"], source_type=row["source_type"], requested_by=None,
        stream="", full=False, watermark=None, resume=None, sequence=0, high=None, fetched=0, waits=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="try-") as folder:
        try:
            connector = puller.connect(code, pull, Path(folder), deadline)
        except (ConnectorFailed, OpsError) as error:
            return {"ok": False, "streams": [], **_wrong(error)}
        try:
            seen = [_try_stream(connector, one, deadline) for one in connector.streams()]
        finally:
            connector.close()
            connector.around.http.close()
    return {"ok": all(one["ok"] for one in seen), "streams": seen}


def _try_stream(connector: BaseConnector, stream: Stream, deadline: Deadline) -> dict[str, Any]:
    told: dict[str, Any] = {"stream": stream.name, "entity": stream.entity}
    if deadline() < 10:
        return {**told, "ok": False, "error_code": "no_time", "message": "Not tried: the others took the whole time."}
    try:
        for batch in islice(connector.fetch_data(stream, None, None), 3):
            if isinstance(batch, FileBatch):
                return {**told, "ok": True, "file": batch.name, "bytes": batch.path.stat().st_size}
            if batch.records:
                return {**told, "ok": True, **_seen(batch)}
        return {**told, "ok": True, "records": 0, "message": "Connected; there are no records."}
    except (ConnectorFailed, OpsError) as error:
        return {**told, "ok": False, **_wrong(error)}


def _seen(batch: Batch) -> dict[str, Any]:
    """What a first page says: the names of its fields, and one record with long values cut."""
    first = batch.records[0]
    short = {name: _short(value) for name, value in list(first.items())[:_SHOWN]}
    return {"records": len(batch.records), "fields": list(first)[:200], "example": short}


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return f"{len(value)} lines"
    text = str(value)
    return value if len(text) <= 100 and not isinstance(value, dict) else text[:100]


def _wrong(error: ConnectorFailed | OpsError) -> dict[str, Any]:
    said = error.message if isinstance(error, ConnectorFailed) else error.detail
    return {"error_code": error.code, "message": said}
