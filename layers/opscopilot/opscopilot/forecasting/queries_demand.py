"""The demand forecast of items as the API tells it, out of a published version or one computed for the asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from opscopilot.forecasting.demand.periods import PERIODS, PeriodName
from opscopilot.forecasting.schemas import Backtest, Baseline, DemandForecast, HistoryPoint, Interval, Level


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows come from. `version` and `published_at` are None for what was computed for the asking."""

    source: Literal["published", "computed"]
    period: PeriodName
    as_of: date
    horizon_start: date
    version: str | None = None
    version_id: UUID | None = None
    published_at: datetime | None = None
    location: str | None = None


def assembled(rows: Mapping[str, Any], origin: Origin, level: Level, horizon: int | None) -> DemandForecast:
    """One item's answer. `horizon` cuts the rows at that many periods."""
    series, told = rows["series"], list(rows["rows"])
    if horizon is not None:
        end = PERIODS[origin.period].following(origin.horizon_start, horizon).isoformat()
        told = [row for row in told if str(row["bucket_start"]) < end]
    values = [Decimal(str(row["value"])) for row in told]
    return DemandForecast(
        entity_id=series["entity_id"], sku_code=series["sku_code"], description=series["description"],
        status="refused" if series["status"] == "refused" else "ok", reason=series["reason"], period=origin.period,
        location=origin.location, forecast_dates=[row["bucket_start"] for row in told], forecast_values=values,
        confidence_intervals=Interval(
            upper=[row[f"upper_{level}"] for row in told], lower=[row[f"lower_{level}"] for row in told]
        ),
        confidence_level=float(level), total=sum(values, Decimal(0)), uom=series["uom"], method=series["method"],
        demand_class=series["demand_class"], note=series["note"], baseline=_baseline(told), backtest=_backtest(series),
        overridden=[row["bucket_start"] for row in told if row["is_override"]],
        history=[HistoryPoint.model_validate(row) for row in rows["history"]],
        history_periods=series["history_periods"], source=origin.source, version=origin.version,
        version_id=origin.version_id, as_of=origin.as_of, published_at=origin.published_at,
    )  # fmt: skip


def _baseline(rows: list[dict[str, Any]]) -> Baseline | None:
    if not rows or rows[0]["baseline_method"] is None:
        return None
    return Baseline(method=rows[0]["baseline_method"], values=[row["baseline_value"] for row in rows])


def _backtest(series: Mapping[str, Any]) -> Backtest | None:
    if not series["origins"]:
        return None
    return Backtest(
        origins=series["origins"], wape=series["wape"], bias=series["bias"], mase=series["mase"],
        coverage_80=series["coverage_80"], coverage_95=series["coverage_95"], naive_method=series["naive_name"],
        naive_wape=series["naive_wape"],
    )  # fmt: skip
