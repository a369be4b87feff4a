"""The repository's own template.yaml, expanded and created: nothing of it is described a second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.constants import REPOSITORY
from local.proxy_event import match_route
from local.template import load
from local.ticker import Ticker, next_fire
from opscopilot.notifications.delivery.reports import from_body
from opscopilot.notifications.links.keys import read_keys

FUNCTIONS = ("Ingest", "Normalize", "Forecast", "Notify", "Copilot", "Migrate")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    aws = LocalAws(load(REPOSITORY / "template.yaml"), tmp_path_factory.mktemp("s3"), lambda _: {})
    aws.start()
    try:
        yield aws
    finally:
        aws.stop()


def test_every_resource_the_runtime_relies_on_exists(product: LocalAws) -> None:
    expected = {
        "LandingBucket", "StagingBucket", "DocumentsBucket", "AlertQueue", "AlertDlq", "AlertTopic",
        "IngestionStateMachine", "ForecastingStateMachine", *(f"{name}Function" for name in FUNCTIONS),
    }  # fmt: skip
    assert expected <= {name for name, physical in product.names.items() if physical}


def test_functions_have_code_and_a_resolved_environment(product: LocalAws) -> None:
    for name in FUNCTIONS:
        spec = product.host.specs[f"{name}Function"]
        assert (spec.code / "app.py").is_file()
        assert spec.environment["DB_USER"] == f"ops_{name.lower()}"
        assert not [v for v in spec.environment.values() if "Ref" in v or "GetAtt" in v or "${" in v]
    environment = product.host.specs["CopilotFunction"].environment
    assert environment["LANDING_BUCKET"] == product.names["LandingBucket"]
    key = product.client("secretsmanager").get_secret_value(SecretId=environment["LINK_KEY_SECRET"])
    assert len(read_keys(key["SecretString"])) == 1
    assert environment["INGESTION_STATE_MACHINE_ARN"] == product.names["IngestionStateMachine"]


def test_definitions_have_no_gaps(product: LocalAws) -> None:
    states = product.client("stepfunctions")
    for name in ("IngestionStateMachine", "ForecastingStateMachine"):
        definition = states.describe_state_machine(stateMachineArn=product.names[name])["definition"]
        assert "${" not in definition


def test_landing_buckets_events_reach_the_ingestion_machine(product: LocalAws) -> None:
    s3 = product.client("s3")
    assert s3.get_bucket_versioning(Bucket=product.names["LandingBucket"])["Status"] == "Enabled"
    events = product.client("events")
    targets = [
        target["Arn"]
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    ]
    assert product.names["IngestionStateMachine"] in targets


def test_alerts_are_pumped_in_batches_with_partial_failures(product: LocalAws) -> None:
    sources = product.template.event_sources()
    queues = [product.resolved[f"{one.name}.queue"].rsplit(":", 1)[-1] for one in sources]
    assert sorted(queues) == [product.names[name].rsplit("/", 1)[-1] for name in ("AlertQueue", "MailFeedbackQueue")]
    for source in sources:
        assert source.partial
        assert product.resolved[f"{source.name}.function"].endswith(product.names["NotifyFunction"])


def test_schedules_are_understood(product: LocalAws) -> None:
    ticker = Ticker(product)
    assert len(ticker._alarms) >= 2
    assert all(next_fire(alarm.expression, ticker._now(), alarm.timezone) for alarm in ticker._alarms)


@pytest.mark.parametrize(
    ("method", "path", "public"),
    [
        ("GET", "/api/v1/health", True),
        ("GET", "/api/v1/health/ready", True),
        ("GET", "/docs", True),
        ("GET", "/openapi.json", True),
        ("GET", "/api/v1/jobs", False),
        ("POST", "/api/v1/health", False),
    ],
)
def test_only_the_named_routes_are_public(product: LocalAws, method: str, path: str, public: bool) -> None:
    found = match_route(product.template.routes(), method, path)
    assert found is not None
    assert found[0].public is public
    assert found[0].function == "CopilotFunction"


def test_two_starts_give_the_same_names(product: LocalAws, tmp_path: Path) -> None:
    kinds = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::StepFunctions::StateMachine", "AWS::Lambda::Function")
    for kind in kinds:
        for logical, _ in product.template.of_type(kind):
            if logical in product.names:
                assert logical.lower() in product.names[logical].lower()


def test_what_ses_says_about_mails_reaches_the_queue_notify_reads(product: LocalAws) -> None:
    sender = product.host.specs["NotifyFunction"].environment["EMAIL_SENDER"]
    product.verify_senders()
    sent = product.client("sesv2").send_email(
        FromEmailAddress=sender, Destination={"ToAddresses": ["bounce+anna@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
        ConfigurationSetName=product.host.specs["NotifyFunction"].environment["EMAIL_CONFIGURATION_SET"],
        EmailTags=[{"Name": "tenant", "Value": "0192f6a8-1111-7222-8333-444455556666"},
                   {"Name": "notification", "Value": "0192f6a8-7777-7888-8999-000011112222"}],
    )  # fmt: skip
    found = product.client("sqs").receive_message(QueueUrl=product.names["MailFeedbackQueue"], WaitTimeSeconds=1)
    (report,) = from_body(found["Messages"][0]["Body"])
    assert (report.provider_id, report.kind) == (sent["MessageId"], "bounced")
    assert report.recipient == "bounce+anna@simulator.amazonses.com"
    assert str(report.tenant_id) == "0192f6a8-1111-7222-8333-444455556666"
