"""Forecast versions: draft, published, superseded. One per period is in force, and it never changes (P-52)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from opscopilot.forecasting.config import SCOPE, ForecastConfig
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import PERIODS, Period, PeriodName
from opscopilot.forecasting.registry import models
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound

_COLUMNS = """id, code, status, as_of, history_end, horizon_start, horizon_end, horizon_periods, period, scope,
    model_id, batches, series_count, input_fingerprint, created_at, prepared_at IS NOT NULL AS prepared,
    reconciled_at IS NOT NULL AS reconciled"""


@dataclass(frozen=True, slots=True)
class Version:
    """A forecast version as its own service needs it. `prepared`: its history is built and its series are dealt.
    `reconciled`: its levels add up."""

    id: UUID
    code: str
    status: str
    as_of: date
    history_end: date
    horizon_start: date
    horizon_end: date
    horizon_periods: int
    period: PeriodName
    scope: str
    model_id: UUID
    batches: int
    series_count: int
    input_fingerprint: str
    created_at: object
    prepared: bool = True
    reconciled: bool = False

    @property
    def length(self) -> Period:
        """What its buckets are."""
        return PERIODS[self.period]

    @property
    def buckets(self) -> list[date]:
        """First days of the forecast buckets."""
        return self.length.buckets(self.horizon_start, self.horizon_periods)


def _read(row: dict[str, Any] | None) -> Version | None:
    return None if row is None else Version(**row)


def lock_tenant(tx: Tx) -> None:
    """One plan or publish per tenant at a time; held until the transaction ends."""
    tx.scalar("SELECT pg_advisory_xact_lock(hashtextextended('forecast:' || :tenant, 0))", tenant=str(tx.tenant_id))


def get(tx: Tx, version_id: UUID, *, lock: str = "") -> Version:
    """The version; `lock` is '', 'SHARE' or 'UPDATE'. NotFound when this tenant has no such version."""
    clause = f" FOR {lock}" if lock else ""
    found = _read(tx.one(f"SELECT {_COLUMNS} FROM forecast.forecast_versions WHERE id = :id{clause}", id=version_id))
    if found is None:
        raise NotFound(
            "There is no such forecast version.", field="version_id", value=version_id,
            expected="an id from GET /api/v1/forecast/versions",
        )  # fmt: skip
    return found


def published(tx: Tx, period: PeriodName, scope: str = SCOPE) -> Version | None:
    """The version of that period in force, if any."""
    return _read(
        tx.one(
            f"""SELECT {_COLUMNS} FROM forecast.forecast_versions
                WHERE scope = :scope AND period = :period AND status = 'published'""",
            scope=scope, period=period,
        )
    )  # fmt: skip


def unfinished_of(tx: Tx, period: PeriodName, fingerprint: str, scope: str = SCOPE) -> Version | None:
    """A version made from the same inputs that was never published: its run was interrupted, has failed, or is still
    going on. A failed one that a newer version has overtaken is not taken up again."""
    return _read(
        tx.one(
            f"""SELECT {_COLUMNS} FROM forecast.forecast_versions v
                WHERE scope = :scope AND period = :period AND status IN ('draft', 'failed')
                  AND input_fingerprint = :print AND NOT EXISTS (
                      SELECT 1 FROM forecast.forecast_versions p WHERE p.tenant_id = v.tenant_id AND p.scope = v.scope
                          AND p.period = v.period AND p.status IN ('published', 'superseded') AND p.id > v.id)
                ORDER BY status = 'draft' DESC, id DESC LIMIT 1""",
            scope=scope, period=period, print=fingerprint,
        )
    )  # fmt: skip


def reopen(tx: Tx, version_id: UUID) -> None:
    """Make a failed version a draft again, with the batches that were finished."""
    tx.execute(
        """UPDATE forecast.forecast_versions SET status = 'draft', error = NULL, updated_at = now(),
               row_version = row_version + 1 WHERE id = :id AND status = 'failed'""",
        id=version_id,
    )  # fmt: skip


def create(
    tx: Tx, cut: DataCut, period: Period, fingerprint: str, config: ForecastConfig, scope: str = SCOPE
) -> Version:
    """A new draft. Its code counts the versions of the day: DEMAND-W-20250328-01."""
    prefix = f"{scope.upper()}-{period.letter}-{cut.as_of:%Y%m%d}"
    number = 1 + int(
        tx.scalar("SELECT count(*) FROM forecast.forecast_versions WHERE code LIKE :like", like=f"{prefix}-%")
    )
    row = tx.one(
        f"""INSERT INTO forecast.forecast_versions (tenant_id, code, name, scope, period, as_of, history_end,
                horizon_start, horizon_end, horizon_periods, input_fingerprint, settings, model_id)
            VALUES (:tenant, :code, :name, :scope, :period, :as_of, :history_end, :start, :end, :periods,
                :print, CAST(:settings AS jsonb), :model) RETURNING {_COLUMNS}""",
        tenant=tx.tenant_id, code=f"{prefix}-{number:02d}", scope=scope, period=period.name,
        name=f"{period.name.capitalize()} demand, data up to {cut.complete_day}", as_of=cut.as_of,
        history_end=cut.history_end(period), start=cut.horizon_start(period),
        end=cut.horizon_end(period, config.horizon), periods=config.horizon, print=fingerprint,
        settings=json.dumps(config.as_json()), model=models.champion(tx, cut.history_end(period), config),
    )  # fmt: skip
    assert row is not None
    return Version(**row)


def fail(tx: Tx, version_id: UUID, message: str) -> bool:
    """Close a draft as failed with what went wrong; False when it is no draft any more."""
    return bool(
        tx.execute(
            """UPDATE forecast.forecast_versions SET status = 'failed', error = :message, updated_at = now(),
                   row_version = row_version + 1 WHERE id = :id AND status = 'draft'""",
            id=version_id, message=message[:2000],
        )
    )  # fmt: skip


def publish(tx: Tx, version: Version) -> None:
    """Put the draft in force and take the one before out of force, in the caller's transaction."""
    tx.execute(
        """UPDATE forecast.forecast_versions SET status = 'superseded', updated_at = now(),
               row_version = row_version + 1
           WHERE scope = :scope AND period = :period AND status = 'published'""",
        scope=version.scope, period=version.period,
    )  # fmt: skip
    tx.execute(
        """UPDATE forecast.forecast_versions v SET status = 'published', locked = true, published_at = now(),
               updated_at = now(), row_version = row_version + 1,
               forecast_count = (SELECT count(*) FROM forecast.forecast_series s
                                 WHERE s.version_id = v.id AND s.status = 'ok'),
               refused_count = (SELECT count(*) FROM forecast.forecast_series s
                                WHERE s.version_id = v.id AND s.status = 'refused')
           WHERE id = :id""",
        id=version.id,
    )  # fmt: skip
