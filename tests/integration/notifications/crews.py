"""Shifts, calendar days and people for tests about crews."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import uuid7

_LINEAGE = {"source_system": "test", "ingestion_job_id": uuid7(), "source_row": 1}
THREE = (("DAY", time(6), time(14)), ("EVENING", time(14), time(22)), ("NIGHT", time(22), time(6)))


def place(db: Database, tenant: UUID, code: str, zone: str | None = None) -> UUID:
    """A location."""
    found = uuid7()
    _add(db, tenant, "locations", id=found, code=code, name=code, type="site", country="DE", is_nettable=True,
         time_zone=zone)  # fmt: skip
    return found


def shift(db: Database, tenant: UUID, code: str, start: time, end: time, **given: Any) -> None:
    """A shift, on every weekday unless told otherwise."""
    _add(db, tenant, "shifts", shift_code=code, start_local=start, end_local=end, **{"weekdays": "1234567", **given})


def three_shifts(db: Database, tenant: UUID, **given: Any) -> None:
    """06-14, 14-22, 22-06."""
    for code, start, end in THREE:
        shift(db, tenant, code, start, end, **given)


def day(db: Database, tenant: UUID, when: str, kind: str, **given: Any) -> None:
    """A calendar day."""
    _add(db, tenant, "calendar_days", calendar_date=date.fromisoformat(when), kind=kind, **given)


def _add(db: Database, tenant: UUID, table: str, **values: Any) -> None:
    row = {"tenant_id": tenant, **_LINEAGE, **values}
    with db.tenant(tenant) as tx:
        tx.execute(
            f"INSERT INTO manufacturing.{table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})",
            **row,
        )
