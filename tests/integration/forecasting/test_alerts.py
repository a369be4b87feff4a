"""One problem, one alert: told once, again when worse, closed when gone, never five hundred at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import pytest

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import OutboxRow
from tests.support.forecasting import ListedItems, plan, walk

Run = Callable[[Any], dict[str, Any]]
Opened = Callable[[str], Database]


def alerts(plant: Any, where: str = "true") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plant.query(
        f"SELECT * FROM forecast.forecast_alerts WHERE {where} ORDER BY alert_type, entity_code, first_seen_at"
    )
    return found


def raised(bus: Any) -> list[dict[str, Any]]:
    return [json.loads(row.detail) for row in bus.of_type("AlertRaised")]


@pytest.fixture
def short(plant: Any) -> Any:
    """Two items: A will surely run out, B has plenty."""
    for code, stock in (("A", 10), ("B", 900)):
        plant.sku(code, reorder_point=50)
        plant.weeks(code, [70, 75, 65] * 10)
        plant.stock(code, stock)
    return plant


def test_a_stockout_risk_is_told_with_what_is_at_stake(short: Any, run: Run, bus: Any) -> None:
    run(short)
    event = raised(bus)[0]
    stored = alerts(short)[0]
    assert (event["alert_type"], event["severity"], event["entity_code"]) == ("stockout_risk", "critical", "A")
    assert event["currency"] == "EUR"
    assert float(event["amount"]) == pytest.approx(600, rel=0.1)
    assert event["deadline"] == "2025-04-01T00:00:00+02:00"
    assert str(stored["id"]) == event["alert_id"]
    assert str(stored["event_id"]) == event["event_id"]
    assert event["dedupe_key"] == stored["dedupe_key"] == f"stockout_risk:sku:{short.ids['A']}"
    for words in ("Item A (A)", "chance of running out within its lead time of 7 days", "10 ea available", "At stake"):
        assert words in event["message"]
    assert [row.detail_type for row in bus.sent].count("ForecastPublished") == 1
    assert {row.source for row in bus.sent} == {"opscopilot.forecasting"}


def test_p85_the_same_condition_is_told_once(short: Any, run: Run, bus: Any) -> None:
    run(short)
    before = len(raised(bus))
    short.order("B", short.as_of, 1)
    run(short)
    assert len(raised(bus)) == before
    [kept] = alerts(short, "alert_type = 'stockout_risk'")
    assert (kept["seen_count"], kept["status"]) == (2, "open")


def test_p85_it_is_told_again_when_it_gets_worse(short: Any, run: Run, bus: Any) -> None:
    short.change("UPDATE manufacturing.inventory_snapshots SET quantity_on_hand = 69, updated_at = now() "
                 "WHERE sku_id = :id", id=short.ids["A"])  # fmt: skip
    run(short)
    [first] = alerts(short, "alert_type = 'stockout_risk'")
    assert first["severity"] == "high"
    short.change("UPDATE manufacturing.inventory_snapshots SET quantity_on_hand = 5, updated_at = now() "
                 "WHERE sku_id = :id", id=short.ids["A"])  # fmt: skip
    run(short)
    [second] = alerts(short, "alert_type = 'stockout_risk'")
    assert (second["id"], second["severity"], second["seen_count"]) == (first["id"], "critical", 2)
    assert second["event_id"] != first["event_id"]
    told = [one for one in raised(bus) if one["alert_type"] == "stockout_risk"]
    assert [one["severity"] for one in told] == ["high", "critical"]
    assert {one["alert_id"] for one in told} == {str(first["id"])}


def test_a_condition_that_is_gone_is_resolved_and_one_that_flaps_is_the_same_alert(
    short: Any, run: Run, bus: Any
) -> None:
    run(short)
    told = len(raised(bus))
    short.stock("A", 900, at="2025-03-30T08:00:00Z")
    run(short)
    [gone] = alerts(short, "alert_type = 'stockout_risk'")
    assert (gone["status"], gone["reopened_count"]) == ("resolved", 0)
    assert gone["resolved_at"] is not None
    short.stock("A", 3, at="2025-03-30T09:00:00Z")
    run(short)
    [back] = alerts(short, "alert_type = 'stockout_risk'")
    assert (back["id"], back["status"], back["reopened_count"]) == (gone["id"], "open", 1)
    assert (back["resolved_at"], len(raised(bus))) == (None, told)


def test_what_is_told_says_what_to_do_and_what_it_is_part_of(short: Any, run: Run, bus: Any) -> None:
    run(short)
    event, [stored] = raised(bus)[0], alerts(short)
    assert event["correlation_key"] == stored["cause"] == f"sku:{short.ids['A']}"
    assert (event["entity_name"], event["threshold"]) == ("Item A", "0.5")
    assert float(event["observed"]) > 0.5
    assert event["actions"][0].startswith("Order ")
    assert event["actions"][0].endswith(" ea now: it takes 7 days to arrive.")
    assert stored["message"] == " ".join([event["message"], *event["actions"]])


def test_those_who_were_told_hear_that_it_is_gone_and_the_list_that_it_is_back(
    short: Any, run: Run, bus: Any, opened: Opened
) -> None:
    run(short)
    [first] = raised(bus)
    short.stock("A", 900, at="2025-03-30T08:00:00Z")
    run(short)
    [gone] = [json.loads(row.detail) for row in bus.of_type("AlertResolved")]
    assert (gone["alert_id"], gone["dedupe_key"]) == (first["alert_id"], first["dedupe_key"])
    assert gone["reason"] == "The condition is gone as of forecast DEMAND-W-20250330-02."
    assert bus.of_type("AlertSeen") == []
    short.stock("A", 3, at="2025-03-30T09:00:00Z")
    run(short)
    [back] = [json.loads(row.detail) for row in bus.of_type("AlertSeen")]
    assert (back["alert_id"], back["severity"]) == (first["alert_id"], "critical")
    with opened("ops_forecast").tenant(short.tenant_id) as tx:
        tx.execute("UPDATE forecast.forecast_alerts SET reported_at = reported_at - interval '61 minutes'")
    for after in (2, 2):  # it is still there; said once an hour at most
        short.order("B", short.as_of, 1)
        run(short)
        assert len(bus.of_type("AlertSeen")) == after
    assert (len(raised(bus)), len(bus.of_type("AlertResolved"))) == (1, 1)


def test_a_condition_that_comes_back_days_later_is_a_new_alert(short: Any, run: Run, opened: Opened) -> None:
    run(short)
    short.stock("A", 900, at="2025-03-30T08:00:00Z")
    run(short)
    with opened("ops_forecast").tenant(short.tenant_id) as tx:
        tx.execute("UPDATE forecast.forecast_alerts SET resolved_at = resolved_at - interval '73 hours'")
    short.stock("A", 3, at="2025-03-30T09:00:00Z")
    run(short)
    both = alerts(short, "alert_type = 'stockout_risk'")
    assert sorted(one["status"] for one in both) == ["open", "resolved"]
    assert len({one["id"] for one in both}) == 2


def test_p86_items_at_their_reorder_point_are_one_digest(plant: Any, run: Run, bus: Any) -> None:
    for number in range(30):
        plant.sku(f"R{number:02d}", type="raw", reorder_point=100)
        plant.stock(f"R{number:02d}", 100)
    run(plant)
    [digest] = alerts(plant)
    assert digest["alert_type"] == "threshold_breach"
    assert digest["title"] == "30 items at or below the reorder point"
    assert digest["observed"] == 30
    assert len(digest["details"]["items"]) == 30
    assert digest["details"]["items"][0]["available"] == "100"
    assert len(raised(bus)) == 1


def test_one_problem_is_one_alert(short: Any, run: Run) -> None:
    """A is below its reorder point and will run out: the digest has nothing to add."""
    run(short)
    assert [one["alert_type"] for one in alerts(short)] == ["stockout_risk"]
    short.sku("R", type="raw", reorder_point=100)
    short.stock("R", 20)
    run(short)
    [_, digest] = alerts(short, "status = 'open'")
    assert digest["title"] == "2 items at or below the reorder point"
    assert "1 of them reported on their own" in digest["message"]
    assert [one["sku_code"] for one in digest["details"]["items"]] == ["R"]


def test_p86_many_new_stockouts_send_ten_messages_and_one_digest(
    plant: Any, opened: Opened, bus: Any, clock: Any
) -> None:
    service = ForecastService(opened("ops_forecast"), bus, clock, ListedItems(), ForecastConfig(notify_at_most=3))
    for number in range(6):
        plant.sku(f"S{number}", list_price=number + 1)
        plant.weeks(f"S{number}", [70] * 30)
        plant.stock(f"S{number}", 0)
    walk(service, {"tenant_id": str(plant.tenant_id), "periods": ["weekly"]})
    told = raised(bus)
    assert {one["entity_code"] for one in told} == {"S5", "S4", "S3", "DEMAND-W-20250330-01"}
    [rest] = [one["title"] for one in told if one["entity_type"] == "forecast_version"]
    assert rest == "3 more alerts from forecast DEMAND-W-20250330-01"
    [digest] = [one for one in told if one["entity_type"] == "forecast_version"]
    assert digest["expires_at"] is not None
    assert len(alerts(plant, "entity_type = 'sku' AND status = 'open'")) == 6


def test_inactive_items_do_not_alarm(short: Any, run: Run) -> None:
    short.change("UPDATE manufacturing.skus SET is_active = false WHERE sku_code = 'A'")
    run(short)
    assert alerts(short, "alert_type = 'stockout_risk'") == []


class Broken:
    """A bus that is down."""

    def publish(self, rows: Iterable[OutboxRow]) -> list[UUID]:
        raise ConnectionError("no bus")


def test_an_alert_survives_a_bus_that_is_down(short: Any, service: ForecastService, opened: Opened, bus: Any) -> None:
    planned = plan(service, {"tenant_id": str(short.tenant_id), "periods": ["weekly"]})
    for batch in planned["batches"]:
        service.run({"task": "batch", **batch})
    (version,) = planned["versions"]
    deaf = ForecastService(opened("ops_forecast"), Broken(), service.clock, service.items, service.config)
    with pytest.raises(ConnectionError):
        deaf.run({"task": "publish", **version})
    assert short.query("SELECT status FROM forecast.forecast_versions")[0]["status"] == "published"
    assert service.run({"task": "publish", **version})["events"] == 2
    assert len(raised(bus)) == 1
    service.run({"task": "publish", **version})
    assert len(raised(bus)) == 1


def test_a_forecast_that_leans_to_one_side_is_reported(plant: Any, run: Run, opened: Opened, bus: Any) -> None:
    """Eight weeks were published at half of what came; the ninth run says so."""
    plant.sku("A")
    plant.weeks("A", [100] * 40)
    run(plant)
    with opened("ops_forecast").tenant(plant.tenant_id) as tx:
        for back in range(1, 9):
            tx.execute(_OLD_VERSION, back=back)
            tx.execute(_OLD_FORECAST, code=f"OLD-{back}")
            tx.execute("UPDATE forecast.forecast_versions SET status = 'superseded' WHERE status = 'published'")
            for status in ("published", "superseded"):
                tx.execute(_OLD_STATUS, status=status, code=f"OLD-{back}")
    plant.order("A", plant.as_of, 1)
    run(plant)
    [found] = alerts(plant, "alert_type = 'forecast_bias'")
    assert (found["severity"], found["entity_code"], found["observed"]) == ("medium", "A", 8)
    assert "were too low: bias +50.1 % of demand" in found["message"]
    assert [one["alert_type"] for one in raised(bus)] == ["forecast_bias"]


_OLD_VERSION = """
INSERT INTO forecast.forecast_versions (tenant_id, code, name, scope, period, as_of, history_end, horizon_start,
    horizon_end, horizon_periods, input_fingerprint, model_id)
SELECT tenant_id, 'OLD-' || :back, name, scope, period, as_of - 7 * :back, history_end - 7 * :back,
    horizon_start - 7 * :back, horizon_end - 7 * :back, horizon_periods, 'old' || :back, model_id
FROM forecast.forecast_versions WHERE code = 'DEMAND-W-20250330-01'
"""
_OLD_FORECAST = """
INSERT INTO forecast.forecasts (tenant_id, version_id, entity_id, bucket_start, value, lower_80, upper_80, lower_95,
    upper_95, uom, method, model_id)
SELECT v.tenant_id, v.id, k.id, v.horizon_start, 50, 40, 60, 30, 70, 'EA', 'test', v.model_id
FROM forecast.forecast_versions v, manufacturing.skus k WHERE v.code = :code
"""
_OLD_STATUS = """
UPDATE forecast.forecast_versions SET status = :status, locked = true, published_at = coalesce(published_at, now())
WHERE code = :code
"""
