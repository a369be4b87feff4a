"""Pulling: what a connector fetches becomes objects in the landing bucket, each a job of its own.

fetch → announce the object's job → put the object → move the place forward. A crash between any two of these
repeats a batch and loses none: the same content gets the same job and the same key, and rows are matched by their
business key. The watermark moves when the stream is read to its end.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from opscopilot.kernel.clock import Clock, Deadline
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import OpsError, TransientError, ValidationFailed
from opscopilot.kernel.ids import derived_id
from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging import jobs
from opscopilot.staging.connectors import moments, state
from opscopilot.staging.connectors.base import (
    Around,
    BaseConnector,
    Batch,
    ConnectorConfig,
    ConnectorFactory,
    ConnectorFailed,
    FileBatch,
    Stream,
)
from opscopilot.staging.connectors.http import HttpClient, Later
from opscopilot.staging.connectors.secrets import SecretMissing, SecretStore, check_ref, own_name
from opscopilot.staging.connectors.state import Pull
from opscopilot.staging.finished import finished
from opscopilot.staging.landing import PREFIX
from opscopilot.staging.ports import ObjectStore, OpenBucket

log = logging.getLogger(__name__)
KEEP_S = 60.0  # seconds of an invocation kept for landing what was fetched
MAX_RECORDS = 200_000  # of one invocation
MAX_BYTES = 64 << 20  # of one landed object
MAX_WAITS = 60
_WAIT_S = 30

_AHEAD = (
    "A record says that it changed at {ahead}, which is yet to come. It was taken in; the next pull asks for what "
    "changed since {high}."
)


@dataclass(frozen=True)
class Ground:
    """Whose pull it is and where it lands."""

    tenant_id: UUID
    tenant_code: str
    connector: BaseConnector
    config: ConnectorConfig
    stream: Stream
    pull: Pull
    folder: Path


@dataclass
class Load:
    """What was fetched and has not landed yet."""

    path: Path
    records: int = 0
    size: int = 0
    high: str | None = None
    resume: dict[str, Any] | None = None
    lasts: bool = False
    warnings: list[str] = field(default_factory=list)

    def add(self, records: list[dict[str, Any]]) -> None:
        """Write them behind what is there."""
        with self.path.open("a", encoding="utf-8") as stream:
            for record in records:
                text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str) + "\n"
                stream.write(text)
                self.size += len(text.encode())
        self.records += len(records)

    def clear(self) -> None:
        """It has landed."""
        self.path.unlink(missing_ok=True)
        self.records = self.size = 0


@dataclass
class Puller:
    """The service behind the tasks pull, pull_due and pull_test."""

    database: Database
    store: ObjectStore
    bucket: str
    secrets: SecretStore
    guard: AddressGuard
    clock: Clock
    sleep: Callable[[float], None] | None = None
    buckets: OpenBucket | None = None

    def pull(self, tenant_id: UUID, job_id: UUID, deadline: Deadline) -> dict[str, Any]:
        """Pull for as long as there is time. status: done, failed, more (call again) or wait (call again later)."""
        with self.database.tenant(tenant_id) as tx:
            code = tx.scalar("SELECT code FROM platform.tenants WHERE status = 'active'")
            found = state.begin(tx, job_id) if code else None
        if found is None:
            return {"status": "done", "reason": "nothing_to_pull"}
        try:
            with tempfile.TemporaryDirectory(prefix="pull-") as folder:
                return self._run(tenant_id, code, found, Path(folder), deadline)
        except Later as later:
            return self._wait(tenant_id, found, later)
        except ConnectorFailed as failed:
            return self.fail(tenant_id, job_id, failed.code, failed.message)
        except OpsError as error:  # the config was right when it was saved; the product has moved on
            return self.fail(tenant_id, job_id, error.code, error.detail)

    def fail(self, tenant_id: UUID, job_id: UUID, code: str, message: str) -> dict[str, Any]:
        """End the pull's job as failed, with a sentence for people; who asked for it hears of it."""
        with self.database.tenant(tenant_id) as tx:
            asked = tx.scalar("SELECT mapping->'pull' FROM staging.ingestion_jobs WHERE id = :id", id=job_id)
            if not asked:
                return {"status": "done", "reason": "nothing_to_pull"}
            name, stream = asked["connector"], asked["stream"]
            # What was fetched has landed and has jobs of its own, so of the pull itself no record failed.
            if jobs.fail(tx, job_id, code, message):
                if state.failed(tx, name, stream, job_id, code, message):
                    log.warning("stream paused", extra={"connector": name, "stream": stream, "error_code": code})
                    jobs.add_log(tx, job_id, [jobs.LogEntry("warning", "stream_paused", _paused(name, stream))])
                state.cancel_unlanded(tx, job_id)
                state.next_in_line(tx, name)
                finished(tx, job_id, str(job_id), self.clock.now())
        return {"status": "failed", "error_code": code, "message": message}

    def connect(self, tenant_code: str, pull: Pull, folder: Path, deadline: Deadline) -> BaseConnector:
        """The connector with its secret; ConnectorFailed when the secret is not there."""
        options: dict[str, Any] = {"sleep": self.sleep} if self.sleep else {}
        http = HttpClient(self.guard, deadline=deadline, clock=self.clock, **options)
        around = Around(http, self.guard, folder, tenant_code, self.clock, deadline, self.buckets)
        made = ConnectorFactory.create_connector(
            pull.connector_type, pull.config, self._secret(tenant_code, pull), around
        )
        http.limit_rate(made.config.requests_per_minute)
        return made

    def _secret(self, tenant_code: str, pull: Pull) -> dict[str, str]:
        reference = pull.secret_ref or own_name(tenant_code, pull.connector)
        try:
            return self.secrets.get(check_ref(tenant_code, reference))
        except SecretMissing as error:
            if pull.secret_ref is None:  # a system that asks for no login has none
                return {}
            raise ConnectorFailed(
                "secret_missing", f"The secret '{reference}' of connector '{pull.connector}' is not there. "
                f"Set it with `ops connectors secret {pull.connector} NAME=VALUE`.",
            ) from error  # fmt: skip
        except ValidationFailed as error:
            raise ConnectorFailed("secret_refused", f"The secret '{reference}' is not this tenant's.") from error

    def _run(self, tenant_id: UUID, code: str, pull: Pull, folder: Path, deadline: Deadline) -> dict[str, Any]:
        if not pull.is_active:
            raise ConnectorFailed("connector_inactive", f"Connector '{pull.connector}' is switched off.")
        connector = self.connect(code, pull, folder, deadline)
        try:
            stream = next((one for one in connector.streams() if one.name == pull.stream), None)
            if stream is None:
                raise ConnectorFailed(
                    "unknown_stream", f"Connector '{pull.connector}' has no stream '{pull.stream}' any more."
                )
            return self._stream(Ground(tenant_id, code, connector, connector.config, stream, pull, folder), deadline)
        finally:
            connector.close()
            connector.around.http.close()

    def _stream(self, ground: Ground, deadline: Deadline) -> dict[str, Any]:
        pull, done = ground.pull, 0
        if self._is_full(ground):
            return self._wait(ground.tenant_id, pull, None)
        load = Load(ground.folder / "records.ndjson", high=pull.high, resume=pull.resume, lasts=pull.lasts)
        for batch in self._batches(ground):
            done += 1 if isinstance(batch, FileBatch) else len(batch.records)
            load.high, load.resume, load.lasts = batch.watermark or load.high, batch.resume, batch.lasts
            load.warnings += batch.warnings
            if isinstance(batch, FileBatch):
                pull = self._land(ground, pull, load, batch)
            else:
                load.add(batch.records)
            hurry = not batch.done and load.resume is not None and (deadline() < KEEP_S or done >= MAX_RECORDS)
            if load.records and (hurry or load.records >= ground.config.batch_records or load.size >= MAX_BYTES):
                pull = self._land(ground, pull, load, None)
                if load.resume is not None and self._is_full(ground):
                    return self._wait(ground.tenant_id, pull, None)
            if hurry:
                return {"status": "more", "fetched": pull.fetched}
        if load.records:
            pull = self._land(ground, pull, load, None)
        with self.database.tenant(ground.tenant_id) as tx:
            high = moments.not_ahead(load.high, self.clock.now())
            if high != load.high:
                load.warnings.append(_AHEAD.format(ahead=load.high, high=high))
            keep = load.lasts and high == load.high and not ground.config.overlap_s
            state.complete(tx, pull, high, load.resume if keep else None)
            jobs.add_log(tx, pull.job_id, [jobs.LogEntry("warning", "pull_warning", one) for one in load.warnings])
        return {"status": "done", "fetched": pull.fetched}

    def _batches(self, ground: Ground) -> Iterator[Batch | FileBatch]:
        pull = ground.pull
        return ground.connector.fetch_data(ground.stream, pull.watermark, pull.resume)

    def _land(self, ground: Ground, pull: Pull, load: Load, file: FileBatch | None) -> Pull:
        """Announce, put, move the place forward; the pull as it stands after."""
        path = file.path if file else load.path
        name = file.name if file else f"{pull.stream}-{pull.sequence + 1:05d}.ndjson"
        with path.open("rb") as stream:
            content = _digest(stream)
        child = derived_id("pull", str(pull.job_id), name, content)
        key = f"{PREFIX}/{ground.tenant_code}/{pull.connector}/{child}/{name}"
        records, size = (0 if file else load.records), path.stat().st_size
        with self.database.tenant(ground.tenant_id) as tx:
            new = state.announce(tx, pull, child, name, ground.stream.entity, self.bucket, key)
        if new:
            self.store.upload(path, self.bucket, key)
        with self.database.tenant(ground.tenant_id) as tx:
            moved = state.landed(
                tx, pull, child=child, size=size, records=records or 1, high=load.high, resume=load.resume,
                lasts=load.lasts,
            )  # fmt: skip
        if not moved:
            raise TransientError(f"the pull {pull.job_id} is worked on by two at once; whoever comes again goes on")
        if file is None:
            load.clear()
        else:
            path.unlink(missing_ok=True)
        return _moved(pull, records or 1)

    def _is_full(self, ground: Ground) -> bool:
        """Back-pressure: whether enough of this source waits to be loaded."""
        with self.database.tenant(ground.tenant_id) as tx:
            return state.unloaded(tx, ground.pull.connector) >= ground.config.max_waiting_jobs

    def _wait(self, tenant_id: UUID, pull: Pull, later: Later | None) -> dict[str, Any]:
        with self.database.tenant(tenant_id) as tx:
            waits = state.waited(tx, pull)
        if waits > MAX_WAITS:
            why = later.message if later else "What was pulled before is not loaded; see the jobs of this source."
            code = later.code if later else "not_loaded"
            return self.fail(tenant_id, pull.job_id, code, f"{why} Waited {MAX_WAITS} times; the pull is given up.")
        return {"status": "wait", "seconds": int(min(max(later.wait_s if later else _WAIT_S, 5), 900))}


def _moved(pull: Pull, records: int) -> Pull:
    return replace(pull, sequence=pull.sequence + 1, fetched=pull.fetched + records)


def _digest(stream: Any) -> str:
    digest = sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _paused(name: str, stream: str) -> str:
    return (
        f"'{stream}' of connector '{name}' failed {state.PAUSE_AFTER} times in a row and is left out of the schedule. "
        "Correct what is wrong and save the connector, or run it by hand: then it goes on."
    )
