"""Connectors: what is remembered about a source of files, or about a system that is pulled from."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.outbound.guard import check_url
from opscopilot.staging.connectors import state
from opscopilot.staging.connectors.base import ALIASES, ConnectorConfig, ConnectorFactory, Stream, connector_types
from opscopilot.staging.connectors.secrets import check_ref
from opscopilot.staging.connectors.state import StreamState
from opscopilot.staging.mapping import CONNECTOR_TYPE, SourceMapping

_COLUMNS = """name, connector_type, source_type, config_json AS config, secret_ref, schedule, next_run_at, is_active,
    last_success_at, updated_at, row_version, file_mappings, last_drift"""


class Connector(BaseModel):
    """A source as remembered. `config` of a file_drop says how its files are read."""

    name: str = Field(description="The source system's name, as in the landing path.", examples=["sap"])
    connector_type: str = Field(examples=["file_drop"])
    source_type: str
    config: dict[str, Any]
    secret_ref: str | None = Field(description="The secret's name; what is in it cannot be read back.")
    schedule: str | None = Field(description="When it is pulled, in the plant's time zone.")
    next_run_at: datetime | None
    is_active: bool
    last_success_at: datetime | None
    updated_at: datetime
    row_version: int
    file_mappings: list[dict[str, Any]] = Field(default=[], description="Confirmed for the files a connector brings.")
    last_drift: dict[str, Any] | None = Field(
        default=None, description="The last file with other columns than confirmed: when, file, added, removed."
    )
    streams: list[StreamState] = Field(default=[], description="Where each stream's pulls stand.")


class Entry(BaseModel):
    """What is to be remembered, checked."""

    connector_type: str
    source_type: str = "erp"
    config: dict[str, Any]
    secret_ref: str | None = None
    schedule: str | None = None
    next_run_at: datetime | None = None
    is_active: bool = True


def check_files(registry: Registry, config: dict[str, Any]) -> None:
    """ValidationFailed for a mapping that does not fit the catalogue."""
    try:
        SourceMapping.model_validate(config).check_against(registry)
    except ValidationError as error:
        faults = [
            {"field": "config." + ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
            for one in error.errors()
        ]
        raise ValidationFailed("The mapping is not well formed.", field="config", errors=faults) from error


def checked(
    registry: Registry, given: Entry, *, tenant_code: str, zone: str, now: datetime, local: bool
) -> Entry:  # fmt: skip
    """The entry as it is kept; ValidationFailed names what does not fit. `local` allows http, on one machine."""
    if given.connector_type == CONNECTOR_TYPE:
        check_files(registry, given.config)
        if given.schedule:
            raise ValidationFailed(
                "Files of a file_drop are pushed; there is nothing to pull on a schedule.", field="schedule",
                value=given.schedule, expected="no schedule",
            )  # fmt: skip
        return given
    config = ConnectorFactory.config(given.connector_type, given.config)
    if ConnectorFactory.kind(given.connector_type).speaks_http:
        _check_urls(config, local)
    for stream in _streams(given.connector_type, given.config):
        if stream.entity is not None and registry.get(stream.entity) is None:
            raise ValidationFailed(
                f"There is no entity '{stream.entity}'.", field=f"config.streams.{stream.name}.entity",
                value=stream.entity, expected="one of: " + ", ".join(registry.names()),
            )  # fmt: skip
    if given.secret_ref is not None:
        check_ref(tenant_code, given.secret_ref)
    aliased = given.connector_type in ALIASES and "source_type" not in given.config
    return given.model_copy(update={
        "connector_type": ConnectorFactory.kind(given.connector_type).type,
        "source_type": given.connector_type if aliased else config.source_type,
        "next_run_at": _first_run(given.schedule, zone, now) if given.schedule else None,
    })  # fmt: skip


def _streams(connector_type: str, config: dict[str, Any]) -> list[Stream]:
    """The streams of a config. HTTP takes a fifth of a second to import: not at every cold start of the API."""
    from opscopilot.staging.connectors.offline import streams_of

    return streams_of(connector_type, config)


def _first_run(schedule: str, zone: str, now: datetime) -> datetime:
    from opscopilot.staging.connectors.schedule import check_schedule

    return check_schedule(schedule, zone, now)


def _check_urls(config: BaseModel, local: bool, at: str = "config") -> None:
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, str) and name.endswith("url"):
            check_url(value, local=local, field_name=f"{at}.{name}")
        elif isinstance(value, BaseModel):
            _check_urls(value, local, f"{at}.{name}")


def save(tx: Tx, name: str, entry: Entry, by: str) -> Connector:
    """Remember the connector, new or changed. Its paused streams go on."""
    row = tx.one(
        f"""INSERT INTO staging.data_connector_configs AS c
                (tenant_id, name, connector_type, source_type, config_json, secret_ref, schedule, next_run_at,
                 is_active, created_by)
            VALUES (:tenant, :name, :type, :source, CAST(:config AS jsonb), :secret, :schedule, :next, :active, :by)
            ON CONFLICT (tenant_id, name) DO UPDATE SET connector_type = excluded.connector_type,
                source_type = excluded.source_type, config_json = excluded.config_json,
                secret_ref = coalesce(excluded.secret_ref, c.secret_ref), schedule = excluded.schedule,
                next_run_at = CASE WHEN c.schedule = excluded.schedule AND c.next_run_at IS NOT NULL
                    THEN c.next_run_at ELSE excluded.next_run_at END,
                is_active = excluded.is_active, updated_at = now(), row_version = c.row_version + 1
            RETURNING {_COLUMNS}""",
        tenant=tx.tenant_id, name=name, type=entry.connector_type, source=entry.source_type,
        config=json.dumps(entry.config), secret=entry.secret_ref, schedule=entry.schedule, next=entry.next_run_at,
        active=entry.is_active, by=by,
    )  # fmt: skip
    state.wake(tx, name)
    assert row is not None
    return _shown(tx, row)


def keep_secret_ref(tx: Tx, name: str, ref: str) -> None:
    """Remember under which name the connector's secret is kept."""
    tx.execute(
        """UPDATE staging.data_connector_configs SET secret_ref = :ref, updated_at = now() WHERE name = :name""",
        ref=ref, name=name,
    )  # fmt: skip
    state.wake(tx, name)


def one(tx: Tx, name: str) -> Connector:
    """The connector of that name; NotFound otherwise."""
    row = tx.one(f"SELECT {_COLUMNS} FROM staging.data_connector_configs WHERE name = :name", name=name)
    if row is None:
        raise NotFound(f"There is no connector '{name}'.", field="name", value=name)
    return _shown(tx, row)


def every(tx: Tx) -> list[Connector]:
    """All connectors, by name."""
    rows = tx.rows(f"SELECT {_COLUMNS} FROM staging.data_connector_configs ORDER BY name")
    return [_shown(tx, row) for row in rows]


def _shown(tx: Tx, row: Row) -> Connector:
    return Connector.model_validate({**row, "streams": state.streams(tx, row["name"])})


def ask_for_pull(
    tx: Tx, found: Connector, wanted: list[str] | None, *, full: bool, by: str
) -> list[tuple[str, UUID]]:  # fmt: skip
    """Jobs for the streams asked for, or for all; Conflict when one of them is being pulled already."""
    if found.connector_type == CONNECTOR_TYPE:
        refuse_pull(found)
    if not found.is_active:
        raise Conflict(
            f"Connector '{found.name}' is switched off.", code="connector_inactive", field="connector",
            value=found.name, expected="is_active true: PUT /api/v1/connectors/" + found.name,
        )  # fmt: skip
    known = {one.name: one for one in _streams(found.connector_type, found.config)}
    names = list(dict.fromkeys(wanted)) if wanted else list(known)
    for name in names:
        if name not in known:
            raise ValidationFailed(
                f"Connector '{found.name}' has no stream '{name}'.", field="streams", value=name,
                expected="some of: " + ", ".join(known),
            )  # fmt: skip
    tx.execute("SELECT 1 FROM staging.data_connector_configs WHERE name = :name FOR UPDATE", name=found.name)
    busy = state.under_way(tx, found.name)
    for name in names:
        if name in busy:
            raise Conflict(
                f"'{name}' of connector '{found.name}' is being pulled already, by job {busy[name]}.",
                code="already_running", field="streams", value=name, expected=f"GET /api/v1/jobs/{busy[name]}",
            )  # fmt: skip
    state.wake(tx, found.name)
    made = state.request(tx, found.name, found.source_type, [known[name] for name in names], full=full, by=by)
    return [(stream.name, job_id) for stream, job_id in made]


def refuse_pull(found: Connector) -> None:
    """Say why nothing can be pulled from a source that pushes: always raises."""
    raise Conflict(
        f"Connector '{found.name}' is a {found.connector_type}: its files are pushed, there is nothing to pull.",
        code="not_pullable", field="connector", value=found.name,
        expected="POST /api/v1/ingest/uploads for files, or POST /api/v1/ingest for records",
    )  # fmt: skip


def kinds() -> list[tuple[str, str, type[ConnectorConfig], tuple[str, ...]]]:
    """Type, title, config model and secret's fields of every kind of connector that pulls."""
    return [(one.type, one.title, one.Config, one.secret_fields) for one in connector_types().values()]
