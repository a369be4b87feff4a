"""What people and tools read: the forecast contract, risks by money, versions, alerts with their acknowledgments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from local.testing import ThrowawayDatabase, borrowed
from opscopilot.forecasting import queries, queries_risk
from opscopilot.forecasting.tools import ForecastArgs, get_forecasts
from opscopilot.insights import alerts
from opscopilot.insights.alert_tools import AlertArgs, get_alerts
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.tenancy import Principal, plant_settings
from opscopilot.kernel.tools import ToolContext
from tests.integration.forecasting.conftest import filling

STATUSES: tuple[alerts.StatusFilter, ...] = ("open", "acknowledged", "active", "resolved")


def _forecast(port: int, name: str) -> None:
    """Items A to D with falling stakes; NEW has too little history, RAW no orders."""
    with filling(port, name) as (make_plant, run):
        plant = make_plant()
        for number, code in enumerate("ABCD"):
            plant.sku(code, reorder_point=100, list_price=10 - number, description=f"Jam {code}")
            plant.weeks(code, [70, 80, 75] * 10)
            plant.stock(code, 20)
        plant.sku("NEW", description="Brand new")
        plant.weeks("NEW", [5, 6])
        plant.sku("RAW", type="raw", reorder_point=100, description="Sugar")
        plant.stock("RAW", 500)
        plant.sku("IDLE", description="Never ordered")
        run(plant)


@pytest.fixture
def db() -> Iterator[ThrowawayDatabase]:
    with borrowed(_forecast) as fresh:
        yield fresh


@pytest.fixture
def forecast(known: Callable[..., Any]) -> Any:
    """The plant with its forecast."""
    return known()


@pytest.fixture
def tx(forecast: Any, opened: Callable[[str], Database]) -> Iterator[Tx]:
    """A transaction of the API's role."""
    with opened("ops_copilot").tenant(forecast.tenant_id) as open_tx:
        yield open_tx


def demand_forecast(tx: Tx, sku_id: UUID, **asked: Any) -> Any:
    return queries.demand_forecasts(tx, [sku_id], **asked).get(sku_id)


def context(tx: Tx, forecast: Any, clock: FixedClock) -> ToolContext:
    who = Principal(tenant_id=forecast.tenant_id, tenant_code=forecast.code, user_id="u", role="planner")
    return ToolContext(tx, who, plant_settings(tx), clock)


def test_the_demand_contract(tx: Tx, forecast: Any) -> None:
    version = queries.require_version(tx)
    found = demand_forecast(tx, forecast.ids["A"], version=version)
    assert found is not None
    assert found.forecast_dates == [date(2025, 3, 31) + timedelta(days=7 * i) for i in range(13)]
    assert len(found.forecast_values) == len(found.confidence_intervals.upper) == 13
    assert (found.confidence_level, found.period, found.uom) == (95.0, "weekly", "EA")
    assert all(
        0 <= low <= value <= high
        for low, value, high in zip(
            found.confidence_intervals.lower, found.forecast_values, found.confidence_intervals.upper, strict=True
        )
    )
    assert found.total == sum(found.forecast_values)
    assert found.method
    assert found.backtest is not None
    assert found.backtest.naive_method
    assert found.baseline is not None
    assert len(found.baseline.values) == 13
    assert [point.value for point in found.history[-3:]] == [70, 80, 75]
    assert (found.version, found.as_of) == ("DEMAND-W-20250330-01", date(2025, 3, 30))
    narrow = demand_forecast(tx, forecast.ids["A"], version=version, level=80, horizon=4, history=5)
    assert narrow is not None
    assert len(narrow.forecast_values) == 4
    assert len(narrow.history) == 5
    assert narrow.confidence_intervals.upper[0] < found.confidence_intervals.upper[0]
    text = found.model_dump_json()
    assert '"uom":"EA"' in text
    assert "000000" not in text


def test_a_refused_forecast_says_why(tx: Tx, forecast: Any) -> None:
    found = demand_forecast(tx, forecast.ids["NEW"], version=queries.require_version(tx))
    assert found is not None
    assert (found.status, found.forecast_values, found.backtest) == ("refused", [], None)
    assert "too few data" in (found.reason or "")
    assert demand_forecast(tx, forecast.ids["IDLE"], version=queries.require_version(tx)) is None


def test_risks_come_by_money_and_page_by_page(tx: Tx) -> None:
    version = queries.require_version(tx)
    first = queries_risk.inventory_risks(tx, version, limit=2)
    second = queries_risk.inventory_risks(tx, version, limit=2, cursor=first.next_cursor)
    third = queries_risk.inventory_risks(tx, version, limit=2, cursor=second.next_cursor)
    codes = [one.sku_code for page in (first, second, third) for one in page.items]
    assert codes == ["A", "B", "C", "D", "NEW", "RAW"]
    assert (first.total, third.next_cursor) == (6, None)
    assert first.items[0].risk_level == "critical"
    assert first.items[0].currency == "EUR"
    critical = queries_risk.inventory_risks(tx, version, risk_level="critical", sort="probability")
    assert critical.total == 4
    assert [one.sku_code for one in queries_risk.inventory_risks(tx, version, sort="code", reorder=False).items] == [
        "NEW", "RAW",
    ]  # fmt: skip
    with pytest.raises(ValidationFailed):
        queries_risk.inventory_risks(tx, version, cursor="nonsense")


def test_one_risk_and_the_counts(tx: Tx, forecast: Any) -> None:
    version = queries.require_version(tx)
    one = queries_risk.inventory_risk(tx, forecast.ids["RAW"], version)
    assert one is not None
    assert (one.risk_level, one.stockout_probability) == (None, None)
    assert one.risk_factors == ["no forecast to judge by: nobody has ordered it from us"]
    assert queries_risk.inventory_risk(tx, forecast.ids["IDLE"], version) is None
    summary = queries_risk.risk_summary(tx, version)
    assert (summary.by_level, summary.assessed, summary.not_assessed) == ({"critical": 4}, 4, 2)
    assert (summary.reorder_needed, summary.order_advised) == (4, 4)


def test_versions_and_accuracy(tx: Tx) -> None:
    page = queries.versions(tx)
    assert (page.total, page.items[0].status, page.items[0].batches_done) == (1, "published", page.items[0].batches)
    assert queries.versions(tx, status="failed").items == []
    assert queries.require_version(tx, page.items[0].code) == page.items[0]
    with pytest.raises(NotFound, match="no forecast version 'X'"):
        queries.require_version(tx, "X")
    backtest, at_lead_time = queries.accuracy(tx, page.items[0])
    assert (backtest.kind, backtest.lag_basis, backtest.lag, backtest.sku_code) == ("backtest", "all", 0, None)
    assert (at_lead_time.kind, at_lead_time.lag_basis) == ("backtest", "lead_time")


def test_before_the_first_forecast(
    make_plant: Callable[..., Any], opened: Callable[[str], Database], clock: FixedClock
) -> None:
    plant = make_plant("new-plant")
    with opened("ops_copilot").tenant(plant.tenant_id) as open_tx:
        assert queries.latest_version(open_tx) is None
        with pytest.raises(NotFound, match="No forecast has been published"):
            queries.require_version(open_tx)
        asked = context(open_tx, plant, clock)
        assert get_forecasts.run(asked, ForecastArgs(sku="A")).status == "not_ingested"
        assert get_alerts.run(asked, AlertArgs()).status == "not_ingested"


def test_alerts_with_who_took_them_on(tx: Tx) -> None:
    page = alerts.alerts(tx, status="open", limit=2)
    assert (page.total, [one.entity_code for one in page.items]) == (4, ["A", "B"])
    rest = alerts.alerts(tx, status="open", limit=2, cursor=page.next_cursor)
    assert ([one.entity_code for one in rest.items], rest.next_cursor) == (["C", "D"], None)
    tx.execute(
        """INSERT INTO notification.alert_acknowledgments (tenant_id, alert_id, user_id, acknowledged_at, note)
           VALUES (:tenant, :alert, 'anna', :at, 'on it')""",
        tenant=tx.tenant_id, alert=page.items[0].id, at=datetime(2025, 3, 31, 9, tzinfo=UTC),
    )  # fmt: skip
    taken = alerts.alert(tx, page.items[0].id)
    assert (taken.status, taken.acknowledgments[0].user_id, taken.acknowledgments[0].note) == (
        "acknowledged", "anna", "on it",
    )  # fmt: skip
    totals = {one: alerts.alerts(tx, status=one).total for one in STATUSES}
    assert totals == {"open": 3, "acknowledged": 1, "active": 4, "resolved": 0}
    assert alerts.alerts(tx, severity="low").total == 0
    assert alerts.counts(tx) == {"critical": 4}
    with pytest.raises(NotFound):
        alerts.alert(tx, page.items[0].entity_id or page.items[0].id)


_AT = datetime(2025, 4, 1, tzinfo=UTC)
_ENDED = {"status": "resolved", "closed_at": _AT, "resolved_by": "anna"}
DECIDED: list[tuple[dict[str, Any], alerts.AlertStatus]] = [
    ({"status": "acknowledged"}, "acknowledged"), ({"snoozed_until": _AT}, "open"), (_ENDED, "resolved"),
    ({**_ENDED, "resolved_by": None}, "open"), ({**_ENDED, "last_raised_at": datetime(2024, 1, 1, tzinfo=UTC)}, "open"),
]  # fmt: skip


def test_what_people_decided_counts_everywhere(tx: Tx, opened: Callable[[str], Database]) -> None:
    """Told by events, decided by people; an older alert of the same condition says nothing about this one."""
    first = alerts.alerts(tx, limit=1).items[0]
    assert tx.tenant_id is not None
    for state, shown in DECIDED:
        told = {"alert_id": first.id, "fingerprint": first.dedupe_key, "correlation_key": "c", "severity": "high",
                "alert_type": "stockout_risk", "first_seen": first.first_seen_at, "last_seen": first.first_seen_at,
                "last_raised_at": first.first_seen_at, **state}  # fmt: skip
        with opened("ops_notify").tenant(tx.tenant_id) as written:
            written.execute("DELETE FROM notification.alerts")
            written.execute(
                f"""INSERT INTO notification.alerts (tenant_id, {", ".join(told)})
                    VALUES (:tenant_id, {", ".join(f":{one}" for one in told)})""",
                tenant_id=tx.tenant_id, **told,
            )  # fmt: skip
        seen, left = alerts.alert(tx, first.id), 3 if shown == "resolved" else 4
        assert (seen.status, seen.snoozed_until) == (shown, state.get("snoozed_until"))
        assert (seen.resolved_by is not None) == (shown == "resolved")
        assert (alerts.counts(tx), alerts.alerts(tx, status="active").total) == ({"critical": left}, left)


def test_the_forecast_tool(tx: Tx, forecast: Any, clock: FixedClock) -> None:
    asked = context(tx, forecast, clock)
    one = get_forecasts.run(asked, ForecastArgs(sku="A", horizon=13))
    assert (one.status, one.units["forecast_values"], one.as_of) == ("ok", "EA", date(2025, 3, 30))
    assert len(one.data["forecast_values"]) == 13
    assert one.data["inventory_risk"]["risk_level"] == "critical"
    assert [source.rows for source in one.sources] == [13, 30]
    by_name = get_forecasts.run(asked, ForecastArgs(sku="jam b", period="monthly", horizon=50))
    assert by_name.data["sku_code"] == "B"
    assert any("no monthly forecast" in text for text in by_name.warnings)
    assert any("reaches 13 weeks ahead, not 50" in text for text in by_name.warnings)
    several = get_forecasts.run(asked, ForecastArgs(sku="jam"))
    assert (several.status, len(several.candidates)) == ("ambiguous", 4)
    assert get_forecasts.run(asked, ForecastArgs(sku="zzzz")).status == "not_found"
    assert get_forecasts.run(asked, ForecastArgs(sku="IDLE")).status == "not_ingested"
    refused = get_forecasts.run(asked, ForecastArgs(sku="NEW"))
    assert (refused.status, refused.data["status"]) == ("ok", "refused")
    urgent = get_forecasts.run(asked, ForecastArgs(limit=2))
    assert [row["sku_code"] for row in urgent.data["risks"]] == ["A", "B"]
    assert urgent.data["summary"]["by_level"] == {"critical": 4}


def test_an_old_forecast_is_called_stale(tx: Tx, forecast: Any, clock: FixedClock, opened: Any) -> None:
    asked = context(tx, forecast, clock)
    later = asked.plant.model_copy(update={"as_of": date(2025, 4, 9)})
    found = get_forecasts.run(ToolContext(tx, asked.principal, later, clock), ForecastArgs(sku="A"))
    assert found.status == "stale"
    assert any("data up to 2025-03-30" in text for text in found.warnings)


def test_the_alert_tool(tx: Tx, forecast: Any, clock: FixedClock) -> None:
    found = get_alerts.run(context(tx, forecast, clock), AlertArgs(status="open", limit=3))
    assert (found.status, found.data["total"], len(found.data["alerts"])) == ("ok", 4, 3)
    assert found.data["by_severity"] == {"critical": 4}
    assert found.warnings == ["1 more are not listed here."]
    assert Decimal(found.data["alerts"][0]["amount"]) > 0
