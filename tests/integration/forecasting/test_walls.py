"""Two tenants side by side, and what each role may not write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from local.testing import ThrowawayDatabase, borrowed
from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import NotFound
from tests.integration.forecasting.conftest import filling

Opened = Callable[[str], Database]
TABLES = (
    "demand_history", "forecast_accuracy_metrics", "forecast_alerts", "forecast_models", "forecast_runs",
    "forecast_series",
    "forecast_versions", "forecasts", "inventory_risks", "model_executions",
)  # fmt: skip


def _twins(port: int, name: str) -> None:
    """Two plants with the same codes and different figures."""
    with filling(port, name) as (make_plant, run):
        for code, qty in (("plant-one", 70), ("plant-two", 700)):
            plant = make_plant(code)
            plant.sku("A", reorder_point=50)
            plant.weeks("A", [qty, qty + 5, qty - 5] * 10)
            plant.stock("A", 10)
            run(plant)


@pytest.fixture
def db() -> Iterator[ThrowawayDatabase]:
    with borrowed(_twins) as fresh:
        yield fresh


@pytest.fixture
def twins(known: Callable[..., Any]) -> tuple[Any, Any]:
    """Both of them."""
    return known("plant-one"), known("plant-two")


def test_tenants_with_the_same_codes_see_only_their_own(twins: tuple[Any, Any], opened: Opened) -> None:
    for plant, expected in zip(twins, (70, 700), strict=True):
        for role in ("ops_forecast", "ops_copilot"):
            with opened(role).tenant(plant.tenant_id) as tx:
                for table in TABLES:
                    owners = tx.rows(f"SELECT DISTINCT tenant_id FROM forecast.{table}")
                    assert [row["tenant_id"] for row in owners] == [plant.tenant_id], table
                mean = tx.scalar("SELECT avg(value) FROM forecast.forecasts")
        assert float(mean) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("task", ["prepare", "batch", "batch_failed", "reconcile", "publish"])
def test_another_tenants_version_does_not_exist(twins: tuple[Any, Any], service: ForecastService, task: str) -> None:
    one, two = twins
    foreign = two.query("SELECT id FROM forecast.forecast_versions")[0]["id"]
    key = {"tenant_id": str(one.tenant_id), "version_id": str(foreign), "run_id": str(uuid4())}
    with pytest.raises(NotFound):
        service.run({"task": task, **key, "batch": 0})


def test_without_a_tenant_there_are_no_rows(twins: tuple[Any, Any], opened: Opened) -> None:
    for role in ("ops_forecast", "ops_copilot", "ops_migrate"):
        with opened(role).system() as tx:
            assert {tx.scalar(f"SELECT count(*) FROM forecast.{table}") for table in TABLES} == {0}


def test_a_row_cannot_be_written_for_somebody_else(twins: tuple[Any, Any], opened: Opened) -> None:
    one, two = twins
    with pytest.raises(DBAPIError, match="row-level security"), opened("ops_forecast").tenant(one.tenant_id) as tx:
        tx.execute("UPDATE forecast.forecast_alerts SET tenant_id = :other", other=two.tenant_id)


@pytest.mark.parametrize("role", ["ops_copilot", "ops_ingest", "ops_normalize", "ops_notify"])
def test_nobody_else_writes_forecasts(twins: tuple[Any, Any], opened: Opened, role: str) -> None:
    for table in TABLES:
        with pytest.raises(DBAPIError, match="permission denied"), opened(role).tenant(twins[0].tenant_id) as tx:
            tx.execute(f"DELETE FROM forecast.{table}")


@pytest.mark.parametrize(
    "table", ["manufacturing.skus", "manufacturing.sales_order_lines", "staging.ingestion_jobs",
              "notification.notifications", "platform.tenants"],
)  # fmt: skip
def test_the_forecast_function_writes_nothing_else(plant: Any, opened: Opened, table: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), opened("ops_forecast").tenant(plant.tenant_id) as tx:
        tx.execute(f"DELETE FROM {table}")


def test_the_forecast_function_may_list_tenants_only_without_being_one(twins: tuple[Any, Any], opened: Opened) -> None:
    with opened("ops_forecast").system() as tx:
        assert tx.scalar("SELECT count(*) FROM platform.tenants") == 2
    with opened("ops_forecast").tenant(twins[0].tenant_id) as tx:
        assert tx.scalar("SELECT count(*) FROM platform.tenants") == 1
