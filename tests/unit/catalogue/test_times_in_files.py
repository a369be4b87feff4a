"""Times of day and weekdays as files write them, and shift files of nobody we know."""

from __future__ import annotations

import pytest

from opscopilot.catalogue import recognition, validation
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing.entities import registry
from tests.unit.catalogue.columns import column

TIME, DAYS = Field("start_local", Type.TIME, required=True), Field("weekdays", Type.WEEKDAYS)


TIMES = [
    ("7:00", "07:00:00"), ("07:00:00.0000000", "07:00:00"), ("23:15:30", "23:15:30"), ("2300", "23:00:00"),
    ("11 pm", "23:00:00"), ("12 AM", "00:00:00"), ("12:15 p.m.", "12:15:00"), ("7.30 Uhr", "07:30:00"),
    ("22h", "22:00:00"), ("7h30", "07:30:00"), ("6", "06:00:00"), ("24:00", "00:00:00"), ("0", "00:00:00"),
    ("0.2916666667", "07:00:00"), ("0,9583333333", "23:00:00"), ("0.25", "06:00:00"), ("00.25", "00:25:00"),
    ("1899-12-30 07:00:00", "07:00:00"), ("25:00", "bad_time?"), ("24:01", "bad_time?"), ("13 pm", "bad_time?"),
    ("7:60", "bad_time?"), ("noon", "bad_time?"), ("2400", "bad_time?"), ("-1", "bad_time?"), ("", "required_missing?"),
    ("n/a", "required_missing?"), ("1.5", "bad_time?"), ("2026-01-05 07:00", "bad_time?"),
]  # fmt: skip
WEEKDAYS: list[tuple[str, str | None]] = [
    ("Mon-Fri", "12345"), ("Mo–Fr", "12345"), ("Mo. - Fr.", "12345"), ("Monday to Friday", "12345"), ("1-5", "12345"),
    ("1,2,3", "123"), ("67", "67"), ("Sat-Mon", "167"), ("Mo, Di; Do", "124"), ("lun-ven", "12345"),
    ("Lun a Vie", "12345"), ("lundi - vendredi", "12345"), ("Wochenende", "67"), ("daily", "1234567"), ("So", "7"),
    ("Mon/Wed/Fri", "135"), ("man-fre", "12345"), ("8", "bad_weekdays?"), ("Funday", "bad_weekdays?"),
    ("1-9", "bad_weekdays?"), ("Mon-", "bad_weekdays?"), ("", None),
]  # fmt: skip


def test_times_of_day() -> None:
    read = column(TIME, [cell for cell, _ in TIMES]).read
    assert dict(zip((cell for cell, _ in TIMES), read, strict=True)) == dict(TIMES)


def test_weekdays() -> None:
    read = column(DAYS, [cell for cell, _ in WEEKDAYS]).read
    assert dict(zip((cell for cell, _ in WEEKDAYS), read, strict=True)) == dict(WEEKDAYS)


def test_a_refusal_says_what_would_be_right() -> None:
    told = validation.explain(column(TIME, ["noon"]).check, "bad_time", "noon", "Shifts")
    assert told["message"] == "'noon' in Start local is no time of day."
    assert told["expected"] == "a time of day such as 07:00"


@pytest.mark.parametrize("header", [
    "ShiftID,Name,StartTime,EndTime,ModifiedDate", "Shift,Shift Name,Site,Begins,Ends,Working days",
    "Schicht,Bezeichnung,Beginn,Ende,Wochentage,Gültig ab", "Turno,Hora inicio,Hora fin",
])  # fmt: skip
def test_shift_files_are_recognised(header: str) -> None:
    found = recognition.recognise(header.split(","), registry())
    assert found.best is not None
    assert (found.best.entity, found.best.missing) == ("shift", ())
