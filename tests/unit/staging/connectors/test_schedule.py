"""rate(…) and cron(…) as EventBridge writes them, in the plant's zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.staging.connectors.schedule import check_schedule

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(("expression", "expected"), [
    ("rate(15 minutes)", datetime(2026, 9, 30, 12, 15, tzinfo=UTC)),
    ("rate(1 day)", datetime(2026, 10, 1, 12, 0, tzinfo=UTC)),
    ("cron(30 5 * * ? *)", datetime(2026, 10, 1, 3, 30, tzinfo=UTC)),
    ("cron(30 5 * * ?)", datetime(2026, 10, 1, 3, 30, tzinfo=UTC)),
    ("cron(0 6 ? * MON *)", datetime(2026, 10, 5, 4, 0, tzinfo=UTC)),
    ("cron(0 6 ? * 2 *)", datetime(2026, 10, 5, 4, 0, tzinfo=UTC)),
    ("cron(0/30 * * * ? *)", datetime(2026, 9, 30, 12, 30, tzinfo=UTC)),
])  # fmt: skip
def test_the_next_moment(expression: str, expected: datetime) -> None:
    assert check_schedule(expression, "Europe/Copenhagen", NOW) == expected


@pytest.mark.parametrize("expression", [
    "rate(1 minute)", "rate(0 minutes)", "rate(x hours)", "cron(* * * * ? *)", "cron(61 5 * * ? *)", "every day",
    "cron(0 6 * *)", "cron(0 6 * * ? 2030)", "0 6 * * *",
])  # fmt: skip
def test_what_is_no_schedule_says_what_one_looks_like(expression: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        check_schedule(expression, "UTC", NOW)
    assert "rate(15 minutes)" in str(raised.value.expected)
