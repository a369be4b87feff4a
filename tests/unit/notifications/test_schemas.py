"""Preferences are checked before they are kept."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from opscopilot.notifications.channels import masked
from opscopilot.notifications.people.schemas import PreferencesChange


@pytest.mark.parametrize(
    ("field", "good"),
    [
        ("quiet_hours_start", "22:00"), ("quiet_hours_end", "00:00"), ("time_zone", "America/Argentina/Ushuaia"),
        ("email", "anna.b+ops@sub.fjord-foods.example"), ("phone", "+49 (151) 123-45678"),
        ("slack_webhook", "https://hooks.slack.com/services/T/B/x"), ("webhook_url", "https://h.example:8443/x?y=1"),
        ("webhook_url", "http://localhost:9000/x"), ("webhook_url", "http://[::1]:9000/x"), ("email", None),
    ],
)  # fmt: skip
def test_accepted(field: str, good: str | None) -> None:
    PreferencesChange.model_validate({field: good})


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("quiet_hours_start", "24:00"), ("quiet_hours_start", "7:00"), ("quiet_hours_start", "22:00:00"),
        ("time_zone", "CEST"), ("time_zone", "../../etc/passwd"), ("time_zone", "europe/berlin"),
        ("email", "anna"), ("email", "a@b.example,c@d.example"), ("email", "Anna <a@b.example>"),
        ("email", "a@b\n.example"),
        ("phone", "0151 1234567"), ("phone", "+0151"), ("webhook_url", "http://hooks.example.com/x"),
        ("webhook_url", "https://user:pass@h.example/"), ("webhook_url", "ftp://h.example/"), ("webhook_url", "https://"),
        ("webhook_url", "https://h.example:99999/"), ("webhook_url", "https://h.example/ x"),
        ("enabled_channels", ["a pigeon"]), ("min_severity", "urgent"), ("notify_on_critical", False),
        ("quite_hours", True),
        ("workspaces", ["hr"]),
    ],
)  # fmt: skip
def test_refused(field: str, bad: object) -> None:
    with pytest.raises(ValidationError) as refused:
        PreferencesChange.model_validate({field: bad})
    assert refused.value.errors()[0]["loc"][0] == field


def test_two_ways_to_say_it_must_agree() -> None:
    PreferencesChange.model_validate({"min_severity": "low", "notify_on_high": True})
    with pytest.raises(ValidationError, match="contradicts"):
        PreferencesChange.model_validate({"min_severity": "critical", "notify_on_high": True})


def test_destinations_are_masked() -> None:
    assert masked("anna@fjord.example") == "a…@fjord.example"
    assert masked("+4915112345678") == "+49…78"
    assert masked("https://hooks.slack.com/services/T/B/secret") == "https://hooks.slack.com/…"
    assert masked("tgram://123:TOKEN/42") == "tgram://…"
