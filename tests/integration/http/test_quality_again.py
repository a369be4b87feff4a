"""Data quality counts what waits now, not how often it was delivered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api, token
from tests.support.fixtures import NewPlant
from tests.support.plant import Plant


def deliver(plant: Plant, file_name: str, rows: list[dict[str, Any]], status: str = "failed") -> None:
    """Load a file and end its job as normalize would (all of its rows failed)."""
    plant.load("sku_supplier", rows)
    with plant.db("ops_normalize").tenant(plant.tenant_id) as tx:
        tx.execute(
            """UPDATE staging.ingestion_jobs SET status = :status, file_name = :name, entity_type = 'sku_supplier',
                   staged_key = 'k', failed_records = total_records
               WHERE created_at = (SELECT max(created_at) FROM staging.ingestion_jobs)""",
            status=status, name=file_name,
        )  # fmt: skip


def waiting(api: Api, plant: Plant) -> int:
    issues = api.get("/quality/inventory-check", token(plant.code)).json["issues"]
    return next((one["count"] for one in issues if one["code"] == "units_without_factor"), 0)


@pytest.fixture
def plant(new_plant: NewPlant) -> Plant:
    made = new_plant()
    made.load("sku", [{"sku_code": "S01", "description": "Jam"}, {"sku_code": "S02", "description": "Müsli"}])
    made.load("supplier", [{"supplier_code": "S", "name": "Acme"}])
    return made


def offers(*codes: str) -> list[dict[str, Any]]:
    return [{"sku_code": code, "supplier_code": "S", "price_uom": "XCS"} for code in codes]


def test_the_same_file_again_doubles_nothing(api: Api, plant: Plant) -> None:
    deliver(plant, "offers.csv", offers("S01", "S02"))
    deliver(plant, "offers.csv", offers("S01", "S02"))
    assert waiting(api, plant) == 2


def test_what_a_new_delivery_settles_is_settled(api: Api, plant: Plant) -> None:
    deliver(plant, "offers.csv", offers("S01", "S02"))
    plant.load("sku_uom", [{"sku_code": "S01", "uom": "XCS", "factor_to_base": "12"}])
    deliver(plant, "offers.csv", offers("S01", "S02"))
    assert waiting(api, plant) == 1


def test_another_file_counts_for_itself(api: Api, plant: Plant) -> None:
    deliver(plant, "offers.csv", offers("S01"))
    deliver(plant, "more offers.csv", offers("S02"))
    assert waiting(api, plant) == 2


def test_a_delivery_that_nobody_could_read_settles_nothing(api: Api, plant: Plant) -> None:
    deliver(plant, "offers.csv", offers("S01"))
    deliver(plant, "offers.csv", [], status="running")
    assert waiting(api, plant) == 1
