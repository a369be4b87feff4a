"""The plant's calendar out of the database, and people read with it."""

from __future__ import annotations

import time as clock
from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.db import Database
from opscopilot.kernel.plant_calendar import FreeDay, Planned
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications.people.reading import people
from opscopilot.notifications.policy.model import Person, Wish
from tests.integration.notifications import crews
from tests.integration.notifications.world import World

NOW = datetime.fromisoformat("2026-01-14T11:00:00+00:00")  # a Wednesday, 12:00 in Berlin
CALENDAR = WorkingTime()


def read(world: World, tenant: UUID, *ids: str, now: datetime = NOW) -> dict[str, Person]:
    with world.notify.tenant(tenant) as tx:
        found = people(tx, ids or None, now=now, calendar=CALENDAR, kinds=KINDS)
    return {one.user_id: one for one in found}


def test_a_shift_is_told_in_its_places_zone_and_lasts_until_the_next_row(
    world: World, roles: dict[str, Database]
) -> None:
    tenant, files = world.tenant(), roles["ops_normalize"]
    porto = crews.place(files, tenant, "PORTO", zone="Europe/Lisbon")
    crews.shift(files, tenant, "DAY", time(6), time(14), location_id=porto, weekdays="12345")
    crews.shift(files, tenant, "DAY", time(7), time(15), location_id=porto, valid_from=date(2026, 3, 2))
    crews.shift(files, tenant, "NIGHT", time(22), time(6), name="Nacht")
    odd = crews.place(files, tenant, "ODD", zone="CEST, mostly")
    crews.shift(files, tenant, "ODD", time(8), time(16), location_id=odd)
    with world.notify.tenant(tenant) as tx:
        first, second, night, other = CALENDAR.shifts(tx)
    assert (first.place, first.zone, first.weekdays) == ("PORTO", "Europe/Lisbon", frozenset(range(1, 6)))
    assert (first.valid_to, second.valid_from, second.valid_to) == (date(2026, 3, 1), date(2026, 3, 2), None)
    assert (night.name, night.place, night.zone, night.end) == ("Nacht", None, "Europe/Berlin", time(6))
    assert (other.place, other.zone) == ("ODD", "Europe/Berlin"), "a text that is no zone: the plant's"


def test_days_without_work_and_days_that_are_only_unusual(world: World, roles: dict[str, Database]) -> None:
    tenant, files = world.tenant(), roles["ops_normalize"]
    site = crews.place(files, tenant, "SITE")
    crews.day(files, tenant, "2026-01-15", "shutdown", location_id=site)
    crews.day(files, tenant, "2026-01-16", "holiday")
    crews.day(files, tenant, "2026-01-17", "holiday", working_share="0.5")
    for number, kind in enumerate(("event", "maintenance", "trial")):
        crews.day(files, tenant, f"2026-01-{18 + number}", kind, name="Big")
    crews.day(files, tenant, "2026-01-21", "maintenance", name="Big", working_share="0")
    with world.notify.tenant(tenant) as tx:
        free = CALENDAR.free_days(tx, date(2026, 1, 1), date(2026, 1, 31))
        planned = CALENDAR.planned(tx, date(2026, 1, 19), date(2026, 1, 20))
    assert free == [
        FreeDay(date(2026, 1, 15), "SITE"), FreeDay(date(2026, 1, 16)), FreeDay(date(2026, 1, 21)),
    ]  # fmt: skip
    assert planned == [
        Planned("maintenance", "Big", date(2026, 1, 19), date(2026, 1, 19)),
        Planned("trial", "Big", date(2026, 1, 20), date(2026, 1, 20)),
    ]


def test_days_that_follow_each_other_are_one_event(world: World, roles: dict[str, Database]) -> None:
    tenant, files = world.tenant(), roles["ops_normalize"]
    for number in (10, 11, 12, 14):
        crews.day(files, tenant, f"2026-01-{number}", "maintenance", name="Oven 2")
    with world.notify.tenant(tenant) as tx:
        found = CALENDAR.planned(tx, date(2026, 1, 12), date(2026, 1, 31))
    assert [(one.first.day, one.last.day) for one in found] == [(10, 12), (14, 14)]


def test_p60_another_plants_calendar_is_not_seen(world: World, roles: dict[str, Database]) -> None:
    tenant, other = world.tenant(), world.tenant()
    crews.three_shifts(roles["ops_normalize"], other)
    crews.day(roles["ops_normalize"], other, "2026-01-15", "closed")
    with world.notify.tenant(tenant) as tx:
        assert not CALENDAR.shifts(tx)
        assert not CALENDAR.free_days(tx, date(2026, 1, 1), date(2026, 1, 31))


@pytest.mark.parametrize("table", ["shifts", "calendar_days", "locations"])
def test_notify_reads_the_calendar_and_writes_none_of_it(world: World, table: str) -> None:
    tenant = world.tenant()
    with pytest.raises(DBAPIError, match="permission denied"), world.notify.tenant(tenant) as tx:
        tx.execute(f"UPDATE manufacturing.{table} SET source_row = 2")


def test_everything_about_a_person_at_once(world: World, roles: dict[str, Database]) -> None:
    tenant = world.tenant()
    crews.three_shifts(roles["ops_normalize"], tenant)
    world.person(
        tenant, min_severity="medium", enabled_channels=["email", "sms"], phone="+4915112345678", notify_on_resolved=True,
        hold_outside_shift=True, shift_cycle='[["DAY"], ["NIGHT"]]', shift_cycle_start=date(2026, 1, 5),
        channels_by_severity='{"critical": ["sms"]}', workspaces=["fsq"], addresses={"pigeon": "left window"},
    )  # fmt: skip
    world.person(tenant, "bert", None, role="operator")
    world.person(tenant, "cora", "c@x.example")
    with world.copilot.tenant(tenant) as tx:
        tx.execute("UPDATE platform.users SET status = 'suspended' WHERE user_id = 'cora'")
        tx.execute(
            """INSERT INTO notification.workspace_preferences
                   (tenant_id, user_id, workspace, min_severity, enabled_channels)
               VALUES (:t, 'anna', 'fsq', 'info', '{email}')""",
            t=tenant,
        )  # fmt: skip
    found = read(world, tenant)
    assert list(found) == ["anna", "bert"]
    anna, bert = found["anna"], found["bert"]
    assert anna.addresses == {"email": "anna@x.example", "sms": "+4915112345678"}, "no channel of ours: left out"
    assert anna.wish == Wish("medium", ("email", "sms"), {"critical": ("sms",)})
    assert anna.wishes == {"fsq": Wish("info", ("email",))}
    assert (anna.workspaces, anna.notify_on_resolved, anna.zone) == (frozenset({"fsq"}), True, "Europe/Berlin")
    assert anna.availability is not None
    hold = anna.availability.hold(NOW)  # her second week: nights, the first from 22:00
    assert hold is not None
    assert (hold.by, hold.until.isoformat()) == ("shift", "2026-01-14T21:00:00+00:00")
    assert (bert.role, bert.addresses, bert.explicit, bert.availability) == ("operator", {}, False, None)
    assert list(read(world, tenant, "bert", "nobody")) == ["bert"]


def test_the_plant_is_closed_and_the_crew_at_home(world: World, roles: dict[str, Database]) -> None:
    tenant = world.tenant()
    crews.three_shifts(roles["ops_normalize"], tenant, weekdays="12345")
    for number in (15, 16):
        crews.day(roles["ops_normalize"], tenant, f"2026-01-{number}", "shutdown", name="Boiler")
    world.person(tenant, hold_outside_shift=True)
    anna = read(world, tenant)["anna"]
    assert anna.availability is not None
    assert anna.availability.hold(NOW) is None
    hold = anna.availability.hold(datetime.fromisoformat("2026-01-15T05:00:00+00:00"))
    assert hold is not None
    assert hold.until.isoformat() == "2026-01-19T05:00:00+00:00", "Thursday and Friday closed, Monday's day shift"


def test_five_hundred_people_and_a_hundred_alerts_are_no_work(world: World, roles: dict[str, Database]) -> None:
    tenant = world.tenant()
    crews.three_shifts(roles["ops_normalize"], tenant)
    with world.copilot.tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO platform.users (tenant_id, user_id, email, role)
               SELECT :t, 'u' || n, 'u' || n || '@x.example', 'operator' FROM generate_series(1, 500) n""",
            t=tenant,
        )  # fmt: skip
        tx.execute(
            """INSERT INTO notification.notification_preferences (tenant_id, user_id, hold_outside_shift, shift_cycle,
                   shift_cycle_start, quiet_hours_enabled, quiet_hours_start, quiet_hours_end, time_zone)
               SELECT :t, 'u' || n, mod(n, 2) = 0, '[["DAY"], ["EVENING"], ["NIGHT"]]', date '2026-01-05' - 7 * (mod(n, 3)), true,
                   make_time(20 + mod(n, 4), mod(n, 60), 0), make_time(5 + mod(n, 3), mod(n, 60), 0),
                   (ARRAY['Europe/Berlin', 'America/Chicago', 'Asia/Kolkata'])[1 + mod(n, 3)]
               FROM generate_series(1, 500) n""",
            t=tenant,
        )  # fmt: skip
    read(world, tenant)
    began = clock.perf_counter()
    found = read(world, tenant)
    reading = clock.perf_counter() - began
    began = clock.perf_counter()
    held = sum(
        one.availability is not None and one.availability.hold(NOW + timedelta(minutes=7 * number)) is not None
        for number in range(100) for one in found.values()
    )  # fmt: skip
    deciding = clock.perf_counter() - began
    assert (len(found), 10_000 < held < 45_000) == (500, True)
    assert reading < 2, f"{reading * 1000:.0f} ms; 20 ms as a rule"
    assert deciding < 5, f"{deciding:.2f} s for 50,000 questions; half a second as a rule"
