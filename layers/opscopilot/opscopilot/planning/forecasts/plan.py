"""The plant's forecast settings, kept with who changed them."""

from __future__ import annotations

import json
from datetime import datetime

from pydantic import Field

from opscopilot.forecasting.settings import PlanSettings
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict


class StoredSettings(PlanSettings):
    """The settings in force."""

    row_version: int = Field(description="0 = never changed: the defaults.")
    updated_at: datetime | None = None
    updated_by: str | None = None


def read(tx: Tx) -> StoredSettings:
    """What the plant said, or the defaults."""
    row = tx.one("SELECT settings, row_version, updated_at, updated_by FROM planning.forecast_settings")
    if row is None:
        return StoredSettings(row_version=0)
    return StoredSettings.model_validate({**row.pop("settings"), **row})


def change(tx: Tx, wanted: PlanSettings, row_version: int | None, by: str) -> StoredSettings:
    """Keep `wanted`. Conflict when `row_version` is given and is no longer the one in force."""
    tx.scalar(
        "SELECT pg_advisory_xact_lock(hashtextextended('plan-settings:' || :tenant, 0))", tenant=str(tx.tenant_id)
    )
    current = read(tx)
    if row_version is not None and row_version != current.row_version:
        raise Conflict(
            "The settings were changed by somebody else in between.", code="stale_row_version", field="row_version",
            value=row_version, expected=f"{current.row_version}, after reading them again",
        )  # fmt: skip
    tx.execute(
        """INSERT INTO planning.forecast_settings AS s (tenant_id, settings, created_by, updated_by)
           VALUES (:tenant, CAST(:settings AS jsonb), :by, :by)
           ON CONFLICT (tenant_id) DO UPDATE SET settings = excluded.settings, updated_by = excluded.updated_by,
               updated_at = now(), row_version = s.row_version + 1""",
        tenant=tx.tenant_id, settings=json.dumps(wanted.model_dump(mode="json")), by=by,
    )  # fmt: skip
    return read(tx)
