"""Accuracy and forecast value added as they were measured when a version was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.forecasting.rules.accuracy import BIAS_CONVENTION
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import Page, cut, decode_cursor
from opscopilot.planning.forecasts.schemas import Node

Kind = Literal["backtest", "live"]
Level = Literal["item", "family", "abc_class", "plant", "total"]
LagBasis = Literal["fixed", "lead_time", "all"]


class Accuracy(BaseModel):
    """How good forecasts were, beside the best simple method on the same periods. Null = cannot be said.

    `backtest`: rolling origins on history. `live`: what was published, frozen at the lag, against what then came.
    """

    version: str = Field(description="The version at whose making it was measured.")
    kind: Kind
    level: Level
    group_code: str | None = Field(description="Family or ABC class.")
    entity_type: Node
    entity_id: UUID | None
    sku_code: str | None
    location_code: str | None
    uom: str | None = Field(description="null = items of several units, weighted with their price")
    lag_basis: LagBasis = Field(description="lead_time: each item at its own lead time, rounded up to periods.")
    lag: int = Field(description="Periods between forecast and target, 1 = the first; 0 = mixed or all.")
    window_start: date | None
    window_end: date | None
    n: int = Field(description="Forecasts that were judged.")
    wape: float | None = Field(description="sum of absolute errors / sum of actuals")
    naive_wape: float | None
    bias: float | None = Field(description=BIAS_CONVENTION)
    mase: float | None = Field(description="sum of absolute errors / sum of in-sample naive errors; below 1 is better")
    mae: float | None
    rmse: float | None
    tracking_signal: float | None = Field(description="sum of errors / mean absolute error; alarm beyond +-4")
    coverage_80: float | None = Field(description="Share of actuals inside the 80 % interval.")
    coverage_95: float | None
    overridden: int = Field(description="Of n, those where a planner's number counted.")


class AccuracyPage(Page[Accuracy]):
    """One page, and how to read the sign."""

    bias_convention: str = BIAS_CONVENTION


@dataclass(frozen=True, slots=True)
class Asked:
    """Which measures. None = no matter which."""

    kind: Kind | None = None
    level: Level | None = None
    lag: int | None = None
    lag_basis: LagBasis | None = None
    sku_id: UUID | None = None
    family: str | None = None
    entity_type: Node | None = None


_MEASURED = """
SELECT m.*, :code AS version, s.sku_code, s.location_code, coalesce(m.wape, -1) AS rank
FROM forecast.forecast_accuracy_metrics m
LEFT JOIN forecast.forecast_series s ON s.tenant_id = m.tenant_id AND s.version_id = m.version_id
    AND s.entity_type = m.entity_type AND s.entity_id = m.entity_id AND s.location_id IS NOT DISTINCT FROM m.location_id
"""


def accuracy(tx: Tx, version: ForecastVersion, asked: Asked, cursor: str | None, limit: int) -> AccuracyPage:
    """Measures of a version, the largest error first."""
    rows, total, following = _page(tx, version, asked, cursor, limit)
    items = [Accuracy.model_validate(row) for row in rows]
    return AccuracyPage(items=items, next_cursor=following, total=total)


def _page(
    tx: Tx, version: ForecastVersion, asked: Asked, cursor: str | None, limit: int
) -> tuple[list[Row], int, str | None]:
    where = ["m.version_id = :version"]
    params: dict[str, Any] = {"version": version.id, "code": version.code}
    for column, value in (
        ("kind", asked.kind), ("level", asked.level), ("lag", asked.lag), ("lag_basis", asked.lag_basis),
        ("entity_id", asked.sku_id), ("entity_type", asked.entity_type),
    ):  # fmt: skip
        if value is not None:
            where.append(f"m.{column} = :{column}")
            params[column] = value
    if asked.family is not None:
        where.append("""(m.group_code = :family AND m.level = 'family' OR EXISTS (
            SELECT 1 FROM manufacturing.skus k WHERE k.id = m.entity_id AND k.category = :family))""")
        params["family"] = asked.family
    base = f"{_MEASURED} WHERE {' AND '.join(where)}"
    total = int(tx.scalar(f"SELECT count(*) FROM ({base}) counted", **params))
    after = ""
    if cursor is not None:
        rank, last = decode_cursor(cursor, 2)
        params |= {"rank": rank, "last": str(last)}
        after = "WHERE (r.rank, r.id) < (CAST(:rank AS float8), CAST(:last AS uuid))"
    rows = tx.rows(
        f"SELECT r.* FROM ({base}) r {after} ORDER BY r.rank DESC, r.id DESC LIMIT :rows", **params, rows=limit + 1
    )
    kept, following = cut(rows, limit, "rank", "id")
    return kept, total, following
