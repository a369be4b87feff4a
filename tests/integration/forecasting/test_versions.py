"""Published versions never change, whoever tries (P-52)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from opscopilot.kernel.db import Database

Opened = Callable[[str], Database]


@pytest.fixture
def published(plant: Any, run: Callable[[Any], Any]) -> Any:
    plant.sku("A", reorder_point=50)
    plant.weeks("A", [20, 30, 25] * 10)
    plant.stock("A", 10)
    run(plant)
    return plant


TOUCHES = [
    "UPDATE forecast.forecasts SET value = value + 1",
    "UPDATE forecast.forecasts SET is_override = true, override_reason = 'I know better'",
    "DELETE FROM forecast.forecasts",
    "UPDATE forecast.forecast_series SET wape = 0",
    "DELETE FROM forecast.forecast_series",
    "UPDATE forecast.inventory_risks SET risk_level = 'low'",
    "DELETE FROM forecast.inventory_risks",
    "UPDATE forecast.forecast_versions SET as_of = as_of - 1",
    "UPDATE forecast.forecast_versions SET name = 'other'",
    "UPDATE forecast.forecast_versions SET status = 'draft'",
    "UPDATE forecast.forecast_versions SET status = 'failed'",
    "UPDATE forecast.forecast_versions SET status = 'archived'",
    "DELETE FROM forecast.forecast_versions",
    """INSERT INTO forecast.forecasts (tenant_id, version_id, entity_id, bucket_start, value, lower_80, upper_80,
           lower_95, upper_95, uom, method, model_id)
       SELECT tenant_id, version_id, entity_id, bucket_start + 700, 1, 1, 1, 1, 1, uom, method, model_id
       FROM forecast.forecasts LIMIT 1""",
]


def test_p52_a_published_version_is_immutable(published: Any, opened: Opened) -> None:
    """Whatever is tried, by the function's own role or by the owner of the tables."""
    before = published.query("SELECT * FROM forecast.forecasts ORDER BY bucket_start")
    for role in ("ops_forecast", "ops_migrate"):
        for touch in TOUCHES:
            with (
                pytest.raises(DBAPIError, match=r"cannot (be changed|be deleted|go from)"),
                opened(role).tenant(published.tenant_id) as tx,
            ):
                tx.execute(touch)
    assert published.query("SELECT * FROM forecast.forecasts ORDER BY bucket_start") == before


def test_p52_a_row_cannot_be_moved_into_a_published_version(published: Any, opened: Opened) -> None:
    with opened("ops_forecast").tenant(published.tenant_id) as tx:
        draft = tx.scalar(
            """INSERT INTO forecast.forecast_versions (tenant_id, code, name, period, as_of, history_end, horizon_start,
                   horizon_end, horizon_periods, input_fingerprint, model_id)
               SELECT tenant_id, 'DRAFT', name, period, as_of, history_end, horizon_start, horizon_end, horizon_periods,
                   'x', model_id FROM forecast.forecast_versions RETURNING id"""
        )
        tx.execute(
            """INSERT INTO forecast.forecasts (tenant_id, version_id, entity_id, bucket_start, value, lower_80,
                   upper_80, lower_95, upper_95, uom, method, model_id)
               SELECT tenant_id, :draft, entity_id, bucket_start + 700, 1, 1, 1, 1, 1, uom, method, model_id
               FROM forecast.forecasts LIMIT 1""",
            draft=draft,
        )
    with pytest.raises(DBAPIError, match="is published"), opened("ops_forecast").tenant(published.tenant_id) as tx:
        tx.execute(
            """UPDATE forecast.forecasts SET version_id = (SELECT id FROM forecast.forecast_versions
                   WHERE status = 'published') WHERE version_id = :draft""",
            draft=draft,
        )


def test_a_version_may_only_be_superseded_then_archived(published: Any, opened: Opened) -> None:
    with opened("ops_forecast").tenant(published.tenant_id) as tx:
        tx.execute("UPDATE forecast.forecast_versions SET status = 'superseded'")
    with opened("ops_forecast").tenant(published.tenant_id) as tx:
        tx.execute("UPDATE forecast.forecast_versions SET status = 'archived'")
    with (
        pytest.raises(DBAPIError, match="archived to published"),
        opened("ops_forecast").tenant(published.tenant_id) as tx,
    ):
        tx.execute("UPDATE forecast.forecast_versions SET status = 'published'")


def test_only_one_version_is_in_force(published: Any, run: Callable[[Any], Any]) -> None:
    published.order("A", published.as_of, 40)
    second = run(published)
    assert second["published"][0]["version"] == "DEMAND-W-20250330-02"
    found = published.query("SELECT code, status, locked FROM forecast.forecast_versions ORDER BY code")
    assert [(row["code"][-2:], row["status"], row["locked"]) for row in found] == [
        ("01", "superseded", True), ("02", "published", True),
    ]  # fmt: skip


def test_an_interval_must_hold_its_value(published: Any, opened: Opened) -> None:
    """value, lower_80, upper_80, lower_95, upper_95"""
    for numbers in ("5, 6, 7, 4, 8", "5, 4, 6, 4.5, 8", "5, -1, 6, -2, 8", "5, 4, 4.5, 3, 8", "5, 4, 9, 3, 8"):
        with (
            pytest.raises(DBAPIError, match="interval_holds_value"),
            opened("ops_forecast").tenant(published.tenant_id) as tx,
        ):
            tx.execute(
                f"""INSERT INTO forecast.forecasts (tenant_id, version_id, entity_id, bucket_start, value, lower_80,
                        upper_80, lower_95, upper_95, uom, method, model_id)
                    SELECT tenant_id, version_id, entity_id, bucket_start + 7000, {numbers}, uom, method, model_id
                    FROM forecast.forecasts LIMIT 1"""
            )
