"""One transaction, one tenant: on a fresh connection, a used one and one whose last user crashed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import DatabaseError

from local.testing import ThrowawayDatabase, database
from opscopilot.kernel.clock import production_day
from opscopilot.kernel.db import Database, make_engine
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.kernel.settings import MigrateSettings
from opscopilot.kernel.tenancy import plant_settings
from tests.support.plant import Plant

A, B = "a-foods", "b-foods"
CODES = "SELECT code FROM platform.tenants"


@pytest.fixture(scope="module")
def fresh() -> Iterator[ThrowawayDatabase]:
    with database() as one:
        for code in (A, B):
            Plant(one, code)
        yield one


@pytest.fixture
def pooled(fresh: ThrowawayDatabase) -> Iterator[Database]:
    """As a function has it, with a single connection that every transaction uses in turn."""
    settings = MigrateSettings.model_validate(
        {name.lower(): value for name, value in fresh.environment("ops_copilot").items()} | {"db_pool_size": 1}
    )
    engine = make_engine(settings)
    yield Database(engine)
    engine.dispose()


def test_p62_a_warm_connection_sees_the_tenant_of_this_transaction(pooled: Database) -> None:
    for code in (A, B, A):
        with pooled.tenant(tenant_id_for(code)) as tx:
            assert tx.scalar(CODES) == code
            assert tx.scalar("SELECT count(*) FROM platform.tenants") == 1


def test_p62_also_after_the_last_one_crashed_in_the_middle(pooled: Database) -> None:
    with pytest.raises(DatabaseError), pooled.tenant(tenant_id_for(A)) as tx:
        tx.execute("SELECT 1 / 0")
    with pooled.tenant(tenant_id_for(B)) as tx:
        assert tx.scalar(CODES) == B


def test_p60_without_a_tenant_there_are_no_rows_also_after_one_was_set(pooled: Database) -> None:
    with pooled.tenant(tenant_id_for(A)) as tx:
        assert tx.scalar(CODES) == A
    with pooled.system() as tx:
        assert tx.rows(CODES) == []
        assert tx.scalar("SELECT platform.current_tenant()") is None


def test_p60_an_emptied_tenant_setting_means_nobody_and_not_an_error(pooled: Database) -> None:
    with pooled.system() as tx:
        tx.execute("SELECT set_config('app.tenant', '', true)")
        assert tx.rows(CODES) == []


def test_p61_a_row_cannot_be_written_for_another_tenant(pooled: Database) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), pooled.tenant(tenant_id_for(A)) as tx:
        tx.execute("INSERT INTO platform.users (tenant_id, user_id, role) VALUES (:t, 'u', 'viewer')",
                   t=tenant_id_for(B))  # fmt: skip


def test_p61_a_row_cannot_be_moved_to_another_tenant(pooled: Database) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), pooled.tenant(tenant_id_for(A)) as tx:
        tx.execute("UPDATE platform.tenants SET tenant_id = :t", t=tenant_id_for("c-foods"))


def test_p60_the_registry_of_tenants_is_read_without_a_tenant_and_by_scheduled_work_only(
    fresh: ThrowawayDatabase,
) -> None:
    readers = {
        role for role in ("ops_ingest", "ops_normalize", "ops_forecast", "ops_notify", "ops_copilot")
        if _codes(Plant(fresh, A).db(role)) == [A, B]
    }  # fmt: skip
    assert readers == {"ops_ingest", "ops_forecast", "ops_notify"}  # ingest pulls on a schedule


def _codes(db: Database) -> list[str]:
    with db.system() as tx:
        return sorted(row["code"] for row in tx.rows(CODES))


def test_an_exception_rolls_everything_back(pooled: Database) -> None:
    def fails() -> None:
        with pooled.tenant(tenant_id_for(A)) as tx:
            tx.execute("UPDATE platform.tenants SET name = 'changed'")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with pooled.tenant(tenant_id_for(A)) as tx:
        assert tx.scalar("SELECT name FROM platform.tenants") == A


def test_copy_goes_in_and_out_and_keeps_what_text_means(pooled: Database) -> None:
    with pooled.tenant(tenant_id_for(A)) as tx:
        tx.script("CREATE TEMPORARY TABLE t (code text, qty numeric(18,6)) ON COMMIT DROP")
        assert tx.copy_in("COPY t FROM STDIN (FORMAT csv)", io.BytesIO(b'007,0.1\n"a,""b",0.2\n')) == 2
        out = io.BytesIO()
        tx.copy_out("COPY (SELECT sum(qty) FROM t) TO STDOUT", out)
        assert out.getvalue() == b"0.300000\n"
        assert tx.rows("SELECT code FROM t ORDER BY qty") == [{"code": "007"}, {"code": 'a,"b'}]


def test_p19_decimals_come_back_as_they_went_in(pooled: Database) -> None:
    with pooled.system() as tx:
        assert tx.scalar("SELECT CAST(:x AS numeric) + 0.2", x=Decimal("0.1")) == Decimal("0.3")


def test_a_tenant_that_was_never_created_is_said_so_and_how_to_make_it(pooled: Database) -> None:
    with pytest.raises(NotFound, match="ops tenants create"), pooled.tenant(tenant_id_for("ghost")) as tx:
        plant_settings(tx)


@pytest.mark.parametrize("zone", ["Europe/Copenhagen", "America/Los_Angeles", "Pacific/Auckland"])
def test_p05_python_and_the_loader_agree_on_the_production_day(pooled: Database, zone: str) -> None:
    """The upsert computes it in SQL for a million rows at once; every hour around both clock changes is compared."""
    start = time(6, 30)
    hours = [datetime(2025, month, day, tzinfo=UTC) + timedelta(hours=h)
             for month, day in ((3, 8), (3, 29), (4, 5), (9, 27), (10, 25), (11, 1)) for h in range(48)]  # fmt: skip
    with pooled.system() as tx:
        found = tx.rows(
            """SELECT ((t AT TIME ZONE :zone) - CAST(:start AS interval))::date AS day
               FROM unnest(CAST(:hours AS timestamptz[])) WITH ORDINALITY AS x (t, n) ORDER BY n""",
            zone=zone, start=start.isoformat(), hours=[hour.isoformat() for hour in hours],
        )  # fmt: skip
    assert [row["day"] for row in found] == [production_day(hour, zone, start) for hour in hours]
    assert production_day(datetime(2025, 3, 30, 6, 29, tzinfo=ZoneInfo(zone)), zone, start) == date(2025, 3, 29)
