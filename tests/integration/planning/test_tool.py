"""The tool get_forecasts: every period that has a version, families, and planners' numbers shown as such."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from opscopilot.forecasting.tools import ForecastArgs, get_forecasts
from opscopilot.kernel.db import Database
from opscopilot.kernel.tenancy import Principal, plant_settings
from opscopilot.kernel.tools import ToolContext, ToolResult
from tests.support.api import Api


def asked(plant: Any, opened: Callable[[str], Database], clock: Any, **args: Any) -> ToolResult:
    who = Principal(tenant_id=plant.tenant_id, tenant_code=plant.code, user_id="anna", role="planner")
    with opened("ops_copilot").tenant(plant.tenant_id) as tx:
        return get_forecasts.run(ToolContext(tx, who, plant_settings(tx), clock), ForecastArgs(**args))


def test_periods_families_places_and_overrides(
    published: Any, opened: Callable[[str], Database], clock: Any, api: Api, planner: str, run: Callable[..., Any]
) -> None:
    published.sku("C", category="Tea")
    published.weeks("C", [50, 60, 55, 52] * 13)
    run(published, "weekly", "monthly")
    first = api.get("/planning/forecasts", planner, sku="A", limit=1).json["items"][0]
    said = {"value": "480", "reason": "Listed at Dagrofa from week 18"}
    assert api.put(f"/planning/forecasts/{first['id']}/override", planner, said).status == 200
    weekly = asked(published, opened, clock, sku="A")
    assert (weekly.status, weekly.data["period"], weekly.data["forecast_values"][0]) == ("ok", "weekly", "480")
    assert weekly.data["overrides"][0]["reason"] == said["reason"]
    assert any("planner's number" in one for one in weekly.warnings)
    monthly = asked(published, opened, clock, sku="A", period="monthly", horizon=3)
    assert (monthly.data["period"], len(monthly.data["forecast_values"])) == ("monthly", 3)
    assert all(day.endswith("-01") for day in monthly.data["forecast_dates"])
    assert "by the month" in monthly.assumptions[0]
    daily = asked(published, opened, clock, sku="A", period="daily")
    assert daily.data["period"] == "weekly"
    assert any("no daily forecast" in one for one in daily.warnings)
    family = asked(published, opened, clock, family="jam")
    items = [asked(published, opened, clock, sku=code, period="weekly").data["forecast_values"] for code in ("A", "B")]
    assert len(family.data["forecast_values"]) == len(items[1])
    engine = Decimal(first["baseline_value"]) + Decimal(items[1][0])
    assert abs(Decimal(family.data["forecast_values"][0]) - engine) < Decimal("0.0001")
    unknown = asked(published, opened, clock, family="shoes")
    assert (unknown.status, unknown.did_you_mean) == ("not_found", ["Jam"])
    assert asked(published, opened, clock, sku="A", location="NOWHERE").status == "not_found"
    assert asked(published, opened, clock, sku="A", location="MAIN").status == "not_ingested"
