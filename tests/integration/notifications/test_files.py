"""What became of a file reaches whoever dropped it: once per job and status, in words that are data."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from opscopilot.entrypoints.notify import make_handler
from opscopilot.kernel.events import FileProcessed
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.service import Notifier
from tests.integration.notifications.world import NOON, Context, World, plenty, record_of

MESSAGE = "Taken as: Items by its columns.\n\nWhat is wrong:\n  3 × not a number in unit cost\n    e.g. row 7: 'abc'"


def processed(tenant_id: UUID, **given: Any) -> FileProcessed:
    """A file that went in with three records left out."""
    base: dict[str, Any] = {
        "tenant_id": tenant_id, "occurred_at": NOON, "correlation_id": str(uuid4()), "job_id": uuid7(),
        "file_name": "MARA.csv", "source_system": "sap", "status": "partially_failed", "severity": "low",
        "entity_type": "sku", "total_records": 100, "successful_records": 97, "failed_records": 3,
        "duplicate_records": 0, "headline": "MARA.csv: 3 of 100 skus could not be loaded", "message": MESSAGE,
        "requested_by": "anna",
    }  # fmt: skip
    return FileProcessed(**{**base, **given})


def handle(world: World, event: FileProcessed) -> dict[str, int]:
    return dict(world.service.handle(event, plenty))


def test_the_one_who_asked_is_told_and_nobody_else(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.person(tenant, "bert", "bert@x.example", min_severity="info")
    assert handle(world, processed(tenant)) == {"opened": 1, "sent": 1}
    (mail,) = world.mails
    assert mail.to == "anna@x.example"
    assert mail.subject == "[LOW] MARA.csv: 3 of 100 skus could not be loaded"
    assert "  3 × not a number in unit cost\n    e.g. row 7: 'abc'" in mail.text
    assert mail.html is not None
    assert "What is wrong:" in mail.html


def test_a_smooth_end_is_told_only_to_those_who_want_to_hear_everything(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.person(tenant, "bert", "bert@x.example", min_severity="info")
    world.person(tenant, "carl", "carl@x.example", min_severity="high")
    smooth = {"status": "completed", "severity": "info", "failed_records": 0}
    handle(world, processed(tenant, **smooth))
    assert world.mails == []
    handle(world, processed(tenant, **smooth, requested_by="bert"))
    assert [mail.to for mail in world.mails] == ["bert@x.example"]
    handle(world, processed(tenant, requested_by="carl"))
    assert len(world.mails) == 1
    assert "below this user's minimum" in str(world.rows(tenant)[-1]["reason"])


def test_without_an_asker_preferences_decide(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.person(tenant, "bert", "bert@x.example", min_severity="medium")
    for asker in (None, "somebody-who-left"):
        handle(world, processed(tenant, status="failed", severity="medium", requested_by=asker))
    assert [mail.to for mail in world.mails] == ["bert@x.example"] * 2


def test_p63_the_same_end_is_told_once_and_another_end_again(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = processed(tenant)
    assert handle(world, event)["opened"] == 1
    assert handle(world, event) == {"known": 1}
    assert handle(world, event.model_copy(update={"event_id": uuid7()})) == {"repeated": 1}
    assert len(world.mails) == 1
    handle(world, event.model_copy(update={"event_id": uuid7(), "status": "failed", "severity": "medium"}))
    assert len(world.mails) == 2


def test_p64_what_a_file_says_is_shown_and_never_run(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    evil = "<img src=x onerror=alert(1)> {{ 7*7 }}\r\nBcc: spy@x.example"
    handle(world, processed(tenant, headline=evil, message=f"e.g. row 2: '{evil}'\n\n<script>x()</script>"))
    (mail,) = world.mails
    assert "\n" not in mail.subject
    assert "{{ 7*7 }}" in mail.subject
    assert mail.html is not None
    assert "&lt;script&gt;" in mail.html
    for forbidden in ("<img", "<script"):
        assert forbidden not in mail.html


def test_the_queue_hands_it_in_and_the_link_leads_to_the_receipt(world: World) -> None:
    tenant, other = world.tenant(), world.tenant()
    world.person(tenant)
    world.person(other)
    service = Notifier(
        world.notify, world.service.sender, world.bus, world.clock, world.calendar, "https://ops.example/"
    )
    event = processed(tenant)
    body = record_of(event)  # type: ignore[arg-type]
    body["body"] = body["body"].replace("AlertRaised", "FileProcessed")
    strange = {**body, "messageId": "m-2", "body": body["body"].replace("opscopilot.staging", "opscopilot.web")}
    answer = make_handler(service)({"Records": [body, strange]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}
    (mail,) = world.mails
    assert f"https://ops.example/api/v1/jobs/{event.job_id}/receipt?format=html" in mail.text
    assert world.rows(other) == []


def test_recovery_hands_in_what_was_lost(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    world.to_outbox(processed(tenant), published=True)  # type: ignore[arg-type]
    assert world.sweep(recover=True)["opened"] == 1
    assert len(world.mails) == 1
