"""Rule patterns match the very events the code makes, and the sample events are ones the code takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from moto.events.models import EventPattern

from local.template import Template
from opscopilot.kernel import events
from tests.contract.template.state_machines import ROOT

SAMPLES = sorted((ROOT / "events").glob("*/*.json"))
ENVELOPE: dict[str, Any] = {
    "tenant_id": uuid4(), "occurred_at": datetime(2026, 11, 20, tzinfo=UTC), "correlation_id": "c-1",
}  # fmt: skip
REAL: dict[str, events.Event] = {
    "DataNormalizedRule": events.DataNormalized(
        **ENVELOPE, job_id=uuid4(), entity_type="sku", successful_records=3, failed_records=0, duplicate_records=1
    ),
    "AlertRaisedRule": events.AlertRaised(
        **ENVELOPE, alert_id=uuid4(), alert_type="stockout_risk", severity="high", title="t", message="m",
        entity_type="sku", dedupe_key="k",
    ),
    "AlertResolvedRule": events.AlertResolved(**ENVELOPE, alert_id=uuid4(), dedupe_key="k"),
    "FileProcessedRule": events.FileProcessed(
        **ENVELOPE, job_id=uuid4(), file_name="MARA.csv", source_system="sap", status="partially_failed",
        severity="low", total_records=3, successful_records=2, failed_records=1, duplicate_records=0,
        headline="MARA.csv: 1 of 3 skus were not loaded", message="m",
    ),
}  # fmt: skip


def sample(name: str) -> Any:
    """events/<name>.json."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text(encoding="utf-8"))


def matches(template: Template, rule: str, event: Any) -> bool:
    """Whether the rule, its references resolved to their own names, lets the event through."""
    pattern = json.dumps(template.resources[rule]["Properties"]["EventPattern"])
    for name in template.resources:
        pattern = pattern.replace(json.dumps({"Ref": name}), json.dumps(name))
    return bool(EventPattern.load(pattern).matches_event(event))


def on_the_bus(event: events.Event) -> dict[str, Any]:
    """The event as EventBridge hands it to rules."""
    detail = json.loads(event.model_dump_json())
    return {"source": type(event).source, "detail-type": event.detail_type, "detail": detail}


@pytest.mark.parametrize("rule", REAL)
def test_a_rule_matches_its_event_and_no_other(template: Template, rule: str) -> None:
    others = [on_the_bus(event) for name, event in REAL.items() if name != rule]
    published = events.ForecastPublished(**ENVELOPE, version_id=uuid4(), code="v1", series=1)
    assert matches(template, rule, on_the_bus(REAL[rule]))
    assert not any(matches(template, rule, other) for other in [*others, on_the_bus(published)])


def test_alerts_of_any_context_of_ours_are_delivered_and_nobody_elses(template: Template) -> None:
    alert = on_the_bus(REAL["AlertRaisedRule"])
    assert matches(template, "AlertRaisedRule", {**alert, "source": "opscopilot.fsq"})
    assert not matches(template, "AlertRaisedRule", {**alert, "source": "somebody.else"})


def test_domain_rules_listen_on_our_bus_and_aws_rules_on_the_default_one(template: Template) -> None:
    for name, properties in template.of_type("AWS::Events::Rule"):
        expected = {"Ref": "EventBus"} if name in REAL else None
        assert properties.get("EventBusName") == expected, name


@pytest.mark.parametrize(
    ("bucket", "key", "expected"),
    [
        ("LandingBucket", "landing/acme/sap/job/MARA.csv", True),
        ("LandingBucket", "other/acme/MARA.csv", False),
        ("StagingBucket", "landing/acme/sap/job/MARA.csv", False),
    ],
)
def test_only_files_in_landing_start_an_ingestion(template: Template, bucket: str, key: str, expected: bool) -> None:
    event = sample("ingest/object_created")
    event["detail"]["bucket"]["name"], event["detail"]["object"]["key"] = bucket, key
    assert matches(template, "FileLandedRule", event) is expected


def test_every_state_machine_rings_when_it_fails(template: Template) -> None:
    event = {"source": "aws.states", "detail-type": "Step Functions Execution Status Change"}
    for machine in ("IngestionStateMachine", "ForecastingStateMachine", "SyncStateMachine"):
        for status, expected in (("FAILED", True), ("TIMED_OUT", True), ("SUCCEEDED", False)):
            detail = {"status": status, "stateMachineArn": machine}
            assert matches(template, "StateMachineFailedRule", {**event, "detail": detail}) is expected


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_event_is_json_of_a_function_we_have(template: Template, path: Any) -> None:
    assert isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    assert f"{path.parent.name.capitalize()}Function" in template.code


def test_every_function_has_a_sample_event(template: Template) -> None:
    assert {path.parent.name for path in SAMPLES} == {name.removesuffix("Function").lower() for name in template.code}


def test_sample_files_are_read_as_landed_files() -> None:
    landed = events.FileLanded.from_s3_event(sample("ingest/object_created"))
    assert landed.key.startswith("landing/nordfood/sap/")
    assert landed.version_id is not None
    assert events.FileLanded.from_s3_event(sample("ingest/object_created_bare_empty")).size == 0


def test_sample_domain_events_are_complete() -> None:
    normalized = sample("forecast/plan_data_normalized")["input"]["detail"]
    alert = json.loads(sample("notify/alerts")["Records"][0]["body"])["detail"]
    assert events.DataNormalized.model_validate(normalized).entity_type == "sales_order_line"
    assert str(events.AlertRaised.model_validate(alert).amount) == "38214.50"


def test_schedules_send_what_the_functions_know(template: Template) -> None:
    inputs = {one.name: json.loads(one.input) for one in template.schedules()}
    assert inputs == {
        "NightlyForecast": {"all_tenants": True},
        "NotifySweep": sample("notify/sweep"),
        "SyncTick": sample("ingest/pull_due"),
    }
