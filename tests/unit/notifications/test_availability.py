"""Shifts, plant holidays and quiet hours together: when somebody may be disturbed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.plant_calendar import FreeDay, Shift
from opscopilot.notifications.people.availability import Available
from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.people.rota import LOOK_AHEAD, Rota

BERLIN = "Europe/Berlin"
WEEKDAYS = frozenset(range(1, 6))
EARLY = Shift("EARLY", time(6), time(14), BERLIN, WEEKDAYS)
LATE = Shift("LATE", time(14), time(22), BERLIN, WEEKDAYS)
NIGHT = Shift("NIGHT", time(22), time(6), BERLIN, WEEKDAYS)
CREW = (("EARLY",), ("LATE",), ("NIGHT",))
MONDAY = date(2026, 1, 5)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rota(
    *free: str, cycle: tuple[tuple[str, ...], ...] = CREW, shifts: tuple[Shift, ...] = (EARLY, LATE, NIGHT)
) -> Rota:
    return Rota(cycle, MONDAY, shifts, frozenset(FreeDay(date.fromisoformat(day)) for day in free))


def until(who: Available, now: str) -> str | None:
    hold = who.hold(utc(now))
    return f"{hold.until:%Y-%m-%d %H:%M}" if hold else None


@pytest.mark.parametrize(
    ("now", "release"),
    [
        # week 1, early: 06:00-14:00 in Berlin is 05:00-13:00 UTC
        ("2026-01-05 04:59:59", "2026-01-05 05:00"), ("2026-01-05 05:00", None), ("2026-01-05 12:59:59", None),
        ("2026-01-05 13:00", "2026-01-06 05:00"), ("2026-01-09 13:00", "2026-01-12 13:00"),
        # week 2, late; week 3, nights: Friday's night is worked until Saturday 06:00
        ("2026-01-12 05:00", "2026-01-12 13:00"), ("2026-01-19 12:00", "2026-01-19 21:00"), ("2026-01-20 03:00", None),
        ("2026-01-24 04:59", None), ("2026-01-24 05:00", "2026-01-26 05:00"),
        # and from the start; also before the first week of the cycle
        ("2026-01-26 05:00", None), ("2026-01-02 21:30", None), ("2026-01-02 12:00", "2026-01-02 21:00"),
    ],
)  # fmt: skip
def test_a_crew_that_changes_every_week(now: str, release: str | None) -> None:
    assert until(Available(rota=rota()), now) == release


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    crew = Available(rota=rota("2026-01-21", cycle=(("NIGHT",),)))
    assert until(crew, "2026-01-21 03:00") is None, "Tuesday's night goes on into the holiday"
    assert until(crew, "2026-01-21 21:00") == "2026-01-22 21:00", "and the night that would begin on it is free"


def test_a_day_without_work_holds_for_its_place_only() -> None:
    here = Shift("EARLY", time(6), time(14), BERLIN, place="PLANT-1")
    there = Shift("EARLY", time(6), time(14), BERLIN, place="PLANT-2")
    free = frozenset({FreeDay(date(2026, 1, 6), "PLANT-1")})
    at_work = {
        place: until(Available(rota=Rota(((f"EARLY@{place}",),), None, (here, there), free)), "2026-01-06 08:00")
        for place in ("PLANT-1", "PLANT-2")
    }
    assert at_work == {"PLANT-1": "2026-01-07 05:00", "PLANT-2": None}


def test_a_week_of_shutdown_is_waited_for_and_a_longer_one_is_not() -> None:
    days = [f"2026-01-{day:02}" for day in range(5, 10)]
    assert until(Available(rota=rota(*days, cycle=(("EARLY",),))), "2026-01-04 12:00") == "2026-01-12 05:00"
    weeks = [f"{date(2026, 1, 5) + timedelta(days=number)}" for number in range(19)]
    crew = Available(rota=rota(*weeks, cycle=(("EARLY",),)))
    assert until(crew, "2026-01-04 12:00") is None, "the next shift is 22 days away: not held for it"
    assert until(crew, "2026-01-15 12:00") == "2026-01-26 05:00"


def test_a_calendar_that_says_nothing_silences_nobody() -> None:
    for crew in (rota(shifts=()), rota(cycle=(("RENAMED",),)), rota(cycle=((),))):
        assert Available(rota=crew).hold(utc("2026-01-05 01:00")) is None
    ended = Shift("EARLY", time(6), time(14), BERLIN, valid_to=date(2025, 12, 31))
    quiet = QuietHours(time(22), time(7), BERLIN)
    assert until(Available(quiet, rota(shifts=(ended,))), "2026-01-05 01:00") == "2026-01-05 06:00", (
        "quiet hours decide"
    )


def test_quiet_hours_do_not_reach_into_work() -> None:
    nights = Available(QuietHours(time(20), time(8), BERLIN), rota(cycle=(("NIGHT",),)))
    assert until(nights, "2026-01-19 23:00") is None
    hold = nights.hold(utc("2026-01-19 12:00"))
    assert hold is not None
    assert (hold.by, hold.until) == ("shift", utc("2026-01-19 21:00"))


@pytest.mark.parametrize(("now", "release"), [("2026-03-29 00:30", None), ("2026-03-29 04:00", "2026-03-29 20:00"),
                                              ("2026-10-25 04:59", None), ("2026-10-25 05:00", "2026-10-25 21:00")])  # fmt: skip
def test_shifts_over_both_clock_changes(now: str, release: str | None) -> None:
    every = Shift("NIGHT", time(22), time(6), BERLIN)
    assert until(Available(rota=rota(cycle=(("NIGHT",),), shifts=(every,))), now) == release


def test_the_reason_can_be_read() -> None:
    hold = Available(rota=rota(), zone=BERLIN).hold(utc("2026-01-05 01:00"))
    assert hold is not None
    assert hold.reason == "Held until 2026-01-05 06:00 Europe/Berlin: not at work before the next shift starts."


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo"])
HOURS = st.integers(0, 47).map(lambda half: time(half // 2, half % 2 * 30))
DAYS = st.frozensets(st.integers(1, 7), min_size=1)
SHIFTS = st.lists(
    st.builds(Shift, st.sampled_from("ABC"), HOURS, HOURS, ZONES, DAYS), max_size=3, unique_by=lambda one: one.code
)
CYCLES = st.lists(st.lists(st.sampled_from("ABC"), max_size=2).map(tuple), max_size=3).map(tuple)
FREE = st.frozensets(st.integers(80, 110).map(lambda day: FreeDay(date(2026, 1, 1) + timedelta(days=day))), max_size=12)
QUIET = st.none() | st.builds(QuietHours, HOURS, HOURS, ZONES)
MOMENTS = st.one_of(
    st.integers(-10 * 1440, 10 * 1440).map(lambda m: utc("2026-03-29 01:00") + timedelta(minutes=m)),
    st.integers(-10 * 1440, 10 * 1440).map(lambda m: utc("2026-10-25 01:00") + timedelta(minutes=m)),
)


@settings(max_examples=60, deadline=None)
@given(SHIFTS, CYCLES, FREE, QUIET, MOMENTS)
def test_p85_a_hold_ends_at_the_first_free_moment_and_ends_at_all(
    shifts: list[Shift], cycle: tuple[tuple[str, ...], ...], free: frozenset[FreeDay], quiet: QuietHours | None,
    now: datetime,
) -> None:  # fmt: skip
    who = Available(quiet, Rota(cycle, MONDAY, shifts, free))
    hold = who.hold(now)
    if hold is None:
        return
    assert now < hold.until <= now + LOOK_AHEAD + timedelta(days=2)
    assert who.hold(hold.until) is None, "the release is free"
    between = [now + (hold.until - now) * share / 12 for share in range(12)]
    for one in (*between, hold.until - timedelta(seconds=1)):
        if now <= one < hold.until:
            same = who.hold(one)
            assert same is not None, f"{one} is free although {now} waits until {hold.until}"
            assert same.until == hold.until


@settings(max_examples=60, deadline=None)
@given(SHIFTS, CYCLES, FREE, MOMENTS)
def test_at_work_is_what_the_clock_at_the_place_shows(
    shifts: list[Shift], cycle: tuple[tuple[str, ...], ...], free: frozenset[FreeDay], now: datetime
) -> None:
    """Without any instants: the wall time now, and which day's shift that would be (clock changes kept out)."""
    crew = Rota(cycle, MONDAY, shifts, free)
    expected = False
    for one in shifts:
        local = now.astimezone(ZoneInfo(one.zone)).replace(tzinfo=None)
        if len({(now + timedelta(days=days)).astimezone(ZoneInfo(one.zone)).utcoffset() for days in (-2, 2)}) > 1:
            return
        for day in (local.date(), local.date() - timedelta(days=1)):
            start, end = datetime.combine(day, one.start), datetime.combine(day, one.end)
            end += timedelta(days=1) if end <= start else timedelta()
            expected |= crew.works(one, day) and start <= local < end
    work = crew.next_work(now)
    assert (work is not None and work[0] <= now) == expected
