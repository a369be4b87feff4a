"""What people do with versions: copy one to plan on, archive one, go back to the one before. Contents never change."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.runs import versions
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict, NotFound

Move = Literal["cloned", "published", "archived", "withdrawn", "restored"]
CLONE = "clone:"
"""Begins the input fingerprint of a copy: no run takes it up, and none gives it up as abandoned."""

_SKIPPED = {"tenant_id", "id", "version_id", "created_at"}


def note(tx: Tx, version_id: UUID, move: Move, by: str, reason: str | None) -> None:
    """Write down who did what with a version."""
    tx.execute(
        """INSERT INTO forecast.version_moves (tenant_id, version_id, move, reason, requested_by)
           VALUES (:tenant, :version, :move, :reason, :by)""",
        tenant=tx.tenant_id, version=version_id, move=move, reason=reason, by=by,
    )  # fmt: skip


def clone(tx: Tx, origin_id: UUID, copy_id: UUID, by: str, reason: str | None) -> Version:
    """A draft with everything the origin says, to put overrides on; the id is given so that a retry makes no second.

    Conflict when the origin is itself unfinished: there is nothing whole to copy.
    """
    origin = versions.get(tx, origin_id)
    if tx.scalar("SELECT EXISTS (SELECT 1 FROM forecast.forecast_versions WHERE id = :id)", id=copy_id):
        return versions.get(tx, copy_id)
    if origin.status not in ("published", "superseded", "archived"):
        raise Conflict(
            f"Version {origin.code} is {origin.status}; only a published one can be copied.", code="not_published",
            field="version_id", value=origin.id, expected="a version that is or was in force",
        )  # fmt: skip
    number = 1 + int(
        tx.scalar("SELECT count(*) FROM forecast.forecast_versions WHERE code LIKE :like", like=f"{origin.code}-C%")
    )
    tx.execute(
        """INSERT INTO forecast.forecast_versions (tenant_id, id, code, name, scope, period, as_of, history_end,
               horizon_start, horizon_end, horizon_periods, input_fingerprint, settings, model_id, batches,
               series_count, prepared_at, reconciled_at, created_by)
           SELECT tenant_id, :copy, :code, 'Copy of ' || code, scope, period, as_of, history_end, horizon_start,
               horizon_end, horizon_periods, :print, settings, model_id, batches, series_count, prepared_at,
               reconciled_at, :by FROM forecast.forecast_versions WHERE id = :origin""",
        copy=copy_id, code=f"{origin.code}-C{number}", print=f"{CLONE}{copy_id}", by=by, origin=origin.id,
    )  # fmt: skip
    for table in ("forecast_series", "forecasts"):
        _copy_rows(tx, table, origin.id, copy_id)
    note(tx, copy_id, "cloned", by, reason)
    return versions.get(tx, copy_id)


def _copy_rows(tx: Tx, table: str, origin: UUID, copy: UUID) -> None:
    """Every column as it is, also those that later migrations add."""
    found = tx.rows(
        """SELECT column_name FROM information_schema.columns
           WHERE table_schema = 'forecast' AND table_name = :table AND is_generated = 'NEVER'""",
        table=table,
    )  # fmt: skip
    names = ", ".join(sorted(row["column_name"] for row in found if row["column_name"] not in _SKIPPED))
    tx.execute(
        f"""INSERT INTO forecast.{table} (tenant_id, version_id, {names})
            SELECT tenant_id, :copy, {names} FROM forecast.{table} WHERE version_id = :origin""",
        origin=origin, copy=copy,
    )  # fmt: skip


def archive(tx: Tx, version_id: UUID, by: str, reason: str | None) -> Version:
    """Put a superseded version away. It stays readable and counts when forecasts are judged."""
    version = versions.get(tx, version_id, lock="UPDATE")
    if version.status == "archived":
        return version
    if version.status != "superseded":
        raise Conflict(
            f"Version {version.code} is {version.status}; only a superseded one can be archived.",
            code="not_superseded", field="version_id", value=version.id, expected="a version out of force",
        )  # fmt: skip
    _set(tx, version.id, "archived")
    note(tx, version.id, "archived", by, reason)
    return versions.get(tx, version.id)


def go_back(tx: Tx, period: PeriodName, target_id: UUID | None, by: str, reason: str | None) -> tuple[Version, Version]:
    """Put an earlier version of `period` back in force: the target, else the one before. Returns (back, withdrawn).

    The withdrawn version is not brought back by the same data, and is not judged against what comes.
    """
    versions.lock_tenant(tx)
    current = versions.published(tx, period)
    if current is None:
        raise NotFound(f"There is no {period} version in force.", code="no_forecast", field="period", value=period)
    target = _target(tx, current, target_id)
    _set(tx, current.id, "superseded")
    tx.scalar("SELECT set_config('app.rollback_to', :id, true)", id=str(target.id))
    _set(tx, target.id, "published")
    tx.scalar("SELECT set_config('app.rollback_to', '', true)")
    note(tx, current.id, "withdrawn", by, reason)
    note(tx, target.id, "restored", by, reason)
    return versions.get(tx, target.id), versions.get(tx, current.id)


def before(tx: Tx, current: Version) -> UUID:
    """The version to go back to by default: in force before, and not withdrawn. NotFound when there is none."""
    found: UUID | None = tx.scalar(
        """SELECT v.id FROM forecast.forecast_versions v
           WHERE v.scope = :scope AND v.period = :period AND v.status = 'superseded' AND v.published_at <= (
                 SELECT published_at FROM forecast.forecast_versions WHERE id = :current)
             AND NOT EXISTS (SELECT 1 FROM forecast.version_moves w WHERE w.version_id = v.id AND w.move = 'withdrawn')
           ORDER BY v.published_at DESC, v.id DESC LIMIT 1""",
        scope=current.scope, period=current.period, current=current.id,
    )  # fmt: skip
    if found is None:
        raise NotFound(
            f"Before {current.code} there is no version to go back to.", code="nothing_to_restore", field="version",
            value=current.code, expected="a superseded version of the same period",
        )  # fmt: skip
    return found


def _target(tx: Tx, current: Version, target_id: UUID | None) -> Version:
    target = versions.get(tx, target_id or before(tx, current), lock="UPDATE")
    if target.status != "superseded" or (target.scope, target.period) != (current.scope, current.period):
        raise Conflict(
            f"Version {target.code} cannot be put back in force: it is {target.status}, {target.period}.",
            code="not_superseded", field="version", value=target.code,
            expected=f"a superseded {current.period} version",
        )  # fmt: skip
    return target


def withdrawn(tx: Tx, period: PeriodName, fingerprint: str) -> str | None:
    """Code of a version made from the same data that a rollback took out of force, if it is not back since."""
    found: str | None = tx.scalar(
        """SELECT v.code FROM forecast.forecast_versions v JOIN forecast.version_moves w ON w.version_id = v.id
           WHERE v.scope = 'demand' AND v.period = :period AND v.input_fingerprint = :print
             AND v.status = 'superseded' AND w.move = 'withdrawn' LIMIT 1""",
        period=period, print=fingerprint,
    )  # fmt: skip
    return found


def _set(tx: Tx, version_id: UUID, status: str) -> None:
    tx.execute(
        """UPDATE forecast.forecast_versions SET status = :status, updated_at = now(), row_version = row_version + 1
           WHERE id = :id""",
        id=version_id, status=status,
    )  # fmt: skip
