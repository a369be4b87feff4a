"""functions/forecast as Lambda sees it: settings at cold start, tasks by payload, errors the retries know."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from local.testing import ThrowawayDatabase
from opscopilot.adapters.database import open_database
from opscopilot.entrypoints import forecast
from opscopilot.entrypoints.bootstrap import Handler, forecast_handler
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import TransientError
from opscopilot.kernel.settings import FunctionSettings


@pytest.fixture
def cold_start(monkeypatch: pytest.MonkeyPatch, db: ThrowawayDatabase) -> Iterator[Callable[..., Handler]]:
    """Builds the handler in the function's environment; its connections are closed at the end."""
    found: list[Database] = []

    def opened(settings: FunctionSettings, patience_s: int) -> Database:
        found.append(open_database(settings, patience_s))
        return found[-1]

    def start(**other: str) -> Handler:
        for name, value in {
            **db.environment("ops_forecast"),
            "EVENT_BUS_NAME": "ops",
            "STAGING_BUCKET": "staging",
            **other,
        }.items():
            monkeypatch.setenv(name, value)
        return forecast_handler()

    monkeypatch.setattr(forecast, "open_database", opened)
    yield start
    for one in found:
        one.engine.dispose()


def test_the_handler_runs_a_whole_forecast(plant: Any, cold_start: Callable[..., Handler]) -> None:
    plant.sku("A", reorder_point=100)
    plant.weeks("A", [70] * 30)
    plant.stock("A", 5)
    with mock_aws():
        handle = cold_start()
        region = os.environ["AWS_REGION"]
        boto3.client("events", region_name=region).create_event_bus(Name="ops")
        s3 = boto3.client("s3", region_name=region)
        s3.create_bucket(Bucket="staging", CreateBucketConfiguration={"LocationConstraint": region})
        asked = {"tenant_id": str(plant.tenant_id), "periods": ["weekly"]}
        planned = handle({"task": "plan", "input": asked, "execution": "e"}, None)
        (version,) = planned["versions"]
        handle({"task": "prepare", **version}, None)
        where = handle({"task": "deal", "versions": [version], "execution": "e"}, None)
        listed = s3.get_object(Bucket=where["bucket"], Key=where["key"])["Body"].read()
        for batch in json.loads(listed):
            handle({"task": "batch", **batch}, None)
        handle({"task": "reconcile", **version}, None)
        done = handle({"task": "publish", **version}, None)
        assert handle({"task": "finish", "versions": [version]}, None)["ok"] is True
    assert done["events"] == 2
    assert plant.query("SELECT count(*) AS n FROM platform.outbox WHERE published_at IS NULL")[0]["n"] == 0


def test_a_lost_database_is_worth_a_retry(cold_start: Callable[..., Handler]) -> None:
    with mock_aws():
        handle = cold_start(DB_PORT="1")
        with pytest.raises(TransientError, match="did not answer"):
            handle({"task": "plan", "input": {"all_tenants": True}}, None)


def test_what_is_no_task_is_refused(cold_start: Callable[..., Handler]) -> None:
    with mock_aws(), pytest.raises(ValidationError):
        cold_start()({"task": "dance"}, None)


def test_a_missing_setting_stops_the_cold_start(monkeypatch: pytest.MonkeyPatch, cold_start: Any) -> None:
    monkeypatch.delenv("EVENT_BUS_NAME", raising=False)
    with mock_aws(), pytest.raises(ValidationError, match="event_bus_name"):
        cold_start(EVENT_BUS_NAME="")
