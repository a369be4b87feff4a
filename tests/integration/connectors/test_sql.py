"""The SQL connector on a real PostgreSQL and a real SQLite file, whose rows change while they are read."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pg8000.dbapi
import pytest

from local.testing import ThrowawayDatabase, database
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging.connectors.base import Around, BaseConnector, Batch, ConnectorFactory, ConnectorFailed
from opscopilot.staging.connectors.http import HttpClient
from opscopilot.staging.connectors.sql_reading import check_select

ROWS = 23


@pytest.fixture(scope="module")
def server() -> Iterator[ThrowawayDatabase]:
    """A database of nobody's."""
    with database(migration=None) as fresh:
        yield fresh


@pytest.fixture
def erp(server: ThrowawayDatabase) -> Iterator[pg8000.dbapi.Connection]:
    """A table of orders that share their moments; a connection that may change it."""
    with server.connect("ops_migrate") as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS orders")
        cursor.execute("CREATE TABLE orders (id integer PRIMARY KEY, qty numeric, changed timestamp, due date, "
                       "open boolean, note text, at timestamptz)")  # fmt: skip
        cursor.execute(
            "INSERT INTO orders SELECT n, n + 0.10, timestamp '2026-09-01' + (n / 5) * interval '1 hour', "
            "date '2026-09-30', n % 2 = 0, NULL, timestamptz '2026-09-01 10:00:00.25+00' "
            f"FROM generate_series(1, {ROWS}) n"
        )
        yield connection


Make = Callable[..., BaseConnector]


@pytest.fixture
def connector(server: ThrowawayDatabase, tmp_path: Path) -> Iterator[Make]:
    """Make an SQL connector; keywords are of its stream, `config` of the whole."""
    made: list[BaseConnector] = []

    def make(config: dict[str, Any] | None = None, local: bool = True, password: str = "x", **stream: Any) -> Any:
        guard = AddressGuard(local=local)
        address = f"postgresql+pg8000://ops_migrate@127.0.0.1:{server.port}/{server.name}"
        one = {"name": "orders", "table": "orders", "key": ["id"], "watermark": "changed", "batch_rows": 4, **stream}
        whole = {"url": address, "tls": False, "time_zone": "Europe/Copenhagen", "streams": [one], **(config or {})}
        found = ConnectorFactory.create_connector(
            "sql", whole, {"password": password}, Around(HttpClient(guard), guard, tmp_path)
        )
        made.append(found)
        return found

    yield make
    for one in made:
        one.close()
        one.around.http.close()


def pages(connector: BaseConnector, watermark: str | None = None, resume: Any = None) -> Iterator[Batch]:
    (stream,) = connector.streams()
    for batch in connector.fetch_data(stream, watermark, resume):
        assert isinstance(batch, Batch)
        yield batch


def ids(batches: list[Batch]) -> list[int]:
    return [int(record["id"]) for batch in batches for record in batch.records]


def test_values_come_as_exact_text(erp: Any, connector: Make) -> None:
    first = next(pages(connector())).records[0]
    assert first == {
        "id": "1", "qty": "1.10", "changed": "2026-09-01T00:00:00+02:00", "due": "2026-09-30", "open": False,
        "note": None, "at": "2026-09-01T10:00:00.250000+00:00",
    }  # fmt: skip


def test_every_row_once_in_pages_and_nothing_but_the_edge_again(erp: Any, connector: Make) -> None:
    found = list(pages(connector()))
    assert sorted(ids(found)) == list(range(1, ROWS + 1))
    assert [len(batch.records) for batch in found] == [4, 4, 4, 4, 4, 3]
    assert found[-1].watermark == "2026-09-01T04:00:00"
    again = list(pages(connector(), found[-1].watermark))
    assert ids(again) == [20, 21, 22, 23]  # the last moment is read again: a row of it may have come later
    erp.cursor().execute("INSERT INTO orders (id, changed) VALUES (0, '2026-09-01 04:00')")
    assert ids(list(pages(connector(), found[-1].watermark))) == [0, 20, 21, 22, 23]


def test_rows_that_change_while_we_read_are_neither_lost_nor_left_old(erp: Any, connector: Make) -> None:
    seen: dict[int, str] = {}
    for number, batch in enumerate(pages(connector())):
        seen.update({int(one["id"]): one["qty"] for one in batch.records})
        if number == 1:  # one behind us, one just read, one ahead of us; one deleted ahead, one new
            erp.cursor().execute("UPDATE orders SET qty = 900, changed = '2026-09-02' WHERE id IN (1, 8, 20)")
            erp.cursor().execute("DELETE FROM orders WHERE id = 9")
            erp.cursor().execute("INSERT INTO orders (id, qty, changed) VALUES (99, 900, '2026-09-02')")
    assert {one for one, qty in seen.items() if qty == "900"} == {1, 8, 20, 99}
    assert sorted(seen) == [*range(1, 9), *range(10, ROWS + 1), 99]


def test_a_broken_pull_goes_on_behind_the_last_page(erp: Any, connector: Make) -> None:
    part = [batch for batch, _ in zip(pages(connector()), range(2), strict=False)]
    rest = list(pages(connector(), None, part[-1].resume))
    assert sorted(ids(part) + ids(rest)) == list(range(1, ROWS + 1))


def test_rows_without_a_moment_come_first_and_say_so(erp: Any, connector: Make) -> None:
    erp.cursor().execute("UPDATE orders SET changed = NULL WHERE id IN (3, 4, 5, 6, 7)")
    found = list(pages(connector()))
    assert sorted(ids(found)) == list(range(1, ROWS + 1))
    assert ids(found)[:5] == [3, 4, 5, 6, 7]
    assert "not noticed" in found[0].warnings[0]
    rest = list(pages(connector(), None, found[0].resume))
    assert sorted(ids(found[:1]) + ids(rest)) == list(range(1, ROWS + 1))


def test_late_commits_are_met_by_the_overlap(erp: Any, connector: Make) -> None:
    mark = list(pages(connector()))[-1].watermark
    erp.cursor().execute("INSERT INTO orders (id, changed) VALUES (77, '2026-09-01 03:59:30')")
    assert 77 not in ids(list(pages(connector(), mark)))
    assert 77 in ids(list(pages(connector({"overlap_s": 60}), mark)))


def test_a_query_is_paged_like_a_table_and_by_several_keys(erp: Any, connector: Make) -> None:
    query = "SELECT id % 3 AS part, id, '12:30 100%' AS label, changed::text AS t FROM orders WHERE id <> 5;"
    found = list(pages(connector(table=None, query=query, key=["part", "id"], watermark=None)))
    assert sorted(ids(found)) == [one for one in range(1, ROWS + 1) if one != 5]
    assert found[0].records[0]["label"] == "12:30 100%"
    assert [int(one["part"]) for batch in found for one in batch.records] == sorted(one % 3 for one in ids(found))
    assert found[0].watermark is None


def test_writing_is_impossible_even_where_the_words_were_missed(erp: Any, connector: Make) -> None:
    erp.cursor().execute("CREATE OR REPLACE FUNCTION sneak() RETURNS integer LANGUAGE sql AS "
                         "'UPDATE orders SET qty = 0; SELECT 1'")  # fmt: skip
    with pytest.raises(ConnectorFailed) as caught:
        list(pages(connector(table=None, query="SELECT sneak() AS id", watermark=None)))
    assert caught.value.code == "forbidden"
    assert "read-only" in caught.value.message


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM orders", "SELECT 1; DROP TABLE orders", "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
        "SELECT * INTO copy FROM orders", "SELECT pg_sleep(100)", "SELECT 1 /* open", "SELECT 'a", "EXEC xp_cmdshell 'x'",
        "SELECT pg_read_file('/etc/passwd')", "SELECT * FROM orders FOR UPDATE", "VALUES (1)", "",
        "SELECT 1 -- x\n; DELETE FROM orders",
    ],
)  # fmt: skip
def test_anything_but_a_single_select_is_refused(query: str, connector: Make) -> None:
    with pytest.raises(ValidationFailed) as caught:
        connector(table=None, query=query)
    assert caught.value.field == "config.streams.0.query"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ';' AS a, \"delete\" FROM t -- drop table\n;", "with a as (select 1) select * from a",
        "(SELECT 1 AS id) UNION ALL (SELECT 2)", "SELECT replace(a, 'insert', '') AS updated_at FROM [drop]",
        "SELECT $$delete$$ AS x /* update */",
    ],
)  # fmt: skip
def test_words_in_quotes_and_comments_are_no_words(query: str) -> None:
    assert check_select(query) == query.rstrip(";")


def test_bytes_twins_and_wrong_columns_are_named(erp: Any, connector: Make) -> None:
    for query, code, word in (
        ("SELECT 1 AS id, 'x'::bytea AS photo", "binary_column", "photo"),
        ("SELECT 1 AS id, 2 AS a, 3 AS a", "wrong_columns", "two columns named a"),
        ("SELECT NULL::integer AS id", "empty_key", "id"),
        ("SELECT nowhere AS id FROM orders", "sql_failed", "nowhere"),
    ):
        with pytest.raises(ConnectorFailed, match=word) as caught:
            list(pages(connector(table=None, query=query, watermark=None)))
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"url": "postgresql+pg8000://reader:geheim@db/erp"}, "secret"), ({"url": "::"}, "database address"),
        ({"time_zone": "Mars/Base"}, "IANA zone"),
    ],
)  # fmt: skip
def test_configs_that_cannot_work_are_refused_and_no_secret_is_repeated(
    connector: Make, config: dict[str, Any], word: str
) -> None:
    with pytest.raises(ValidationFailed, match=word) as caught:
        connector(config)
    assert "geheim" not in str(caught.value.detail)


def test_an_address_inside_our_network_is_not_called(connector: Make) -> None:
    for url in ("postgresql+pg8000://u@127.0.0.1:5432/x", "postgresql+pg8000://u@169.254.169.254:80/x"):
        with pytest.raises(ConnectorFailed) as caught:
            list(pages(connector({"url": url}, local=False)))
        assert caught.value.code == "address_refused"


def test_a_driver_that_is_not_here_is_named_with_its_address(connector: Make) -> None:
    with pytest.raises(ConnectorFailed, match="pymysql") as caught:
        list(pages(connector({"url": "mysql+pymysql://u@127.0.0.1/x"})))
    assert "mysql+pymysql://user@host:3306/database" in caught.value.message
    with pytest.raises(ConnectorFailed, match="this machine only"):
        list(pages(connector({"url": "sqlite:///x.db"}, local=False)))


def test_a_server_that_is_away_can_be_tried_again(connector: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectorFailed) as caught:
        list(pages(connector({"url": f"postgresql+pg8000://u@127.0.0.1:{port}/x"})))
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)


def test_sqlite_files_are_read_and_cannot_be_written(connector: Make, tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with sqlite3.connect(path) as plant:
        plant.execute("CREATE TABLE t (Id INTEGER PRIMARY KEY, Changed TEXT, Q REAL)")
        plant.executemany("INSERT INTO t VALUES (?, ?, ?)", [(n, f"2026-09-0{n} 10:00", n / 10) for n in range(1, 10)])
    plant.close()
    here = {"config": {"url": f"sqlite:///{path}"}, "table": "t", "key": ["Id"], "watermark": "Changed"}
    found = list(pages(connector(**here)))
    assert [one["Id"] for batch in found for one in batch.records] == [str(n) for n in range(1, 10)]
    assert (found[0].records[2]["Q"], found[-1].watermark) == ("0.3", "2026-09-09 10:00")
    assert [len(one.records) for one in pages(connector(**here), "2026-09-08 10:00")] == [2]


def test_a_server_without_tls_is_not_spoken_to_in_the_clear(erp: Any, connector: Make) -> None:
    with pytest.raises(ConnectorFailed) as caught:
        list(pages(connector({"tls": True})))
    assert caught.value.code == "sql_failed"
    assert "SSL" in caught.value.message
    guard = AddressGuard(local=False, resolver=lambda _host, _port: ["93.184.216.34"])
    made = connector({"url": "postgresql+pg8000://u@db.example.com:5432/x"})
    made.around.guard = guard
    with pytest.raises(ConnectorFailed) as caught:
        list(pages(made))
    assert caught.value.code == "tls_required"
