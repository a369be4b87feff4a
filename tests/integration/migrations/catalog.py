"""What Postgres itself says about the product's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from opscopilot.kernel.ids import tenant_id_for

Query = Callable[..., list[dict[str, Any]]]
MINE, THEIRS = tenant_id_for("mine"), tenant_id_for("theirs")
SCHEMAS = (
    "platform", "staging", "manufacturing", "forecast", "notification", "copilot", "plantops", "fsq", "planning",
    "brand", "retail",
)  # fmt: skip
ROLES = ("ops_ingest", "ops_normalize", "ops_forecast", "ops_notify", "ops_copilot")
_VALUES = {
    "text": "gen_random_uuid()::text", "character varying": "'x'", "character": "'x'", "boolean": "true",
    "integer": "1", "smallint": "1", "bigint": "1", "numeric": "1", "double precision": "1", "jsonb": "'{}'",
    "date": "'2026-01-01'", "timestamp with time zone": "now()", "time without time zone": "'06:00'",
    "uuid": "gen_random_uuid()", "interval": "'1 hour'",
}  # fmt: skip


def only_rights(error: Exception) -> None:
    """Let pass a refusal for want of rights (a grant or a policy); anything else is a mistake of the test."""
    if error.args[0]["C"] != "42501":
        raise error


@dataclass(frozen=True)
class Table:
    """A table: its schema, its qualified name, and the columns a row must give."""

    schema: str
    name: str
    required: tuple[tuple[str, str], ...]

    def insert(self, tenant: str) -> str:
        """A row of that tenant with some value in every column that needs one."""
        values = [f"'{tenant}'" if column == "tenant_id" else _value(kind) for column, kind in self.required]
        return f"INSERT INTO {self.name} ({', '.join(c for c, _ in self.required)}) VALUES ({', '.join(values)})"

    def obstacles(self, connection: Any) -> Iterator[tuple[str, str]]:
        """Checks, foreign keys and triggers of the table."""
        for (name,) in connection.run(
            """SELECT quote_ident(conname) FROM pg_constraint
               WHERE conrelid = CAST(:t AS regclass) AND contype IN ('c', 'f')""",
            t=self.name,
        ):
            yield "constraint", name
        for (name,) in connection.run(
            "SELECT quote_ident(tgname) FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND NOT tgisinternal",
            t=self.name,
        ):
            yield "trigger", name


def _value(kind: str) -> str:
    return "'{}'" if kind.endswith("[]") else _VALUES[kind.split("(")[0]]


def product_tables(connection: Any) -> list[Table]:
    """Every table in a schema of the product."""
    found = connection.run(
        """SELECT n.nspname, format('%I.%I', n.nspname, c.relname), a.attname, format_type(a.atttypid, a.atttypmod)
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(:schemas)
             AND (a.attnotnull AND NOT a.atthasdef OR a.attname = 'tenant_id') ORDER BY 1, 2, a.attnum""",
        schemas=list(SCHEMAS),
    )
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, kind in found:
        columns.setdefault((schema, table), []).append((column, kind))
    return [Table(schema, name, tuple(required)) for (schema, name), required in columns.items()]
