"""The API's role reads the canonical tables and cannot write them, whatever a route might try."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from local.testing import ThrowawayDatabase
from opscopilot.manufacturing.entities import registry
from tests.support.api import open_database
from tests.support.fixtures import NewPlant


def test_every_canonical_table_is_read_only_for_the_api(db: ThrowawayDatabase, new_plant: NewPlant) -> None:
    plant = new_plant()
    plant.load("sku", [{"sku_code": "A", "description": "Jam"}])
    opened = open_database(db)
    for entity in registry():
        for sql in (
            f"UPDATE {entity.full_table} SET source_row = 0", f"DELETE FROM {entity.full_table}",
            f"INSERT INTO {entity.full_table} (tenant_id) VALUES ('{plant.tenant_id}')",
        ):  # fmt: skip
            with pytest.raises(DBAPIError, match="permission denied"), opened.tenant(plant.tenant_id) as tx:
                tx.execute(sql)
    with opened.tenant(plant.tenant_id) as tx:
        assert tx.scalar("SELECT source_row FROM manufacturing.skus") == 2
    opened.engine.dispose()
