"""Two versions beside each other: what changed, series by series and in total, over the buckets both speak of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.forecasting.evaluation.overlay import EFFECTIVE, OPEN_OVERRIDE
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.pagination import Page, cut, decode_cursor
from opscopilot.planning.forecasts.schemas import Node
from opscopilot.web.fields import Amount, Quantity


class Mover(BaseModel):
    """One series. Null = that version has no forecast for it."""

    entity_type: Node
    entity_id: UUID
    sku_code: str
    location_code: str | None
    uom: str
    buckets: int = Field(description="That both versions speak of; of the one that does where only one does.")
    value: Quantity | None
    other_value: Quantity | None
    difference: Quantity = Field(description="other - this")
    worth: Amount | None = Field(description="The difference at list price, else at unit cost.")


class UnitTotal(BaseModel):
    """All items of one unit."""

    uom: str
    value: Quantity
    other_value: Quantity
    difference: Quantity


class Comparison(Page[Mover]):
    """Biggest movers first: by what the difference is worth, those without a price after them."""

    version: str
    other: str
    period: str
    first_bucket: date | None = Field(description="First bucket both speak of.")
    last_bucket: date | None
    totals: list[UnitTotal] = Field(description="Of items; units are not added up.")


_VALUES = f"""
SELECT f.entity_type, f.entity_id, f.location_id, f.bucket_start, f.uom, coalesce(s.sku_code, '') AS sku_code,
    s.location_code, {EFFECTIVE}
FROM forecast.forecasts f
JOIN forecast.forecast_versions v ON v.tenant_id = f.tenant_id AND v.id = f.version_id
LEFT JOIN forecast.forecast_series s ON s.tenant_id = f.tenant_id AND s.version_id = f.version_id
    AND s.entity_type = f.entity_type AND s.entity_id = f.entity_id AND s.location_id IS NOT DISTINCT FROM f.location_id
{OPEN_OVERRIDE}
WHERE f.version_id = :{{which}} AND f.entity_type = :kind AND f.bucket_start BETWEEN :first AND :last"""
_MOVED = f"""
WITH this AS ({_VALUES.format(which="this")}), other AS ({_VALUES.format(which="other")}
), moved AS (
    SELECT coalesce(a.entity_type, b.entity_type) AS entity_type, coalesce(a.entity_id, b.entity_id) AS entity_id,
        min(coalesce(b.sku_code, a.sku_code)) AS sku_code, min(coalesce(b.location_code, a.location_code)) AS location_code,
        coalesce(a.location_id, b.location_id) AS location_id, min(coalesce(b.uom, a.uom)) AS uom, count(*) AS buckets,
        sum(a.value) AS value, sum(b.value) AS other_value,
        coalesce(sum(b.value), 0) - coalesce(sum(a.value), 0) AS difference
    FROM this a FULL JOIN other b ON b.entity_type = a.entity_type AND b.entity_id = a.entity_id
        AND b.location_id IS NOT DISTINCT FROM a.location_id AND b.bucket_start = a.bucket_start
    GROUP BY 1, 2, 5
), ranked AS (
    SELECT m.*, m.difference * coalesce(k.list_price, k.unit_cost) AS worth,
        CAST(coalesce(abs(m.difference * coalesce(k.list_price, k.unit_cost)), -1) AS float8) AS rank,
        m.entity_id::text || coalesce(m.location_id::text, '') AS key
    FROM moved m LEFT JOIN manufacturing.skus k ON k.id = m.entity_id
)"""


def compare(
    tx: Tx, this: ForecastVersion, other: ForecastVersion, kind: Node, cursor: str | None, limit: int
) -> Comparison:
    """What `other` says differently from `this`. ValidationFailed when they have buckets of different length."""
    if this.period != other.period:
        raise ValidationFailed(
            f"{this.code} is {this.period} and {other.code} is {other.period}: their buckets cannot be compared.",
            field="other", value=other.code, expected=f"a {this.period} version",
        )  # fmt: skip
    first, last = max(this.horizon_start, other.horizon_start), min(this.horizon_end, other.horizon_end)
    params: dict[str, Any] = {"this": this.id, "other": other.id, "kind": kind, "first": first, "last": last}
    total = int(tx.scalar(f"{_MOVED} SELECT count(*) FROM ranked", **params))
    totals = tx.rows(
        f"""{_MOVED} SELECT uom, coalesce(sum(value), 0) AS value, coalesce(sum(other_value), 0) AS other_value,
                sum(difference) AS difference FROM ranked GROUP BY uom ORDER BY uom""",
        **params,
    )  # fmt: skip
    after = ""
    if cursor is not None:
        rank, key = decode_cursor(cursor, 2)
        params |= {"rank": rank, "key": str(key)}
        after = "WHERE (rank, key) < (CAST(:rank AS float8), :key)"
    rows = tx.rows(f"{_MOVED} SELECT * FROM ranked {after} ORDER BY rank DESC, key DESC LIMIT :rows",
                   **params, rows=limit + 1)  # fmt: skip
    kept, following = cut(rows, limit, "rank", "key")
    return Comparison(
        items=[_mover(row) for row in kept], next_cursor=following, total=total, version=this.code,
        other=other.code, period=this.period, first_bucket=first if first <= last else None,
        last_bucket=last if first <= last else None, totals=[UnitTotal.model_validate(row) for row in totals],
    )  # fmt: skip


def _mover(row: dict[str, Any]) -> Mover:
    worth: Decimal | None = row["worth"]
    return Mover.model_validate({**row, "worth": None if worth is None else round(worth, 4)})
