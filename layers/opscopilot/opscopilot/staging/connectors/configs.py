"""Connectors: what is remembered about a source of files."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.staging.mapping import CONNECTOR_TYPE, SourceMapping

SUPPORTED = (CONNECTOR_TYPE,)
_COLUMNS = """name, connector_type, config_json AS config, schedule, is_active, last_success_at, updated_at, row_version,
    file_mappings, last_drift"""


class Connector(BaseModel):
    """A source as remembered. `config` of a file_drop says how its files are read."""

    name: str = Field(description="The source system's name, as in the landing path.", examples=["sap"])
    connector_type: str = Field(examples=["file_drop"])
    config: dict[str, Any]
    schedule: str | None
    is_active: bool
    last_success_at: datetime | None
    updated_at: datetime
    row_version: int
    file_mappings: list[dict[str, Any]] = Field(default=[], description="Confirmed for the files a connector brings.")
    last_drift: dict[str, Any] | None = Field(
        default=None, description="The last file with other columns than confirmed: when, file, added, removed."
    )


def check(registry: Registry, connector_type: str, config: dict[str, Any]) -> None:
    """ValidationFailed for a type we do not have, or a mapping that does not fit the catalogue."""
    if connector_type not in SUPPORTED:
        raise ValidationFailed(
            f"There is no connector type '{connector_type}'.", field="connector_type", value=connector_type,
            expected="one of: " + ", ".join(SUPPORTED),
        )  # fmt: skip
    try:
        SourceMapping.model_validate(config).check_against(registry)
    except ValidationError as error:
        faults = [
            {"field": "config." + ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
            for one in error.errors()
        ]
        raise ValidationFailed("The mapping is not well formed.", field="config", errors=faults) from error


def save(tx: Tx, name: str, connector_type: str, config: dict[str, Any], *, is_active: bool, by: str) -> Connector:
    """Remember the connector, new or changed."""
    row = tx.one(
        f"""INSERT INTO staging.data_connector_configs AS c
                (tenant_id, name, connector_type, config_json, is_active, created_by)
            VALUES (:tenant, :name, :type, CAST(:config AS jsonb), :active, :by)
            ON CONFLICT (tenant_id, name) DO UPDATE SET connector_type = excluded.connector_type,
                config_json = excluded.config_json, is_active = excluded.is_active, updated_at = now(),
                row_version = c.row_version + 1
            RETURNING {_COLUMNS}""",
        tenant=tx.tenant_id, name=name, type=connector_type, config=json.dumps(config), active=is_active, by=by,
    )  # fmt: skip
    return Connector.model_validate(row)


def one(tx: Tx, name: str) -> Connector:
    """The connector of that name; NotFound otherwise."""
    row = tx.one(f"SELECT {_COLUMNS} FROM staging.data_connector_configs WHERE name = :name", name=name)
    if row is None:
        raise NotFound(f"There is no connector '{name}'.", field="name", value=name)
    return Connector.model_validate(row)


def every(tx: Tx) -> list[Connector]:
    """All connectors, by name."""
    rows = tx.rows(f"SELECT {_COLUMNS} FROM staging.data_connector_configs ORDER BY name")
    return [Connector.model_validate(row) for row in rows]


def refuse_pull(found: Connector) -> None:
    """Say why nothing can be pulled from a source that pushes: always raises."""
    raise Conflict(
        f"Connector '{found.name}' is a {found.connector_type}: its files are pushed, there is nothing to pull.",
        code="not_pullable", field="connector", value=found.name,
        expected="POST /api/v1/ingest/uploads for files, or POST /api/v1/ingest for records",
    )  # fmt: skip
