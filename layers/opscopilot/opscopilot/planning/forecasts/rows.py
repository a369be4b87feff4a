"""Forecast rows as they count now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting.demand.periods import PERIODS, PeriodName
from opscopilot.forecasting.evaluation.overlay import EFFECTIVE, OPEN_OVERRIDE
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.planning.forecasts import plan
from opscopilot.planning.forecasts.schemas import Forecast, Node, Override

_ROW = f"""
SELECT f.id, v.code AS version, f.version_id, f.entity_type, f.entity_id, coalesce(s.sku_code, '') AS sku_code,
    f.location_id, s.location_code, v.period, v.status AS version_status, v.scope, f.bucket_start, {EFFECTIVE}, f.uom,
    f.method, f.baseline_method AS naive_method, f.baseline_value AS naive_value, f.promo_uplift, c.id AS c_id,
    c.value AS c_value, c.reason AS c_reason, c.reason_category AS c_category, c.created_by AS c_by,
    c.created_at AS c_at, c.statistical_value AS c_statistical
FROM forecast.forecasts f
JOIN forecast.forecast_versions v ON v.tenant_id = f.tenant_id AND v.id = f.version_id
LEFT JOIN forecast.forecast_series s ON s.tenant_id = f.tenant_id AND s.version_id = f.version_id
    AND s.entity_type = f.entity_type AND s.entity_id = f.entity_id AND s.location_id IS NOT DISTINCT FROM f.location_id
{OPEN_OVERRIDE}
LEFT JOIN planning.forecast_overrides c ON c.tenant_id = f.tenant_id
    AND c.id = CASE WHEN v.status IN ('draft', 'published') THEN o.id ELSE f.override_id END
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows. None = no matter which."""

    entity_type: Node | None = None
    sku_id: UUID | None = None
    location_id: UUID | None = None
    family: str | None = None
    overridden: bool | None = None
    since: date | None = None
    until: date | None = None
    level: int = 95


def of_id(tx: Tx, forecast_id: UUID, level: int = 95) -> Forecast:
    """One row. NotFound when there is none of that id."""
    return _shown(raw(tx, forecast_id), level, _moved_by(tx))


def raw(tx: Tx, forecast_id: UUID) -> Row:
    """One row as the database has it, with its version's status. NotFound when there is none of that id."""
    row = tx.one(f"{_ROW} WHERE f.id = :id", id=forecast_id)
    if row is None:
        raise NotFound(
            f"There is no forecast {forecast_id}.", field="id", value=forecast_id,
            expected="the id of a row of GET /api/v1/planning/forecasts",
        )  # fmt: skip
    return row


def every(tx: Tx, version: ForecastVersion, asked: Asked, cursor: str | None, limit: int) -> Page[Forecast]:
    """Rows of a version by code, place and bucket."""
    where, params = _filter(asked)
    params["version"] = version.id
    base = f"SELECT r.* FROM ({_ROW} WHERE f.version_id = :version AND {where}) r"
    overridden = "" if asked.overridden is None else f" WHERE r.is_override = {'true' if asked.overridden else 'false'}"
    total = int(tx.scalar(f"SELECT count(*) FROM ({base}{overridden}) counted", **params))
    if cursor is not None:
        code, place, bucket, last = decode_cursor(cursor, 4)
        params |= {"code": str(code), "place": str(place), "bucket": str(bucket), "last": str(last)}
        overridden += (" AND" if overridden else " WHERE") + (
            """ (r.sku_code COLLATE "C", coalesce(r.location_code, '') COLLATE "C", r.bucket_start, r.id) >
                (:code, :place, CAST(:bucket AS date), CAST(:last AS uuid))"""
        )
    rows = tx.rows(
        f"""{base}{overridden} ORDER BY r.sku_code COLLATE "C", coalesce(r.location_code, '') COLLATE "C",
            r.bucket_start, r.id LIMIT :rows""",
        **params, rows=limit + 1,
    )  # fmt: skip
    share = _moved_by(tx)
    keys = ("sku_code", "location_code", "bucket_start", "id")
    return page(rows, limit, total, keys, lambda row: _shown(row, asked.level, share))


def _filter(asked: Asked) -> tuple[str, dict[str, Any]]:
    parts = ["true"]
    params: dict[str, Any] = {}
    for column, value in (
        ("f.entity_type", asked.entity_type), ("f.entity_id", asked.sku_id), ("f.location_id", asked.location_id),
    ):  # fmt: skip
        if value is not None:
            name = column.removeprefix("f.")
            parts.append(f"{column} = :{name}")
            params[name] = value
    if asked.family is not None:
        parts.append("EXISTS (SELECT 1 FROM manufacturing.skus k WHERE k.id = f.entity_id AND k.category = :family)")
        params["family"] = asked.family
    if asked.since is not None:
        parts.append("f.bucket_start >= :since")
        params["since"] = asked.since
    if asked.until is not None:
        parts.append("f.bucket_start <= :until")
        params["until"] = asked.until
    return " AND ".join(parts), params


def _moved_by(tx: Tx) -> Decimal:
    return plan.read(tx).review_overrides_beyond


def moved(engine: Decimal, then: Decimal, share: Decimal) -> bool:
    """Whether the engine has changed its mind by more than `share` of what it said when it was overridden."""
    return abs(engine - then) > share * then


def _shown(row: Row, level: int, share: Decimal) -> Forecast:
    made = None
    if row["c_id"] is not None:
        made = Override(
            id=row["c_id"], value=row["c_value"], reason=row["c_reason"], reason_category=row["c_category"],
            made_by=row["c_by"], made_at=row["c_at"], statistical_value=row["c_statistical"],
            needs_review=row["version_status"] in ("draft", "published")
            and moved(row["statistical_value"], row["c_statistical"], share),
        )  # fmt: skip
    return Forecast(
        **{name: row[name] for name in _PLAIN}, baseline_value=row["statistical_value"], lower=row[f"lower_{level}"],
        upper=row[f"upper_{level}"], confidence_level=float(level), override=made,
    )  # fmt: skip


_PLAIN = (
    "id", "version", "version_id", "entity_type", "entity_id", "sku_code", "location_id", "location_code", "period",
    "bucket_start", "value", "uom", "method", "is_override", "override_reason", "naive_method", "naive_value",
    "promo_uplift",
)  # fmt: skip


def bucket_is_over(bucket: date, period: PeriodName, today: date) -> bool:
    """Whether the plant's day lies behind the bucket."""
    return PERIODS[period].last_day(bucket) < today
