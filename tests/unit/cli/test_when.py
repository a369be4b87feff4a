"""Times as people type them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from local.cli.when import length, wall_time

WEDNESDAY = datetime(2026, 11, 18, 14, 30)  # noqa: DTZ001 — what a clock on the wall shows


@pytest.mark.parametrize(("text", "hours"), [("30m", 0.5), ("4h", 4), ("2d", 48), (" 90 min ", 1.5), ("1H", 1)])
def test_how_long(text: str, hours: float) -> None:
    assert length(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "4", "h", "4 weeks", "-4h", "1.5h"])
def test_no_length_of_time_says_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="4h and 2d are"):
        length(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Sunday 03:00", "2026-11-22T03:00"), ("sun 3:00", "2026-11-22T03:00"), ("wed 15:00", "2026-11-18T15:00"),
        ("wednesday 14:30", "2026-11-25T14:30"), ("wed 02:00", "2026-11-25T02:00"), ("tomorrow 06:00", "2026-11-19T06:00"),
        ("today 01:00", "2026-11-18T01:00"), ("2026-12-24 22:00", "2026-12-24T22:00"),
        ("2026-12-24T22:00+01:00", "2026-12-24T22:00+01:00"),
    ],
)  # fmt: skip
def test_when(text: str, at: str) -> None:
    assert wall_time(text, WEDNESDAY) == at


@pytest.mark.parametrize(("text", "match"), [("someday 03:00", "no day"), ("s 03:00", None), ("sunday 25:00", "no time"),
                                             ("tue 03:60", "no time"), ("sxx 03:00", "no day")])  # fmt: skip
def test_what_is_no_time_says_so_or_is_left_to_the_api(text: str, match: str | None) -> None:
    if match is None:
        assert wall_time(text, WEDNESDAY) == "sT03:00"
        return
    with pytest.raises(ValueError, match=match):
        wall_time(text, WEDNESDAY)
