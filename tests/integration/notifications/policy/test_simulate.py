"""What if this happened on Sunday at three in the morning? The answer is what would happen, and nothing happens."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.kernel.plant_calendar import FixedCalendar, Planned
from opscopilot.notifications.alerts import intake
from opscopilot.notifications.alerts.telling import Around
from tests.integration.notifications.world import World, alert
from tests.support.api import Api, token

SUNDAY = "2026-11-22T03:00"
SUNDAY_3AM = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
OVENS = Planned("maintenance", "Oven overhaul", date(2026, 11, 22), date(2026, 11, 22), "OVENS")


@pytest.fixture
def world(world: World) -> World:
    return World(world.notify, world.copilot, calendar=FixedCalendar(told_plans=[OVENS]))


@pytest.fixture
def tenant(world: World, api: Api, plant: str) -> UUID:
    """Anna sleeps, Bert in New York works, Chef never said anything, Dora is on call, Emil has no address."""
    made = tenant_id_for(plant)
    world.sleeper(made, "anna", mail="anna@x.example", min_severity="low", phone="+4915112345678",
                  enabled_channels=["email", "sms"])  # fmt: skip
    world.person(made, "bert", "bert@x.example", role="plant_manager", min_severity="medium",
                 workspaces=["fsq"], time_zone="America/New_York", webhook_url="https://w.example/x",
                 enabled_channels=["email", "webhook"])  # fmt: skip
    world.person(made, "chef", "chef@x.example", role="admin")
    world.sleeper(made, "dora", mail="dora@x.example", min_severity="high")
    world.person(made, "emil", None, min_severity="info")
    layer = {"users": ["dora"], "every": 1, "unit": "weeks", "starts_on": "2026-11-02", "handover": "08:00"}
    with world.copilot.tenant(made) as tx:
        tx.execute("UPDATE platform.users SET name = initcap(user_id) || ' Berg'")
        tx.execute(
            """INSERT INTO notification.oncall_schedules (tenant_id, code, name, time_zone, layers)
               VALUES (:t, 'night', 'Night', 'Europe/Berlin', CAST(:layers AS jsonb))""",
            t=made, layers=json.dumps([layer]),
        )  # fmt: skip
    first = {"after_minutes": 0, "targets": [{"kind": "schedule", "code": "night"}]}
    then = {"after_minutes": 20, "targets": [{"kind": "user", "code": "bert"}, {"kind": "role", "code": "admin"}]}
    body = {"name": "Sensors", "alert_types": ["anomaly"], "steps": [first, then], "exclusive": True}
    assert api.put("/notify/escalation-policies/sensors", token(plant, "admin"), body).status == 200
    world.clock.instant = SUNDAY_3AM - timedelta(hours=12)
    ends = (SUNDAY_3AM + timedelta(hours=1)).isoformat()
    silence = {"reason": "counting stock", "place": "STORE", "ends_at": ends}
    assert api.post("/notify/silences", token(plant, "planner"), silence).status == 201
    return made


def ask(api: Api, plant: str, **given: Any) -> Any:
    answer = api.post("/notify/simulate", token(plant, "viewer"), {"at": SUNDAY, **given})
    assert answer.status == 200, answer.text
    return answer.json


def test_three_in_the_morning_on_sunday_reads_well(api: Api, plant: str, tenant: UUID) -> None:
    found = ask(api, plant, alert_type="anomaly", severity="high", entity_code="OVEN-2", place="LINE-1")
    assert found["summary"] == (
        "Sunday 2026-11-22 03:00 Europe/Berlin: Dora Berg (email) at once; "
        "step 2, if nobody has it by Sunday 2026-11-22 03:20 Europe/Berlin: Bert Berg (email, webhook), "
        "Chef Berg (email)."
    )
    (dora,) = found["tellings"]
    assert (dora["told"], dora["urgent"], dora["at_local"]) == (
        "at_once",
        True,
        "Sunday 2026-11-22 03:00 Europe/Berlin",
    )
    (step,) = found["steps"]
    assert [one["at_local"] for one in step["tellings"]][:1] == ["Saturday 2026-11-21 21:20 America/New_York"]
    assert found["policy"] == {"code": "sensors", "name": "Sensors", "exclusive": True}


def test_why_people_are_told_later_or_not_at_all(api: Api, plant: str, tenant: UUID) -> None:
    found = ask(api, plant, alert_type="stockout_risk", severity="medium")
    why = {(one["user_id"], one["channel"]): (one["told"], one["reason"]) for one in found["tellings"]}
    night = "Held until 2026-11-22 07:00 Europe/Berlin: quiet hours 22:00-07:00 Europe/Berlin."
    assert why == {
        ("anna", "email"): ("later", night), ("anna", "sms"): ("later", night),
        ("bert", "email"): ("not", "Concerns operations, planning; this user chose fsq."),
        ("bert", "webhook"): ("not", "Concerns operations, planning; this user chose fsq."),
        ("dora", "email"): ("not", "Severity medium is below this user's minimum, high."),
        ("emil", "email"): ("not", "No address for email is known for this user."),
    }  # fmt: skip
    assert found["notes"] == ["No escalation policy fits: nobody else is told when nobody takes it on."]


def test_silences_and_planned_events_are_named(api: Api, plant: str, tenant: UUID) -> None:
    silenced = ask(api, plant, alert_type="stockout_risk", severity="high", place="STORE")
    assert [one["reason"] for one in silenced["silences"]] == ["counting stock"]
    assert {one["held_by"] for one in silenced["tellings"] if one["told"] != "not"} == {"silence"}
    muted = ask(api, plant, alert_type="anomaly", severity="high", place="ovens")
    assert [(one["kind"], one["name"]) for one in muted["mutes"]] == [("maintenance", "Oven overhaul")]
    assert muted["steps"][0]["at_local"] == "Monday 2026-11-23 00:20 Europe/Berlin"
    grave = ask(api, plant, alert_type="anomaly", severity="critical", place="ovens")
    assert (grave["silences"], grave["mutes"]) == ([], [])


def test_taking_it_on_ends_it(api: Api, plant: str, tenant: UUID) -> None:
    found = ask(api, plant, alert_type="stockout_risk", severity="high", acknowledged_after_minutes=10)
    anna = next(one for one in found["tellings"] if one["user_id"] == "anna")
    assert (anna["told"], anna["at"]) == ("not", None)
    assert anna["reason"].endswith("By then somebody has taken it on: not sent.")
    assert found["stops"].startswith("Somebody takes it on Sunday 2026-11-22 03:10")
    assert ask(api, plant, alert_type="anomaly", severity="high", acknowledged_after_minutes=10)["steps"] == []


@pytest.mark.parametrize("at", ["soon", "2026-13-01T00:00", "2031-01-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_time_that_is_none_is_refused(api: Api, plant: str, tenant: UUID, at: str) -> None:
    answer = api.post(
        "/notify/simulate", token(plant, "viewer"), {"alert_type": "anomaly", "severity": "low", "at": at}
    )
    assert (answer.status, answer.json["field"]) == (422, "at")


def test_the_plants_clock_unless_an_offset_says_otherwise(api: Api, plant: str, tenant: UUID) -> None:
    times = {"2026-11-22T03:00": "02:00", "2026-11-22T03:00Z": "03:00", "2026-11-21T21:00-05:00": "02:00"}
    for given, utc in times.items():
        assert ask(api, plant, alert_type="anomaly", severity="low", at=given)["at"][11:16] == utc


CASES = [
    (alert_type, severity, place, hours)
    for alert_type in ("anomaly", "ccp_breach", "file_processed")
    for severity in ("critical", "high", "low")
    for place, hours in (("STORE", 0), ("OVENS", 9))
]


def test_it_says_what_intake_writes_and_writes_nothing(world: World, api: Api, plant: str, tenant: UUID) -> None:
    for alert_type, severity, place, hours in CASES:
        world.clock.instant = SUNDAY_3AM + timedelta(hours=hours)
        before = _count(world, tenant)
        found = api.post("/notify/simulate", token(plant, "viewer"), {
            "alert_type": alert_type, "severity": severity, "place": place, "entity_code": "X-1",
        }).json  # fmt: skip
        assert _count(world, tenant) == before
        event = alert(tenant, alert_type=alert_type, severity=severity, place=place, entity_code="X-1")
        with world.notify.tenant(tenant) as tx:
            intake.take_in(tx, [event], world.clock.now(), Around(world.calendar, KINDS))
        written = world.rows(tenant, _WRITTEN, event=event.event_id)
        assert written == [_simulated(one) for one in found["tellings"]], (alert_type, severity, place)
        (row,) = world.rows(tenant, _POLICY, alert=event.alert_id)
        assert row["policy_code"] == (found["policy"] or {"code": None})["code"]
        following = found["steps"][0]["at"] if found["steps"] else None
        if following is not None:
            assert row["next_step_at"] == datetime.fromisoformat(following)


_WRITTEN = """
SELECT user_id, channel, status, reason, CASE status WHEN 'pending' THEN scheduled_at END AS scheduled_at, held_by, urgent
FROM notification.notifications WHERE event_id = :event ORDER BY user_id, channel"""
_POLICY = "SELECT policy_code, next_step_at FROM notification.alerts WHERE alert_id = :alert"


def _simulated(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "user_id": one["user_id"], "channel": one["channel"], "status": "suppressed" if one["told"] == "not" else "pending",
        "reason": one["reason"], "scheduled_at": datetime.fromisoformat(one["at"]) if one["at"] else None,
        "held_by": one["held_by"], "urgent": one["urgent"],
    }  # fmt: skip


def _count(world: World, tenant: UUID) -> dict[str, Any]:
    tables = ("notifications", "alerts", "alert_events", "alert_history")
    counts = ", ".join(f"(SELECT count(*) FROM notification.{one}) AS {one}" for one in tables)
    return world.rows(tenant, f"SELECT {counts}, (SELECT count(*) FROM platform.outbox) AS outbox")[0]
