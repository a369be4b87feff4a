"""Events: their shape by version, and that the template's rules let exactly the right ones through."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from moto.events.models import EventPattern
from pydantic import ValidationError

from local.template import parse_yaml
from opscopilot.kernel.events import (
    EVENT_TYPES,
    SEVERITIES,
    AlertRaised,
    AlertResolved,
    AlertSeen,
    DataNormalized,
    Event,
    FileLanded,
    FileProcessed,
    ForecastPublished,
)

TEMPLATE = Path(__file__).resolve().parents[3] / "template.yaml"
AT = datetime(2026, 9, 30, 12, tzinfo=UTC)
ENVELOPE: dict[str, Any] = {"tenant_id": uuid4(), "occurred_at": AT, "correlation_id": "c-1"}
ALERT: dict[str, Any] = {
    **ENVELOPE, "alert_id": uuid4(), "alert_type": "stockout_risk", "severity": "high", "title": "t", "message": "m",
    "entity_type": "sku", "dedupe_key": "stockout_risk:sku:1", "amount": Decimal("0.1"), "currency": "EUR",
    "correlation_key": "sku:1", "actions": ("Order 40 kg today.",), "to_users": ("anna",),
    "amount_per_hour": Decimal("2.50"), "expires_at": AT,
}  # fmt: skip
SAMPLES: dict[type[Event], Event] = {
    DataNormalized: DataNormalized(
        **ENVELOPE, job_id=uuid4(), entity_type="sku", successful_records=1, failed_records=0, duplicate_records=0
    ),
    ForecastPublished: ForecastPublished(**ENVELOPE, version_id=uuid4(), code="weekly-1", series=86),
    AlertRaised: AlertRaised(**ALERT),
    AlertSeen: AlertSeen(**ALERT),
    AlertResolved: AlertResolved(**ENVELOPE, alert_id=uuid4(), dedupe_key="stockout_risk:sku:1"),
    FileProcessed: FileProcessed(
        **ENVELOPE, job_id=uuid4(), file_name="MARA.csv", source_system="sap", status="partially_failed",
        severity="low", entity_type="sku", total_records=3, successful_records=2, failed_records=1,
        duplicate_records=0, headline="MARA.csv: 1 of 3 skus were not loaded", message="m", requested_by="anna",
    ),
}  # fmt: skip
_ALERT = {
    "event_id", "version", "tenant_id", "occurred_at", "correlation_id", "alert_id", "alert_type", "severity", "title",
    "message", "entity_type", "entity_id", "entity_code", "entity_name", "dedupe_key", "amount", "currency", "deadline",
    "link", "correlation_key", "amount_per_hour", "place", "observed", "threshold", "uom", "actions", "to_users",
    "expires_at",
}  # fmt: skip
# The contract with everybody who reads the bus. A field may be added with a default; anything else is a new version.
CONTRACT = {
    ("DataNormalized", 1): {
        "event_id", "version", "tenant_id", "occurred_at", "correlation_id", "job_id", "entity_type",
        "successful_records", "failed_records", "duplicate_records",
    },
    ("ForecastPublished", 1): {
        "event_id", "version", "tenant_id", "occurred_at", "correlation_id", "version_id", "code", "series",
    },
    ("AlertRaised", 1): _ALERT,
    ("AlertSeen", 1): _ALERT,
    ("AlertResolved", 1): {
        "event_id", "version", "tenant_id", "occurred_at", "correlation_id", "alert_id", "dedupe_key", "reason",
    },
    ("FileProcessed", 1): {
        "event_id", "version", "tenant_id", "occurred_at", "correlation_id", "job_id", "file_name", "source_system",
        "status", "severity", "entity_type", "total_records", "successful_records", "failed_records",
        "duplicate_records", "headline", "message", "requested_by",
    },
}  # fmt: skip
RULE_OF: dict[type[Event], str] = {
    DataNormalized: "DataNormalizedRule", AlertRaised: "AlertRaisedRule", AlertSeen: "AlertResolvedRule",
    AlertResolved: "AlertResolvedRule", FileProcessed: "FileProcessedRule",
}  # fmt: skip


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    """Event patterns of the template's rules, by logical id; names of buckets and machines made up."""
    resources = parse_yaml(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    found = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::Events::Rule"}
    return {name: EventPattern.load(json.dumps(_resolved(one["EventPattern"]))) for name, one in found.items()}


def _resolved(value: Any) -> Any:
    if isinstance(value, dict):
        return value["Ref"] if set(value) == {"Ref"} else {key: _resolved(one) for key, one in value.items()}
    return [_resolved(one) for one in value] if isinstance(value, list) else value


def on_the_bus(event: Event) -> dict[str, Any]:
    """The event as EventBridge hands it to rules."""
    return {"source": event.source, "detail-type": event.detail_type, "detail": json.loads(event.model_dump_json())}


def s3_event(key: str, bucket: str = "LandingBucket", kind: str = "Object Created") -> dict[str, Any]:
    """What S3 itself sends."""
    return {
        "version": "0", "id": str(uuid4()), "source": "aws.s3", "detail-type": kind,
        "detail": {
            "version": "0", "bucket": {"name": bucket}, "reason": "PutObject", "request-id": "R", "requester": "1",
            "object": {"key": key, "size": 5, "etag": "9e107d9d372bb6826bd81d3542a419d6", "version-id": "v1",
                       "sequencer": "0062"},
        },
    }  # fmt: skip


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_every_event_keeps_the_contract_of_its_version(kind: type[Event]) -> None:
    version = kind.model_fields["version"].default
    assert set(kind.model_fields) == CONTRACT[kind.__name__, version]


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_every_event_survives_the_bus_unchanged(kind: type[Event]) -> None:
    sample = SAMPLES[kind]
    assert kind.model_validate_json(json.dumps(on_the_bus(sample)["detail"])) == sample


def test_p19_amounts_travel_as_text_and_not_as_a_float() -> None:
    assert on_the_bus(SAMPLES[AlertRaised])["detail"]["amount"] == "0.1"


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_the_rules_let_an_event_through_to_its_own_target_only(kind: type[Event], rules: dict[str, Any]) -> None:
    matched = {name for name, pattern in rules.items() if pattern.matches_event(on_the_bus(SAMPLES[kind]))}
    assert matched == ({RULE_OF[kind]} if kind in RULE_OF else set())


def test_alerts_of_every_context_reach_the_queue_and_nobody_elses(rules: dict[str, Any]) -> None:
    alert = on_the_bus(SAMPLES[AlertRaised])
    assert rules["AlertRaisedRule"].matches_event({**alert, "source": "opscopilot.fsq"})
    assert not rules["AlertRaisedRule"].matches_event({**alert, "source": "somebody.else"})
    assert not rules["AlertRaisedRule"].matches_event({**alert, "detail-type": "AlertResolved"})
    resolved = on_the_bus(SAMPLES[AlertResolved])
    assert rules["AlertResolvedRule"].matches_event({**resolved, "source": "opscopilot.fsq"})
    assert not rules["AlertResolvedRule"].matches_event({**resolved, "source": "somebody.else"})


@pytest.mark.parametrize(
    ("event", "starts"),
    [(s3_event("landing/fjord/sap/a.csv"), True), (s3_event("staged/x.parquet"), False),
     (s3_event("landing/fjord/sap/a.csv", bucket="StagingBucket"), False),
     (s3_event("landing/fjord/sap/a.csv", kind="Object Deleted"), False), (s3_event("/landing/x"), False)],
)  # fmt: skip
def test_only_a_new_object_under_landing_starts_an_ingestion(
    event: dict[str, Any], starts: bool, rules: dict[str, Any]
) -> None:
    assert rules["FileLandedRule"].matches_event(event) is starts


def test_a_landed_file_is_read_out_of_s3s_own_event() -> None:
    landed = FileLanded.from_s3_event(s3_event("landing/fjord/sap/Stück liste.csv"))
    assert landed == FileLanded(
        bucket="LandingBucket", key="landing/fjord/sap/Stück liste.csv", version_id="v1",
        etag="9e107d9d372bb6826bd81d3542a419d6", size=5,
    )  # fmt: skip


@pytest.mark.parametrize("event", [{}, {"detail": {}}, {"detail": {"bucket": {"name": "b"}}}, {"detail": None}])
def test_what_is_no_s3_event_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FileLanded.from_s3_event(event)


@pytest.mark.parametrize(("field", "value"), [("severity", "urgent"), ("alert_type", "gossip"), ("tenant_id", "fjord")])
def test_an_alert_with_a_word_of_its_own_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError, match=field):
        AlertRaised.model_validate(SAMPLES[AlertRaised].model_dump() | {field: value})


def test_ids_are_given_out_in_order_and_severities_fall() -> None:
    made: list[UUID] = [ForecastPublished(**ENVELOPE, version_id=uuid4(), code="x", series=1).event_id for _ in "ab"]
    assert made[0] != made[1]
    assert SEVERITIES == ("critical", "high", "medium", "low", "info")


def test_a_reader_of_version_1_does_not_stumble_over_a_new_field() -> None:
    newer = SAMPLES[DataNormalized].model_dump(mode="json") | {"warnings": 3}
    assert DataNormalized.model_validate(newer) == SAMPLES[DataNormalized]
