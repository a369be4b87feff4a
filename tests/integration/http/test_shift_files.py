"""A dropped file of shifts ends as who is at work when, read back over HTTP and by whoever may disturb people."""

from __future__ import annotations

from datetime import date, time

import pytest

from opscopilot.entrypoints.parts import Outside
from opscopilot.manufacturing.working_time import WorkingTime
from tests.support.api import Api
from tests.support.fixtures import NewPlant
from tests.support.floor import Floor
from tests.support.outside import MemoryStore

ADVENTURE_WORKS = """ShiftID,Name,StartTime,EndTime,ModifiedDate
1,Day,07:00:00.0000000,15:00:00.0000000,2008-04-30
2,Evening,15:00:00.0000000,23:00:00.0000000,2008-04-30
3,Night,23:00:00.0000000,07:00:00.0000000,2008-04-30
"""
GERMAN = """Schicht;Bezeichnung;Beginn;Ende;Wochentage;Gültig ab
F;Früh;6:00;14.00 Uhr;Mo-Fr;01.01.2026
N;Nacht;22:00;06:00;So-Do;01.01.2026
N;Nacht, neu;21:30;05:30;So-Do;02.03.2026
X;Kaputt;halb acht;16:00;immer;01.01.2026
"""


@pytest.fixture
def floor(api: Api, around: Outside, new_plant: NewPlant) -> Floor:
    assert isinstance(around.landing.store, MemoryStore)
    return Floor(api, new_plant(), around.landing.store)


def test_a_foreign_shift_table_needs_no_mapping(floor: Floor) -> None:
    assert floor.receipt(floor.drop("Shift.csv", ADVENTURE_WORKS))["status"] == "completed"
    shown = floor.get("/entities/shift").json["items"]
    assert [(one["shift_code"], one["name"], one["start_local"], one["end_local"], one["weekdays"]) for one in shown] == [
        ("1", "Day", "07:00:00", "15:00:00", "1234567"), ("2", "Evening", "15:00:00", "23:00:00", "1234567"),
        ("3", "Night", "23:00:00", "07:00:00", "1234567"),
    ]  # fmt: skip
    nights = floor.get("/entities/shift", start_local="23:00").json["items"]
    assert [one["shift_code"] for one in nights] == ["3"]


def test_what_is_told_is_what_people_work(floor: Floor) -> None:
    job = floor.drop("schichten.csv", GERMAN)
    assert floor.receipt(job)["status"] == "partially_failed"
    with floor.plant.db("ops_notify").tenant(floor.plant.tenant_id) as tx:
        found = WorkingTime().shifts(tx)
    assert [(one.code, one.start, one.end, sorted(one.weekdays), one.valid_from, one.valid_to) for one in found] == [
        ("F", time(6), time(14), [1, 2, 3, 4, 5], date(2026, 1, 1), None),
        ("N", time(22), time(6), [1, 2, 3, 4, 7], date(2026, 1, 1), date(2026, 3, 1)),
        ("N", time(21, 30), time(5, 30), [1, 2, 3, 4, 7], date(2026, 3, 2), None),
    ]
    rejected = floor.get(f"/jobs/{job}/rejects").json["items"]
    assert {error["code"] for error in rejected[0]["errors"]} == {"bad_time", "bad_weekdays"}
    assert len(rejected) == 1
