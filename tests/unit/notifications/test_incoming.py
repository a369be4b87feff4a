"""What a queue hands in is a stranger's text until every field is checked."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.events import AlertRaised, AlertResolved, AlertSeen
from opscopilot.notifications.alerts.incoming import from_body, from_outbox


def envelope(**changed: Any) -> dict[str, Any]:
    detail = {
        "event_id": str(uuid4()), "version": 1, "tenant_id": str(uuid4()), "occurred_at": "2026-04-01T06:00:00Z",
        "correlation_id": "c", "alert_id": str(uuid4()), "alert_type": "anomaly", "severity": "high", "title": "t",
        "message": "m", "entity_type": "sku", "dedupe_key": "k", "amount": "12.50", "currency": "EUR",
        "deadline": "2026-04-02T06:00:00+02:00", "unknown": "ignored", **changed,
    }  # fmt: skip
    return {"version": "0", "source": "opscopilot.forecasting", "detail-type": "AlertRaised", "detail": detail}


def test_a_good_event_is_read() -> None:
    alert = from_body(json.dumps(envelope()))
    assert isinstance(alert, AlertRaised)
    assert (alert.severity, str(alert.amount)) == ("high", "12.50")
    assert from_outbox("AlertRaised", envelope()["detail"]).dedupe_key == "k"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tenant_id", "other"), ("tenant_id", None), ("event_id", 7), ("severity", "CRITICAL!"), ("alert_type", "x"),
        ("title", ""), ("title", "x" * 1001), ("message", "x" * 50_001), ("amount", "NaN"), ("amount", "1e400"),
        ("amount", "1e18"), ("currency", "eur"), ("currency", "<b>"), ("deadline", "2026-04-02T06:00:00"),
        ("deadline", "9999-12-31T23:59:59Z"), ("occurred_at", "0001-01-01T00:00:00Z"), ("version", 2),
        ("dedupe_key", ""), ("link", "x" * 2001), ("dedupe_key", "x" * 501), ("correlation_key", ""),
        ("title", "a\x00b"), ("message", "\x00"), ("place", "x" * 201), ("uom", ""), ("observed", "Infinity"),
        ("amount_per_hour", "NaN"), ("expires_at", "tomorrow"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(field: str, value: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        from_body(json.dumps(envelope(**{field: value})))
    assert refused.value.field == f"detail.{field}"


@pytest.mark.parametrize(("field", "value"), [
    ("actions", ["x"] * 21), ("actions", [""]), ("actions", "do it"), ("to_users", ["u"] * 1001), ("to_users", ["\x00"]),
])  # fmt: skip
def test_lists_have_their_limits(field: str, value: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        from_body(json.dumps(envelope(**{field: value})))
    assert (refused.value.field or "").startswith(f"detail.{field}")


def test_what_is_still_there_and_what_is_gone_are_read() -> None:
    seen = from_body(json.dumps({**envelope(actions=["Order 40 kg."], place="LINE-1"), "detail-type": "AlertSeen"}))
    assert isinstance(seen, AlertSeen)
    assert (seen.actions, seen.place) == (("Order 40 kg.",), "LINE-1")
    gone = from_body(json.dumps({**envelope(reason="12 kg came in."), "detail-type": "AlertResolved"}))
    assert isinstance(gone, AlertResolved)
    assert (gone.dedupe_key, gone.reason) == ("k", "12 kg came in.")
    assert isinstance(from_outbox("AlertResolved", envelope()["detail"]), AlertResolved)


@pytest.mark.parametrize(("field", "value"), [
    ("alert_id", "x"), ("dedupe_key", ""), ("reason", ""), ("reason", "a\x00"), ("reason", "x" * 1001), ("tenant_id", None),
    ("occurred_at", "2026-04-01T06:00:00"),
])  # fmt: skip
def test_a_bad_end_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        from_body(json.dumps({**envelope(**{field: value}), "detail-type": "AlertResolved"}))
    assert refused.value.field == f"detail.{field}"


@pytest.mark.parametrize(
    "body",
    [None, 7, b"{}", "", "null", "[]", "{", '"x"', "{}", "x" * 300_000, '{"detail-type":"AlertRaised"}',
     json.dumps({**envelope(), "detail-type": "DataNormalized"}), json.dumps({**envelope(), "source": "aws.s3"}),
     json.dumps({**envelope(), "detail": [1]}), "[" * 100_000],
)  # fmt: skip
def test_anything_else_is_refused(body: object) -> None:
    with pytest.raises(ValidationFailed):
        from_body(body)


def test_a_refusal_does_not_repeat_the_strangers_text() -> None:
    with pytest.raises(ValidationFailed) as refused:
        from_body(json.dumps(envelope(severity="secret-of-another-tenant")))
    assert "secret-of-another-tenant" not in str(refused.value.__dict__)
