"""Forecast versions: draft, published, superseded. One is in force at a time, and it never changes (P-52)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from opscopilot.forecasting.config import MODEL_NAME, MODEL_VERSION, PERIOD, SCOPE, ForecastConfig
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import WEEKLY
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound

_COLUMNS = """id, code, status, as_of, history_end, horizon_start, horizon_end, horizon_periods, period, scope,
    model_id, batches, series_count, input_fingerprint, created_at"""


@dataclass(frozen=True, slots=True)
class Version:
    """A forecast version as its own service needs it."""

    id: UUID
    code: str
    status: str
    as_of: date
    history_end: date
    horizon_start: date
    horizon_end: date
    horizon_periods: int
    period: str
    scope: str
    model_id: UUID
    batches: int
    series_count: int
    input_fingerprint: str
    created_at: object

    @property
    def buckets(self) -> list[date]:
        """First days of the forecast weeks."""
        return [self.horizon_start + timedelta(days=7 * i) for i in range(self.horizon_periods)]


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


def published(tx: Tx) -> Version | None:
    """The version in force, if any."""
    return _read(
        tx.one(
            f"""SELECT {_COLUMNS} FROM forecast.forecast_versions
                WHERE scope = :scope AND period = :period AND status = 'published'""",
            scope=SCOPE, period=PERIOD,
        )
    )  # fmt: skip


def draft_of(tx: Tx, fingerprint: str) -> Version | None:
    """An unfinished version made from the same inputs: a run that was interrupted, or is still going on."""
    return _read(
        tx.one(
            f"""SELECT {_COLUMNS} FROM forecast.forecast_versions
                WHERE scope = :scope AND period = :period AND status = 'draft' AND input_fingerprint = :print""",
            scope=SCOPE, period=PERIOD, print=fingerprint,
        )
    )  # fmt: skip


def create(tx: Tx, cut: DataCut, fingerprint: str, config: ForecastConfig) -> UUID:
    """A new draft. Its code counts the versions of the day: DEMAND-W-20250328-01."""
    prefix = f"DEMAND-W-{cut.as_of:%Y%m%d}"
    number = 1 + int(
        tx.scalar("SELECT count(*) FROM forecast.forecast_versions WHERE code LIKE :like", like=f"{prefix}-%")
    )
    return UUID(
        str(
            tx.scalar(
                """INSERT INTO forecast.forecast_versions (tenant_id, code, name, scope, period, as_of, history_end,
                       horizon_start, horizon_end, horizon_periods, input_fingerprint, settings, model_id)
                   VALUES (:tenant, :code, :name, :scope, :period, :as_of, :history_end, :start, :end, :periods,
                       :print, CAST(:settings AS jsonb), :model) RETURNING id""",
                tenant=tx.tenant_id, code=f"{prefix}-{number:02d}", scope=SCOPE, period=PERIOD,
                name=f"Weekly demand, data up to {cut.complete_day}", as_of=cut.as_of,
                history_end=cut.history_end(), start=cut.horizon_start(), end=cut.horizon_end(WEEKLY, config.horizon),
                periods=config.horizon, print=fingerprint, settings=json.dumps(config.as_json()),
                model=_model(tx, cut, config),
            )
        )
    )  # fmt: skip


def _model(tx: Tx, cut: DataCut, config: ForecastConfig) -> UUID:
    """The registered model behind the numbers; made active on first use."""
    return UUID(
        str(
            tx.scalar(
                """INSERT INTO forecast.forecast_models AS m (tenant_id, name, version, type, method, params, status,
                       trained_at, training_to)
                   VALUES (:tenant, :name, :version, 'demand', 'pooled ensemble with conformal intervals',
                       CAST(:params AS jsonb), 'active', now(), :until)
                   ON CONFLICT (tenant_id, name, version) DO UPDATE SET params = excluded.params, updated_at = now(),
                       trained_at = now(), training_to = excluded.training_to, row_version = m.row_version + 1
                   RETURNING id""",
                tenant=tx.tenant_id, name=MODEL_NAME, version=MODEL_VERSION, params=json.dumps(config.as_json()),
                until=cut.history_end(),
            )
        )
    )  # fmt: skip


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
