"""Put a database of the tests back into the state it was copied in, which is ten times cheaper than a new copy.

What rows there were is kept beside the tables; afterwards every table that holds something is emptied and gets its
rows back, and what the planner learnt of them is forgotten. A database whose schema was changed is not put back: its owner drops it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pg8000.native

from local.postgres import ADMIN

_KEPT = "as_it_was"
# Tables that ever held a row since the copy: a file that was never written has no length.
_WRITTEN = """
SELECT c.oid::int8, c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$|as_it_was$)' AND pg_relation_size(c.oid) > 0
"""
_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = CAST(:table AS oid) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
_UNCOUNT = """
UPDATE pg_class c SET reltuples = k.reltuples, relpages = k.relpages FROM as_it_was.sizes k
WHERE k.oid = c.oid AND (k.reltuples, k.relpages) IS DISTINCT FROM (c.reltuples, c.relpages)
"""
_SEQUENCES = "SELECT seqrelid::regclass::text, pg_sequence_last_value(seqrelid) FROM pg_sequence ORDER BY 1"
_SCHEMA = (
    " UNION ALL ".join(
        f"SELECT '{table}', count(*), sum({number}) FROM {table}"
        for table, number in (
            ("pg_class", "oid::int8 + hashtext(concat(relacl, relowner, relrowsecurity, relforcerowsecurity))"),
            *((f"pg_{name}", "xmin::text::int8") for name in ("attribute", "constraint", "trigger", "policy", "proc")),
            ("pg_db_role_setting", "hashtext(setconfig::text)"),
        )
    )
    + " UNION ALL SELECT nspname, nspowner, hashtext(nspacl::text) FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1"
)


@dataclass(frozen=True)
class _Kept:
    """The rows a table had: a copy of them, and the columns that can be written."""

    copy: str
    columns: str


class Wiper:
    """What one database looked like, and the connection that puts it back."""

    def __init__(self, port: int, name: str) -> None:
        self._connection = pg8000.native.Connection(
            ADMIN, host="127.0.0.1", port=port, database=name, ssl_context=False
        )
        self._run("SET session_replication_role = replica")  # no foreign key is checked, no trigger fires
        self._run(f"CREATE SCHEMA {_KEPT}")
        self._kept: dict[str, _Kept] = {}
        for number, (oid, table) in enumerate(self._run(_WRITTEN)):
            copy = f"{_KEPT}.t{number}"
            ((columns,),) = self._run(_COLUMNS, table=oid)
            self._run(f"CREATE TABLE {copy} AS SELECT {columns} FROM {table}")
            self._kept[table] = _Kept(copy, columns)
        self._run(
            f"CREATE TABLE {_KEPT}.sizes AS SELECT oid, reltuples, relpages FROM pg_class WHERE relnamespace >= 2200 AND relnamespace <> 'information_schema'::regnamespace"
        )
        self._sequences = self._run(_SEQUENCES)
        self._schema = self._run(_SCHEMA)

    def wipe(self) -> bool:
        """Take away what was written and hang up on whoever is still connected; False when the schema was changed."""
        self._run(
            """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
        )
        if self._run(_SCHEMA) != self._schema:
            return False
        self._run("BEGIN")
        for _, table in self._run(_WRITTEN):
            self._run(f"DELETE FROM ONLY {table}")
            if (kept := self._kept.get(table)) is not None:
                self._run(
                    f"INSERT INTO {table} ({kept.columns}) OVERRIDING SYSTEM VALUE SELECT {kept.columns} FROM {kept.copy}"
                )
        for sequence, last in self._moved():
            again = "RESTART" if last is None else f"RESTART WITH {last + 1}"
            self._run(f"ALTER SEQUENCE {sequence} {again}")
        self._run(_UNCOUNT)
        self._run("DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM as_it_was.sizes)")
        self._run("COMMIT")
        return True

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _moved(self) -> list[Any]:
        now = self._run(_SEQUENCES)
        return [before for before, after in zip(self._sequences, now, strict=True) if before != after]

    def _run(self, sql: str, **values: Any) -> list[Any]:
        found: list[Any] = self._connection.run(sql, **values)
        return found
