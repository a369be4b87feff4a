"""When schedules fire; the expected instants follow AWS's documentation of schedule expressions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.template import TemplateError
from local.ticker import _filled, next_fire

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("expression", "zone", "expected"),
    [
        ("rate(1 minute)", "UTC", "2026-11-20T12:01:00+00:00"),
        ("rate(5 minutes)", "UTC", "2026-11-20T12:05:00+00:00"),
        ("rate(2 days)", "UTC", "2026-11-22T12:00:00+00:00"),
        ("cron(0 5 * * ? *)", "Europe/Oslo", "2026-11-21T05:00:00+01:00"),
        ("cron(30 2 * * ? *)", "UTC", "2026-11-21T02:30:00+00:00"),
        ("cron(0/15 * ? * MON-FRI *)", "UTC", "2026-11-20T12:15:00+00:00"),
        ("cron(0 8 ? * 2-6 *)", "UTC", "2026-11-23T08:00:00+00:00"),
        ("cron(0 8 ? * 1 *)", "UTC", "2026-11-22T08:00:00+00:00"),
        ("cron(0 8 ? * 7 *)", "UTC", "2026-11-21T08:00:00+00:00"),
        ("cron(0 10 ? * 2#1 *)", "UTC", "2026-12-07T10:00:00+00:00"),
        ("cron(0 10 L * ? *)", "UTC", "2026-11-30T10:00:00+00:00"),
        ("cron(0 9 1 * ? 2027)", "UTC", "2027-01-01T09:00:00+00:00"),
        ("cron(0 9 1 1 ? 2028-2030)", "UTC", "2028-01-01T09:00:00+00:00"),
        ("at(2026-12-24T18:00:00)", "Europe/Oslo", "2026-12-24T18:00:00+01:00"),
    ],
)
def test_next(expression: str, zone: str, expected: str) -> None:
    found = next_fire(expression, NOON, zone)
    assert found is not None
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize("expression", ["at(2026-01-01T00:00:00)", "cron(0 9 1 1 ? 2020)"])
def test_what_is_over_never_fires(expression: str) -> None:
    assert next_fire(expression, NOON) is None


@pytest.mark.parametrize("expression", ["every day", "cron(0 5 * * *)", "rate(5 fortnights)"])
def test_nonsense_is_refused_by_name(expression: str) -> None:
    with pytest.raises(TemplateError, match="neither rate"):
        next_fire(expression, NOON)


def test_a_summer_time_gap_moves_the_hour_and_not_the_day() -> None:
    before = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    found = next_fire("cron(30 2 * * ? *)", before, "Europe/Oslo")
    assert found is not None
    assert found.astimezone(UTC).date().isoformat() == "2027-03-28"


def test_inputs_may_name_the_scheduled_time() -> None:
    filled = _filled('{"at": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>"}', NOON)
    assert filled["at"] == "2026-11-20T12:00:00Z"
    assert len(filled["id"]) == 32
    assert _filled("just text", NOON) == "just text"
