"""A planner's number over the engine's, and taking it back. Rows of published versions are never touched (P-52)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from opscopilot.kernel.db import Row
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.planning.forecasts import rows
from opscopilot.planning.forecasts.schemas import ReasonCategory
from opscopilot.web import Caller


@dataclass(frozen=True, slots=True)
class Why:
    """The reason, in words and as a kind."""

    reason: str
    category: ReasonCategory


def override(caller: Caller, wanted: Sequence[tuple[UUID, Decimal]], why: Why) -> None:
    """Put these values over these forecast rows, all or none. The same again changes nothing."""
    if len({one for one, _ in wanted}) != len(wanted):
        raise ValidationFailed("A forecast is named twice.", field="items", expected="each forecast id once")
    for forecast_id, value in wanted:
        row = _open_row(caller, forecast_id)
        if row["is_override"] and (row["value"], row["override_reason"]) == (value, why.reason):
            continue
        _put(caller, row, value, why)


def _open_row(caller: Caller, forecast_id: UUID) -> Row:
    row = rows.raw(caller.tx, forecast_id)
    if row["version_status"] not in ("draft", "published") or row["scope"] != "demand":
        raise Conflict(
            f"Version {row['version']} is not in force any more.", code="version_not_open", field="id",
            value=forecast_id, expected="a row of the version in force, or of a draft",
        )  # fmt: skip
    if row["entity_type"] not in ("sku", "sku_location"):
        raise ValidationFailed(
            f"{row['sku_code']} is a sum of items: it follows from what its items say.", code="not_an_item",
            field="id", value=forecast_id, expected="the row of an item, or of an item at a location",
        )  # fmt: skip
    if rows.bucket_is_over(row["bucket_start"], row["period"], caller.today):
        raise Conflict(
            f"The period that begins on {row['bucket_start']} is over; its forecast is history.", code="bucket_over",
            field="id", value=forecast_id, expected="a period that still runs or lies ahead",
        )  # fmt: skip
    return row


def _put(caller: Caller, row: Row, value: Decimal, why: Why) -> None:
    tx, draft = caller.tx, row["version_id"] if row["version_status"] == "draft" else None
    replaced = _close(caller, row, draft)
    made = tx.scalar(
        """INSERT INTO planning.forecast_overrides (tenant_id, forecast_id, version_id, draft_id, entity_type,
               entity_id, location_id, period, bucket_start, value, statistical_value, uom, reason, reason_category,
               as_of, created_by)
           VALUES (:tenant, :id, :version, :draft, :kind, :entity, :location, :period, :bucket, :value, :engine, :uom,
               :reason, :category, :today, :by) RETURNING id""",
        tenant=tx.tenant_id, id=row["id"], version=row["version_id"], draft=draft, kind=row["entity_type"],
        entity=row["entity_id"], location=row["location_id"], period=row["period"], bucket=row["bucket_start"],
        value=value, engine=row["statistical_value"], uom=row["uom"], reason=why.reason, category=why.category,
        today=caller.today, by=caller.principal.user_id,
    )  # fmt: skip
    if replaced is not None:
        tx.execute("UPDATE planning.forecast_overrides SET replaced_by = :new WHERE id = :old", new=made, old=replaced)


def _close(caller: Caller, row: Row, draft: UUID | None) -> UUID | None:
    """End the open override of the same bucket, if there is one; its id."""
    found: UUID | None = caller.tx.scalar(
        """UPDATE planning.forecast_overrides SET revoked_at = now(), revoked_by = :by, revoked_as_of = :today
           WHERE revoked_at IS NULL AND entity_type = :kind AND entity_id = :entity AND period = :period
             AND location_id IS NOT DISTINCT FROM CAST(:location AS uuid) AND bucket_start = :bucket
             AND draft_id IS NOT DISTINCT FROM CAST(:draft AS uuid) RETURNING id""",
        by=caller.principal.user_id, today=caller.today, kind=row["entity_type"], entity=row["entity_id"],
        period=row["period"], location=row["location_id"], bucket=row["bucket_start"], draft=draft,
    )  # fmt: skip
    return found


def revoke(caller: Caller, forecast_id: UUID) -> None:
    """Give the engine's number back. NotFound when nothing is overridden there."""
    row = _open_row(caller, forecast_id)
    if row["override_id"] is None:
        raise NotFound(
            f"Nobody overrides {row['sku_code']} for {row['bucket_start']}.", code="no_override", field="id",
            value=forecast_id, expected="a row whose is_override is true",
        )  # fmt: skip
    caller.tx.execute(
        """UPDATE planning.forecast_overrides SET revoked_at = now(), revoked_by = :by, revoked_as_of = :today
           WHERE id = :id AND revoked_at IS NULL""",
        by=caller.principal.user_id, today=caller.today, id=row["override_id"],
    )  # fmt: skip
