"""The runbook's commands: one tenant's rows out of one database and into another, and nobody else's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.binaries import find_binaries, server_user
from local.testing import ThrowawayDatabase, database
from tests.support.plant import Plant

DUMP = ["--enable-row-security", "--data-only", "--inserts", "--on-conflict-do-nothing", "--exclude-schema=forecast"]


def tool(name: str) -> str:
    """A client program of the server, or of the system."""
    beside = find_binaries(server_user()).folder / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not part of this PostgreSQL")
    return found


def run(name: str, db: ThrowawayDatabase, tenant: Plant, *options: str, text: str | None = None) -> str:
    """Run a client as the owner of the schemas, with the tenant set for the whole session."""
    where = ["-h", db.host, "-p", str(db.port), "-U", "ops_migrate", db.name]
    done = subprocess.run(
        [tool(name), *options, *where], input=text, capture_output=True, text=True, check=False,
        env={**os.environ, "PGOPTIONS": f"-c app.tenant={tenant.tenant_id}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_p60_a_tenants_rows_can_be_copied_to_another_database_and_only_they() -> None:
    with database() as here, database() as there:
        mine, theirs = Plant(here, "mine"), Plant(here, "theirs")
        for plant in (mine, theirs):
            plant.load("sku", [{"sku_code": "007", "description": plant.code, "base_uom": "EA"}])
        rows = run("pg_dump", here, mine, *DUMP)
        run("psql", there, mine, "-q", "--single-transaction", "-v", "ON_ERROR_STOP=1", text=rows)
        copied = Plant(there, "mine")
        assert copied.rows("SELECT sku_code, description FROM manufacturing.skus") == [
            {"sku_code": "007", "description": "mine"}
        ]
        assert str(theirs.tenant_id) not in rows
        run("psql", there, mine, "-q", "--single-transaction", "-v", "ON_ERROR_STOP=1", text=rows)
        assert copied.rows("SELECT count(*) AS n FROM manufacturing.skus") == [{"n": 1}], "twice changes nothing"


def test_the_runbook_gives_these_very_options() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "runbook.md").read_text(encoding="utf-8")
    for option in DUMP:
        assert option in text
