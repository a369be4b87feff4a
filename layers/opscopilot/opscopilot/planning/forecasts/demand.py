"""Demand as it was ordered and as forecasts learn from it, and what people say about it. Nothing is overwritten."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.forecasting.demand.periods import PERIODS, PeriodName
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed
from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.web import Caller
from opscopilot.web.fields import Quantity

Action = Literal["exclude", "keep", "replace"]


class Adjustment(BaseModel):
    """What a person says about one bucket of demand. It takes effect with the next version."""

    id: UUID
    sku_code: str
    location_code: str | None
    period: PeriodName
    bucket_start: date
    action: Action = Field(description="exclude: learn nothing from it; keep: it was demand; replace: by qty.")
    qty: Quantity | None
    reason: str
    made_by: str
    made_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None


class DemandPoint(BaseModel):
    """One bucket: what was ordered, and what is learned from it with the reason where the two differ."""

    sku_code: str
    location_code: str | None
    bucket_start: date
    ordered_qty: Quantity = Field(description="As customers ordered it, by the date they asked for; never changed.")
    shipped_qty: Quantity
    lost_qty: Quantity = Field(description="Of it cancelled for lack of stock.")
    learned_qty: Quantity = Field(description="What forecasts learn from: stock-outs undone, one-offs set aside.")
    uom: str
    was_stocked_out: bool
    was_promo: bool
    in_stock_share: float | None = Field(description="Share of the days with stock, where stock records say so.")
    cleaning_rule: str
    flag: Literal["outlier", "one_off"] | None
    flag_reason: str | None
    adjustment_id: UUID | None


_PLACES = """
SELECT k.sku_code, l.code AS location_code, h.bucket_start, h.ordered_qty, h.shipped_qty, h.lost_qty,
    h.unconstrained_qty AS learned_qty, h.uom, h.was_stocked_out, h.was_promo, h.in_stock_share, h.cleaning_rule,
    h.flag, h.flag_reason, h.adjustment_id
"""
_WHOLE = f"""{_PLACES.replace("l.code AS", "CAST(NULL AS text) AS")}
FROM forecast.demand_history h JOIN manufacturing.skus k ON k.tenant_id = h.tenant_id AND k.id = h.sku_id
WHERE h.period = :period AND h.sku_id = :sku"""
_PLACED = f"""{_PLACES}
FROM forecast.demand_history_locations h JOIN manufacturing.skus k ON k.tenant_id = h.tenant_id AND k.id = h.sku_id
JOIN manufacturing.locations l ON l.tenant_id = h.tenant_id AND l.id = h.location_id
WHERE h.period = :period AND h.sku_id = :sku AND h.location_id = :location"""


def history(
    tx: Tx, sku_id: UUID, location_id: UUID | None, period: PeriodName, flagged: bool, cursor: str | None, limit: int
) -> Page[DemandPoint]:
    """Demand of an item, the newest bucket first."""
    params: dict[str, Any] = {"sku": sku_id, "period": period}
    base = _WHOLE
    if location_id is not None:
        base = _PLACED
        params["location"] = location_id
    if flagged:
        base += " AND (h.flag IS NOT NULL OR h.adjustment_id IS NOT NULL)"
    total = int(tx.scalar(f"SELECT count(*) FROM ({base}) counted", **params))
    if cursor is not None:
        params["before"] = str(decode_cursor(cursor, 1)[0])
        base += " AND h.bucket_start < CAST(:before AS date)"
    rows = tx.rows(f"{base} ORDER BY h.bucket_start DESC LIMIT :rows", **params, rows=limit + 1)
    return page(rows, limit, total, ("bucket_start",), DemandPoint.model_validate)


_ADJUSTED = """
SELECT a.id, k.sku_code, l.code AS location_code, a.period, a.bucket_start, a.action, a.qty, a.reason,
    a.created_by AS made_by, a.created_at AS made_at, a.revoked_at, a.revoked_by
FROM planning.demand_adjustments a
JOIN manufacturing.skus k ON k.tenant_id = a.tenant_id AND k.id = a.sku_id
LEFT JOIN manufacturing.locations l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
"""


def adjustments(tx: Tx, sku_id: UUID | None, only_open: bool, cursor: str | None, limit: int) -> Page[Adjustment]:
    """Adjustments, the newest first."""
    params: dict[str, Any] = {"sku": sku_id}
    where = "(CAST(:sku AS uuid) IS NULL OR a.sku_id = :sku)" + (" AND a.revoked_at IS NULL" if only_open else "")
    total = int(tx.scalar(f"SELECT count(*) FROM planning.demand_adjustments a WHERE {where}", **params))
    if cursor is not None:
        params["after"] = str(decode_cursor(cursor, 1)[0])
        where += " AND a.id::text < :after"
    rows = tx.rows(f"{_ADJUSTED} WHERE {where} ORDER BY a.id::text DESC LIMIT :rows", **params, rows=limit + 1)
    return page(rows, limit, total, ("id",), Adjustment.model_validate)


def adjust(
    caller: Caller, sku_id: UUID, location_id: UUID | None, period: PeriodName, bucket: date, action: Action,
    qty: Decimal | None, reason: str,
) -> Adjustment:  # fmt: skip
    """Say something about a bucket. Conflict when something is said about it already: take that back first."""
    begins = PERIODS[period].start_of(bucket, caller.plant.week_start)
    if begins != bucket:
        raise ValidationFailed(
            f"No {period} bucket begins on {bucket}.", field="bucket_start", value=bucket, expected=str(begins)
        )
    if bucket > caller.today:
        raise ValidationFailed(
            f"{bucket} lies ahead; only demand that came can be adjusted.", field="bucket_start", value=bucket,
            expected="a bucket of the past; what lies ahead is overridden in the forecast",
        )  # fmt: skip
    if (action == "replace") != (qty is not None):
        raise ValidationFailed(
            "A quantity belongs to 'replace' and to nothing else.", field="qty", value=qty,
            expected="the quantity to learn from with 'replace', none with 'exclude' and 'keep'",
        )  # fmt: skip
    found = caller.tx.scalar(
        """INSERT INTO planning.demand_adjustments (tenant_id, sku_id, location_id, period, bucket_start, action, qty,
               reason, created_by) VALUES (:tenant, :sku, :location, :period, :bucket, :action, :qty, :reason, :by)
           ON CONFLICT DO NOTHING RETURNING id""",
        tenant=caller.tx.tenant_id, sku=sku_id, location=location_id, period=period, bucket=bucket, action=action,
        qty=qty, reason=reason, by=caller.principal.user_id,
    )  # fmt: skip
    if found is None:
        raise Conflict(
            f"Somebody has said something about {bucket} already.", code="already_adjusted", field="bucket_start",
            value=bucket, expected="a bucket without an open adjustment; DELETE the open one first",
        )  # fmt: skip
    return _one(caller.tx, found)


def take_back(caller: Caller, adjustment_id: UUID) -> Adjustment:
    """Revoke an adjustment; it stays on record. Doing it again changes nothing."""
    _one(caller.tx, adjustment_id)
    caller.tx.execute(
        """UPDATE planning.demand_adjustments SET revoked_at = now(), revoked_by = :by
           WHERE id = :id AND revoked_at IS NULL""",
        id=adjustment_id, by=caller.principal.user_id,
    )  # fmt: skip
    return _one(caller.tx, adjustment_id)


def _one(tx: Tx, adjustment_id: UUID) -> Adjustment:
    row: Row | None = tx.one(f"{_ADJUSTED} WHERE a.id = :id", id=adjustment_id)
    if row is None:
        raise NotFound(
            f"There is no adjustment {adjustment_id}.", field="id", value=adjustment_id,
            expected="an id from GET /api/v1/planning/demand-adjustments",
        )  # fmt: skip
    return Adjustment.model_validate(row)
