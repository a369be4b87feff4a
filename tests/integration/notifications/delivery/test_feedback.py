"""What SES says about mails after it took them: any order, any number of times, from anybody."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.seams.mail_events import event_of
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.notifications.delivery.reports import from_body
from tests.integration.notifications.world import Context, World, alert

ANNA = "anna@x.example"


def event(kind: str, tenant: UUID, message: UUID, **changed: Any) -> dict[str, Any]:
    """SES's own event about a mail of ours to Anna."""
    tags = [{"Name": "tenant", "Value": str(tenant)}, {"Name": "notification", "Value": str(message)}]
    made = event_of(f"{kind}@simulator.amazonses.com", f"ses-{message}", {"EmailTags": tags})
    assert made is not None
    return json.loads(json.dumps({**made, **changed}).replace(f"{kind}@simulator.amazonses.com", ANNA))  # type: ignore[no-any-return]


def delay(tenant: UUID, message: UUID) -> dict[str, Any]:
    """The mailbox is slow."""
    made = event("bounce", tenant, message)
    bounce = made.pop("bounce")
    late = {
        "delayType": "MailboxFull",
        "timestamp": bounce["timestamp"],
        "delayedRecipients": bounce["bouncedRecipients"],
    }
    return {**made, "eventType": "DeliveryDelay", "deliveryDelay": late}


def for_now(tenant: UUID, message: UUID) -> dict[str, Any]:
    """A transient bounce."""
    made = event("bounce", tenant, message)
    made["bounce"] |= {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
    return made


def tell(world: World, *events: Any) -> list[str]:
    """Hand these to the function as SQS does; the ids that must come again."""
    records = [
        {"messageId": f"m{n}", "body": one if isinstance(one, str) else json.dumps(one)} for n, one in enumerate(events)
    ]
    return [one["itemIdentifier"] for one in world.handler({"Records": records}, Context())["batchItemFailures"]]


@pytest.fixture
def mail(world: World) -> tuple[UUID, UUID]:
    """A tenant, and the message of a mail that SES took."""
    tenant = world.tenant()
    world.person(tenant)
    world.person(tenant, "boss", "boss@x.example", role="admin", min_severity="critical")
    world.handle(alert(tenant))
    (row,) = [one for one in world.rows(tenant) if one["user_id"] == "anna"]
    assert row["status"] == "sent"
    return tenant, row["message_id"]


def state(world: World, tenant: UUID) -> tuple[str, int]:
    """What became of Anna's mail, and how many addresses are suppressed."""
    (row,) = [one for one in world.rows(tenant) if one["user_id"] == "anna"]
    shut = world.rows(tenant, "SELECT * FROM notification.suppressed_addresses WHERE lifted_at IS NULL")
    return row["status"], len(shut)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("success", ("delivered", 0)), ("bounce", ("bounced", 1)), ("complaint", ("sent", 1))],
)
def test_a_report_counts_once(world: World, mail: tuple[UUID, UUID], kind: str, expected: tuple[str, int]) -> None:
    report = event(kind, *mail)
    for _ in range(2):
        assert tell(world, report, report) == []
        assert state(world, mail[0]) == expected
    told = world.rows(mail[0], "SELECT detail FROM platform.outbox WHERE detail ->> 'alert_type' = 'delivery_failed'")
    assert len(told) == (0 if kind == "success" else 1)


@pytest.mark.parametrize("order", list(itertools.permutations(["success", "bounce", "delay"])))
def test_in_any_order_the_bounce_has_the_last_word(
    world: World, mail: tuple[UUID, UUID], order: tuple[str, ...]
) -> None:
    made = {"success": event("success", *mail), "bounce": event("bounce", *mail), "delay": delay(*mail)}
    for one in order:
        assert tell(world, made[one]) == []
    assert state(world, mail[0]) == ("bounced", 1)


def test_a_mailbox_that_is_full_for_now_is_not_shut(world: World, mail: tuple[UUID, UUID]) -> None:
    assert tell(world, for_now(*mail)) == []
    assert state(world, mail[0]) == ("bounced", 0)


def test_an_absence_note_after_the_delivery_changes_nothing(world: World, mail: tuple[UUID, UUID]) -> None:
    tell(world, event("success", *mail))
    tell(world, for_now(*mail))
    assert state(world, mail[0]) == ("delivered", 0)


def test_a_delivery_that_is_known_before_the_send_is_on_record_is_not_repeated(
    world: World, mail: tuple[UUID, UUID]
) -> None:
    tenant, message = mail
    with world.notify.tenant(tenant) as tx:
        tx.execute(
            "UPDATE notification.notifications SET status = 'sending', claimed_at = :now WHERE message_id = :id",
            now=world.clock.now(),
            id=message,
        )
    tell(world, event("success", tenant, message))
    world.clock.advance(timedelta(minutes=6))
    world.sweep()
    assert state(world, tenant) == ("delivered", 0)
    assert len(world.mails) == 1


def test_an_address_that_bounced_is_not_written_to_until_it_is_lifted(world: World, mail: tuple[UUID, UUID]) -> None:
    tenant, message = mail
    tell(world, event("bounce", tenant, message))
    world.handle(alert(tenant))
    assert len(world.mails) == 1
    statuses = sorted(row["status"] for row in world.rows(tenant) if row["user_id"] == "anna")
    assert statuses == ["bounced", "suppressed"]
    with world.copilot.tenant(tenant) as tx:
        tx.execute("UPDATE notification.suppressed_addresses SET lifted_at = now(), lifted_by = 'boss'")
    late = event("complaint", tenant, message)
    late["complaint"]["timestamp"] = "2020-01-01T00:00:00Z"
    tell(world, late)
    shut = world.rows(tenant, "SELECT * FROM notification.suppressed_addresses WHERE lifted_at IS NULL")
    assert shut == [], "what happened before it was lifted does not shut it again"
    world.handle(alert(tenant))
    assert len(world.mails) == 2


def test_the_sample_event_is_what_ses_sends() -> None:
    sample = Path(__file__).parents[4] / "events" / "notify" / "mail_bounced.json"
    (report,) = from_body(json.loads(sample.read_text())["Records"][0]["body"])
    assert (report.kind, report.recipient) == ("bounced", "anna@fjord-foods.example")
    assert report.detail == "smtp; 550 5.1.1 user unknown"


def test_sns_may_wrap_it(world: World, mail: tuple[UUID, UUID]) -> None:
    wrapped = {
        "Type": "Notification",
        "TopicArn": "arn:aws:sns:eu-west-1:1:t",
        "Message": json.dumps(event("success", *mail)),
    }
    assert tell(world, wrapped) == []
    assert state(world, mail[0]) == ("delivered", 0)


def test_p60_a_report_for_another_tenant_changes_nothing_here(world: World, mail: tuple[UUID, UUID]) -> None:
    other = world.tenant()
    assert tell(world, event("bounce", other, mail[1]), event("bounce", uuid4(), mail[1])) == []
    assert state(world, mail[0]) == ("sent", 0)
    assert world.rows(other, "SELECT * FROM notification.suppressed_addresses") == []


def test_mails_of_others_are_not_ours(world: World, mail: tuple[UUID, UUID]) -> None:
    foreign = event("bounce", *mail)
    foreign["mail"]["tags"] = {"ses:caller-identity": ["another-app"]}
    assert tell(world, foreign) == []
    assert state(world, mail[0]) == ("sent", 0)


def _without(made: dict[str, Any], *path: str) -> dict[str, Any]:
    part = made
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return made


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: _without(made, "bounce"),
        lambda made: _without(made, "mail", "messageId"),
        lambda made: made | {"eventType": "Nonsense"},
        lambda made: made | {"mail": made["mail"] | {"tags": {"tenant": ["x"], "notification": ["y"]}}},
        lambda made: made | {"bounce": made["bounce"] | {"timestamp": "yesterday"}},
        lambda made: made | {"bounce": made["bounce"] | {"bouncedRecipients": []}},
        lambda made: made | {"bounce": made["bounce"] | {"bouncedRecipients": [{"emailAddress": "x" * 999}]}},
        lambda made: (
            made | {"bounce": made["bounce"] | {"bouncedRecipients": [{"emailAddress": ANNA, "diagnosticCode": "\0"}]}}
        ),
    ],
)
def test_a_malformed_report_fails_alone(world: World, mail: tuple[UUID, UUID], spoil: Any) -> None:
    assert tell(world, spoil(event("bounce", *mail)), event("success", *mail)) == ["m0"]
    assert state(world, mail[0]) == ("delivered", 0)


@pytest.mark.parametrize("body", [None, 7, "", "[]", "{", '{"a":' * 5000, "x" * 300_000])
def test_what_is_no_report_is_refused(body: object) -> None:
    with pytest.raises(ValidationFailed):
        from_body(body)
