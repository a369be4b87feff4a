"""Seam Rule.send_to_targets: each kind of target, and what it receives."""

from __future__ import annotations

import json
from typing import Any

from local.aws import LocalAws
from local.outbox import messages
from tests.contract.local.support import Journal, wait_for


def put(aws: LocalAws, detail_type: str, detail: dict[str, Any], source: str = "fixture.test", **entry: Any) -> str:
    """Put one event on the stack's bus; its id."""
    answer = aws.client("events").put_events(
        Entries=[
            {
                "Source": source,
                "DetailType": detail_type,
                "Detail": json.dumps(detail),
                "EventBusName": aws.outputs["BusName"],
                **entry,
            }
        ]
    )
    assert answer["FailedEntryCount"] == 0
    return str(answer["Entries"][0]["EventId"])


def test_a_queue_gets_the_whole_event_as_eventbridge_sends_it(pumped: LocalAws, journal: Journal) -> None:
    identifier = put(pumped, "AlertRaised", {"title": "stock is low", "mark": "whole"})
    (record,) = wait_for(lambda: journal.records('"whole"'))
    event = json.loads(record["body"])
    assert sorted(event) == [
        "account",
        "detail",
        "detail-type",
        "id",
        "region",
        "resources",
        "source",
        "time",
        "version",
    ]
    assert event["id"] == identifier
    assert event["time"].endswith("Z")
    assert event["detail"]["title"] == "stock is low"


def test_a_topic_gets_the_transformed_event(aws: LocalAws) -> None:
    title = 'the "blue" line <stops>'
    put(aws, "AlertRaised", {"severity": "critical", "title": title, "amount": 12.5})
    found = wait_for(lambda: [m for m in messages() if m.channel == "topic"])
    assert json.loads(found[0].text) == {"text": f"Critical: {title}", "amount": 12.5}
    assert found[0].to == ["ops@example.com"]


def test_a_function_gets_the_part_that_inputpath_names(aws: LocalAws, journal: Journal) -> None:
    put(aws, "Anything", {"mark": "input path"}, source="fixture.direct")
    assert wait_for(lambda: {"mark": "input path"} in journal.events("NotifyFunction"))


def test_only_matching_rules_of_the_named_bus_fire(pumped: LocalAws, journal: Journal) -> None:
    put(pumped, "SomethingElse", {"mark": "other type"})
    put(pumped, "AlertRaised", {"mark": "other source"}, source="foreign.test")
    put(pumped, "AlertRaised", {"mark": "default bus"}, EventBusName="default")
    put(pumped, "AlertRaised", {"mark": "sentinel"})
    assert wait_for(lambda: journal.records("sentinel"))
    assert journal.records("other type") + journal.records("other source") + journal.records("default bus") == []


def test_a_disabled_rule_is_silent(pumped: LocalAws, journal: Journal) -> None:
    events, bus = pumped.client("events"), pumped.outputs["BusName"]
    rule = pumped.names["AlertRaisedRule"]
    events.disable_rule(Name=rule, EventBusName=bus)
    try:
        put(pumped, "AlertRaised", {"mark": "while disabled"})
    finally:
        events.enable_rule(Name=rule, EventBusName=bus)
    put(pumped, "AlertRaised", {"mark": "enabled again"})
    assert wait_for(lambda: journal.records("enabled again"))
    assert journal.records("while disabled") == []


def test_what_cannot_be_delivered_goes_to_the_rules_dead_letters(aws: LocalAws) -> None:
    put(aws, "Undeliverable", {"mark": "lost"})
    sqs = aws.client("sqs")
    received = wait_for(
        lambda: sqs.receive_message(QueueUrl=aws.names["RuleDlq"], MaxNumberOfMessages=10).get("Messages")
    )
    assert json.loads(received[0]["Body"])["detail"] == {"mark": "lost"}
