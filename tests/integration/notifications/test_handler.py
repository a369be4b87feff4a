"""The function as Lambda calls it: real SES (moto's), partial batch responses, settings at cold start."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from pydantic import ValidationError

from local.testing import ThrowawayDatabase
from opscopilot.adapters.database import open_database
from opscopilot.entrypoints import notify
from opscopilot.kernel.db import Database
from opscopilot.kernel.settings import NotifySettings
from tests.integration.notifications.world import Context, World, alert, record_of

APP = Path(__file__).parents[3] / "functions" / "notify" / "app.py"
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, notifications_db: ThrowawayDatabase) -> Iterator[None]:
    for name, value in notifications_db.environment("ops_notify").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EVENT_BUS_NAME", "default")
    monkeypatch.setenv("EMAIL_SENDER", "alerts@ops.example")
    opened: list[Database] = []

    def remember(settings: NotifySettings) -> Database:
        opened.append(open_database(settings))
        return opened[-1]

    monkeypatch.setattr(notify, "open_database", remember)
    with mock_aws():
        boto3.client("sesv2", region_name=os.environ["AWS_REGION"]).create_email_identity(
            EmailIdentity="alerts@ops.example"
        )
        yield
    for one in opened:
        one.engine.dispose()


def cold_start() -> Handler:
    found = importlib.util.spec_from_file_location("notify_app_under_test", APP)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


def outbox() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][os.environ["AWS_REGION"]].sent_messages)


@pytest.mark.usefixtures("aws")
def test_an_alert_becomes_a_mail(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = alert(tenant, title="SKU-1 runs out in 2 days", amount="1250", currency="EUR")
    handler = cold_start()
    assert handler({"Records": [record_of(event)]}, Context()) == {"batchItemFailures": []}
    (mail,) = outbox()
    assert mail.subject == "[HIGH] SKU-1 runs out in 2 days: EUR 1,250 at stake"
    assert mail.source == "alerts@ops.example"
    assert mail.destinations["ToAddresses"] == ["anna@x.example"]
    (row,) = world.rows(tenant)
    assert (row["status"], row["provider_id"], row["destination"]) == ("sent", mail.id, "anna@x.example")
    assert handler({"Records": [record_of(event)]}, Context()) == {"batchItemFailures": []}
    assert len(outbox()) == 1


@pytest.mark.usefixtures("aws")
def test_p63_bad_records_fail_alone(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    good, also_good = alert(tenant), alert(tenant)
    records = [
        record_of(good, "good-1"),
        {"messageId": "no-json", "body": "{"},
        record_of(alert(tenant), "bad-severity", severity="apocalyptic"),
        record_of(alert(tenant), "no-tenant", tenant_id="00000000-0000-0000-0000-000000000000"),
        {"messageId": "no-body"},
        record_of(alert(tenant), "nul", title="a\x00b"),
        record_of(also_good, "good-2"),
    ]
    answer = cold_start()({"Records": records}, Context())
    failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
    assert failed == ["no-json", "bad-severity", "no-tenant", "no-body", "nul"]
    assert world.statuses(tenant) == ["sent", "sent"]


@pytest.mark.usefixtures("aws")
def test_ses_refusing_the_sender_is_said(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    boto3.client("sesv2", region_name=os.environ["AWS_REGION"]).delete_email_identity(
        EmailIdentity="alerts@ops.example"
    )
    assert cold_start()({"Records": [record_of(alert(tenant))]}, Context()) == {"batchItemFailures": []}
    (row,) = world.rows(tenant)
    assert row["status"] == "dead"
    assert "MessageRejected" in row["last_error"]


@pytest.mark.usefixtures("aws")
def test_sms_goes_through_sns(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, mail=None, enabled_channels=["sms"], phone="+4915112345678")
    cold_start()({"Records": [record_of(alert(tenant))]}, Context())
    (row,) = world.rows(tenant)
    assert (row["status"], row["channel"]) == ("sent", "sms")
    assert row["provider_id"]


@pytest.mark.usefixtures("aws")
def test_the_sweep_publishes_to_the_bus(world: World) -> None:
    tenant = world.tenant()
    event = alert(tenant)
    world.to_outbox(event)
    assert cold_start()({"task": "sweep", "recover": True}, Context())["relayed"] == 1


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("missing", ["EVENT_BUS_NAME", "EMAIL_SENDER", "DB_HOST"])
def test_a_missing_setting_stops_the_cold_start(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(ValidationError, match=missing.lower()):
        cold_start()
