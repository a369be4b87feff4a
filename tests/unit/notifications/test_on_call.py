"""Who is on call: turns, handovers over clock changes, layers, restrictions, covers, gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.plant_calendar import Shift
from opscopilot.notifications.people.on_call import Override, Schedule, on_call, timeline
from opscopilot.notifications.people.rotation import Layer, Restriction, Unit

BERLIN = "Europe/Berlin"
MONDAY = date(2026, 1, 5)
WEEKLY = Layer(("anna", "bert", "cora"), 1, "weeks", MONDAY, time(8))
NIGHTS = Layer(("dora", "emil"), 1, "days", MONDAY, time(18), restriction=Restriction(start=time(18), end=time(6)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(*layers: Layer, zone: str = BERLIN, **given: object) -> Schedule:
    return Schedule("maintenance", "Maintenance", zone, layers, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "who"),
    [
        ("2026-01-05 06:59:59", []), ("2026-01-05 07:00", ["anna"]), ("2026-01-12 06:59", ["anna"]),
        ("2026-01-12 07:00", ["bert"]), ("2026-01-19 07:00", ["cora"]), ("2026-01-26 07:00", ["anna"]),
        # summer time: 08:00 in Berlin is 06:00 UTC; the turn of 23 March is an hour shorter
        ("2026-03-30 05:59", ["cora"]), ("2026-03-30 06:00", ["anna"]),
        # and back: the turn of 19 October is an hour longer
        ("2026-10-26 06:59", ["cora"]), ("2026-10-26 07:00", ["anna"]),
    ],
)  # fmt: skip
def test_handovers_stay_at_their_wall_time(now: str, who: list[str]) -> None:
    assert on_call(schedule(WEEKLY), utc(now)) == who


def test_later_layers_override_and_gaps_fall_through() -> None:
    one = schedule(WEEKLY, NIGHTS)
    assert on_call(one, utc("2026-01-06 16:59")) == ["anna"]
    assert on_call(one, utc("2026-01-06 17:00")) == ["emil"], "18:00 in Berlin"
    assert on_call(one, utc("2026-01-07 04:59")) == ["emil"]
    assert on_call(one, utc("2026-01-07 05:00")) == ["anna"]
    assert on_call(schedule(NIGHTS), utc("2026-01-07 05:00")) == [], "nobody, where there is nothing below"


def test_a_layer_may_follow_a_shift_and_weekdays() -> None:
    night = Shift("NIGHT", time(23), time(7), BERLIN, frozenset({5}))
    by_shift = Layer(("dora",), 1, "weeks", MONDAY, restriction=Restriction(shifts=("NIGHT",)))
    weekend = Layer(("emil",), 1, "weeks", MONDAY, restriction=Restriction(frozenset({6, 7})))
    one = schedule(WEEKLY, weekend, by_shift, shifts=(night,))
    assert on_call(one, utc("2026-01-09 22:00")) == ["dora"], "Friday 23:00"
    assert on_call(one, utc("2026-01-10 05:59")) == ["dora"], "still Friday's night"
    assert on_call(one, utc("2026-01-10 06:00")) == ["emil"]
    assert on_call(one, utc("2026-01-11 22:59")) == ["emil"]
    assert on_call(one, utc("2026-01-11 23:00")) == ["anna"], "Monday 00:00"


def test_covers_win_and_the_newest_of_them_first() -> None:
    covers = (
        Override(uuid4(), "zoe", utc("2026-01-06 10:00"), utc("2026-01-06 12:00")),
        Override(uuid4(), "yann", utc("2026-01-06 09:00"), utc("2026-01-06 13:00")),
    )
    found = timeline(schedule(WEEKLY, overrides=covers), utc("2026-01-06 08:00"), utc("2026-01-06 14:00"))
    assert [(one.users, one.start.hour, one.end.hour) for one in found] == [
        (("anna",), 8, 9), (("yann",), 9, 10), (("zoe",), 10, 12), (("yann",), 12, 13), (("anna",), 13, 14),
    ]  # fmt: skip


def test_who_left_is_stood_in_for_by_the_next() -> None:
    one = schedule(WEEKLY, active=frozenset({"bert", "cora"}))
    assert [on_call(one, utc(f"2026-01-{day:02} 12:00")) for day in (5, 12, 19)] == [["bert"], ["bert"], ["cora"]]
    cover = Override(uuid4(), "gone", utc("2026-01-06 00:00"), utc("2026-01-07 00:00"))
    assert on_call(schedule(WEEKLY, overrides=(cover,), active=frozenset({"anna"})), cover.start) == ["anna"]
    assert on_call(schedule(WEEKLY, active=frozenset()), utc("2026-01-06 12:00")) == []


def test_a_layer_that_ended_counts_no_more() -> None:
    ended = Layer(("anna",), 1, "days", MONDAY, ends_on=date(2026, 1, 6))
    found = timeline(schedule(ended), utc("2026-01-04 00:00"), utc("2026-01-09 00:00"))
    assert [one.users for one in found] == [(), ("anna",), ()]
    assert found[1].end == utc("2026-01-06 23:00"), "midnight in Berlin"


def test_an_hourly_rotation_of_years_ago_is_quick() -> None:
    hourly = schedule(Layer(("a", "b"), 1, "hours", date(2001, 1, 1)))
    assert len(timeline(hourly, utc("2026-03-01 00:00"), utc("2026-03-08 00:00"))) == 7 * 24


ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]
)
HOURS = st.integers(0, 47).map(lambda half: time(half // 2, half % 2 * 30))
WEEKDAYS = st.frozensets(st.integers(1, 7), min_size=1)
UNITS: st.SearchStrategy[Unit] = st.sampled_from(["hours", "days", "weeks"])
RESTRICTIONS = st.none() | st.builds(Restriction, WEEKDAYS, HOURS, HOURS)
STARTS = st.integers(0, 120).map(lambda day: date(2026, 1, 1) + timedelta(days=day))
LAYERS = st.lists(
    st.builds(Layer, st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(tuple), st.integers(1, 13), UNITS,
              STARTS, HOURS, st.none() | STARTS, RESTRICTIONS),
    max_size=3,
).map(tuple)  # fmt: skip
CHANGES = st.sampled_from(
    [utc("2026-03-08 07:00"), utc("2026-03-29 01:00"), utc("2026-04-04 15:00"), utc("2026-10-25 01:00")]
)
NEAR = st.builds(lambda change, minutes: change + timedelta(minutes=minutes), CHANGES, st.integers(-4320, 4320))
COVERS = st.lists(
    st.builds(lambda user, start, length: Override(uuid4(), user, start, start + timedelta(minutes=length)),
              st.sampled_from("xy"), NEAR, st.integers(1, 3000)),
    max_size=2,
).map(tuple)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(LAYERS, COVERS, ZONES, NEAR, st.integers(1, 3000), st.data())
def test_the_timeline_has_no_holes_and_says_what_on_call_says(
    layers: tuple[Layer, ...],
    covers: tuple[Override, ...],
    zone: str,
    start: datetime,
    minutes: int,
    data: st.DataObject,
) -> None:
    one = schedule(*layers, zone=zone, overrides=covers, active=frozenset("abcx"))
    end = start + timedelta(minutes=minutes)
    found = timeline(one, start, end)
    assert (found[0].start, found[-1].end) == (start, end)
    assert all(first.end == second.start for first, second in pairwise(found))
    assert all((first.users, first.override) != (second.users, second.override) for first, second in pairwise(found))
    moments = [*(at for part in found for at in (part.start, part.end - timedelta(seconds=1))),
               *(start + timedelta(seconds=data.draw(st.integers(0, minutes * 60 - 1))) for _ in range(5))]  # fmt: skip
    for at in moments:
        part = next(part for part in found if part.start <= at < part.end)
        assert on_call(one, at) == list(part.users), at


@settings(max_examples=40, deadline=None)
@given(ZONES, st.integers(1, 5), st.sampled_from(["days", "weeks"]), STARTS, HOURS, NEAR)
def test_a_handover_is_at_its_wall_time_or_at_the_change_that_skips_it(
    zone: str, every: int, unit: Unit, start: date, handover: time, near: datetime
) -> None:
    layer = Layer(("a", "b"), every, unit, start, handover)
    number = layer.turn_at(near, zone)
    if number is None:
        assert near < layer.handover_at(0, zone)
        return
    began, ends = layer.handover_at(number, zone), layer.handover_at(number + 1, zone)
    assert began <= near < ends
    shown = began.astimezone(ZoneInfo(zone))
    skipped = (began - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset() != shown.utcoffset()
    assert shown.time() == handover or skipped
    assert abs((ends - began) - layer.turn) <= timedelta(hours=1)
