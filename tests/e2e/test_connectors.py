"""A connector on a running stack, as a person keeps and runs it: from another system's API to rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.e2e import live, ops, ops_json
from tests.support.servers.systems import OdooDatabase
from tests.support.servers.web import serve

TENANT = ("--tenant", "harbour")
ROWS = [
    {"id": n, "write_date": f"2026-09-30 10:00:{n % 60:02}.{n:06}", "default_code": f"{n:06}", "name": f"Jam {n}",
     "uom_id": [1, "EA"], "active": True} for n in range(1, 2501)
]  # fmt: skip


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of a stack with a tenant."""
    with live(tmp_path_factory) as (_, stack):
        ops_json(stack.folder.path, "tenants", "create", "harbour")
        yield stack.folder.path


def test_an_odoo_database_is_pulled_into_the_catalogue(state: Path) -> None:
    with serve(OdooDatabase(ROWS)) as server:
        stream = {"name": "products", "model": "product.product", "entity": "sku",
                  "fields": ["default_code", "name", "uom_id", "active"]}  # fmt: skip
        config = json.dumps({"url": server.url, "database": "plant", "streams": [stream]})
        kept = ops_json(state, "connectors", "add", "odoo", "--type", "odoo", "--config", config, *TENANT)
        assert kept["connector_type"] == "odoo"
        assert ops(state, "connectors", "test", "odoo", *TENANT).returncode == 1, "it has no secret yet"
        ops_json(state, "connectors", "secret", "odoo", "username=ops", "password=pw", *TENANT)
        trial = ops_json(state, "connectors", "test", "odoo", *TENANT)
        assert (trial["ok"], trial["streams"][0]["records"]) == (True, 1000)
        first, *landed = ops_json(state, "connectors", "run", "odoo", *TENANT)
        assert (first["status"], first["total_records"]) == ("completed", 2500)
        assert [(one["status"], one["successful_records"], one["error_summary"]) for one in landed] == [
            ("completed", 2500, None)
        ]
        (again,) = ops_json(state, "connectors", "run", "odoo", *TENANT)
        assert (again["status"], again["total_records"]) == ("completed", 0)
        (listed,) = ops_json(state, "connectors", "list", *TENANT)
    assert listed["streams"][0]["watermark"] == "2026-09-30 10:00:59"
    assert "pw" not in json.dumps(listed)
