"""Reading any entity: its columns with references spelled out as business keys, filters, search, keyset pages.

SQL is made of names from the declarations only; everything a caller gives travels as a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from opscopilot.catalogue.conditions import Condition, conditions
from opscopilot.catalogue.declaration import Entity, Registry
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.kernel.pagination import Page, decode_cursor, encode_cursor

LINEAGE = ("source_system", "source_id", "ingestion_job_id", "source_row")
_AUDIT = ("created_at", "updated_at", "row_version")


@dataclass
class View:
    """An entity as a SELECT: `columns` maps each field to its SQL, `joins` reach what references point to."""

    entity: Entity
    columns: dict[str, str] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The FROM clause."""
        return " ".join([f"{self.entity.full_table} t", *self.joins.values()])

    @property
    def selected(self) -> str:
        """The select list: id, fields, what is derived, lineage and audit."""
        extra = [*LINEAGE, *_AUDIT]
        if self.entity.event_time:
            extra.insert(0, "production_day")
        named = [f"{sql} AS {name}" for name, sql in self.columns.items()]
        return ", ".join(["t.id", *named, *(f"t.{name}" for name in extra)])


def view(entity: Entity, registry: Registry) -> View:
    """The view of `entity`."""
    made = View(entity)
    for one in entity.fields:
        made.columns[one.name] = _sql(made, entity, "t", one.name, registry)
    return made


def _sql(made: View, entity: Entity, alias: str, name: str, registry: Registry) -> str:
    """The SQL of a field: its own column, or the key of the row a reference points to, however deep."""
    ref = next((one for one in entity.refs if name in one.fields), None)
    if ref is None:
        return f"{alias}.{name}"
    target, inner = registry[ref.entity], f"{alias}_{ref.column}"
    made.joins.setdefault(
        inner,
        f"LEFT JOIN {target.full_table} {inner} ON {inner}.tenant_id = {alias}.tenant_id "
        f"AND {inner}.id = {alias}.{ref.column}",
    )
    return _sql(made, target, inner, target.key[ref.fields.index(name)], registry)


@dataclass(frozen=True)
class Query:
    """What to list. `filters` are raw texts: `{"type": ["raw", "packaging"], "order_date.from": ["2025-01-01"]}`."""

    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    q: str | None = None
    sort: str | None = None
    cursor: str | None = None
    limit: int = 50
    extra: tuple[Condition, ...] = ()


def list_rows(tx: Tx, entity: Entity, registry: Registry, query: Query) -> Page[Row]:
    """One page of rows; ValidationFailed for a filter, sort or cursor that does not fit."""
    made = view(entity, registry)
    where = [*conditions(entity, made.columns, query.filters), *_search(made, query.q), *query.extra]
    params = {name: value for one in where for name, value in one.params.items()}
    found = " AND ".join(["true", *(one.sql for one in where)])
    total = int(tx.scalar(f"SELECT count(*) FROM {made.source} WHERE {found}", **params))
    order, descending = _order(made, query.sort)
    after, position = _after(made, order, descending, query)
    direction = "DESC" if descending else "ASC"
    rows = tx.rows(
        f"SELECT {made.selected}, {order} AS sort_key_ FROM {made.source} WHERE {found} AND {after} "
        f"ORDER BY {order} {direction} NULLS LAST, t.id {direction} LIMIT :limit_",
        **params, **position, limit_=query.limit + 1,
    )  # fmt: skip
    page = rows[: query.limit]
    more = None
    if len(rows) > query.limit:
        more = encode_cursor([query.sort, _text(page[-1]["sort_key_"]), str(page[-1]["id"])])
    for row in page:
        del row["sort_key_"]
    return Page[Row](items=page, next_cursor=more, total=total)


def read_row(tx: Tx, entity: Entity, registry: Registry, key: str) -> Row:
    """The row with that id or, where the business key is one field, that code; NotFound otherwise."""
    made = view(entity, registry)
    tests, params = [], {"key": key}
    if len(entity.key) == 1:
        tests.append(f"{made.columns[entity.key[0]]} = :key")
    if (parsed := _uuid(key)) is not None:
        tests.append("t.id = CAST(:id AS uuid)")
        params["id"] = str(parsed)
    row = None
    if tests:
        row = tx.one(f"SELECT {made.selected} FROM {made.source} WHERE {' OR '.join(tests)}", **params)
    if row is None:
        wanted = f"an id or a {entity.key[0]}" if len(entity.key) == 1 else "an id (the key has several parts)"
        raise NotFound(f"There is no {entity.title.lower()} record '{key}'.", field="key", value=key, expected=wanted)
    return row


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _search(made: View, q: str | None) -> list[Condition]:
    """Every word of `q` must occur in one of the entity's search fields."""
    if q is None or not q.strip():
        return []
    if not made.entity.search:
        raise ValidationFailed(
            f"{made.entity.title} cannot be searched by words.", field="q", value=q,
            expected="a filter on one of: " + ", ".join(made.columns),
        )  # fmt: skip
    found = []
    for number, word in enumerate(q.split()[:8]):
        name = f"q{number}_"
        escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        tests = " OR ".join(f"{made.columns[one]} ILIKE :{name}" for one in made.entity.search)
        found.append(Condition(f"({tests})", {name: f"%{escaped}%"}))
    return found


def _order(made: View, sort: str | None) -> tuple[str, bool]:
    """The SQL to sort by and whether downwards. Without a wish: by business key, else in order of arrival."""
    if sort is None:
        first = made.entity.key[0]
        return (made.columns[first], False) if made.columns[first].startswith("t.") else ("t.id", False)
    name = sort.removeprefix("-")
    if name not in made.columns:
        raise ValidationFailed(
            f"{made.entity.title} cannot be sorted by '{name}'.", field="sort", value=sort,
            expected="one of: " + ", ".join(made.columns) + "; with '-' in front for downwards",
        )  # fmt: skip
    return made.columns[name], sort.startswith("-")


def _after(made: View, order: str, descending: bool, query: Query) -> tuple[str, dict[str, Any]]:
    """The condition 'comes after the cursor'. Rows without a sort value come last, in both directions."""
    if query.cursor is None:
        return "true", {}
    sort, value, last = decode_cursor(query.cursor, 3)
    if sort != query.sort or _uuid(str(last)) is None:
        raise ValidationFailed(
            "The cursor belongs to a list in another order.", field="cursor", value=query.cursor,
            expected="the same `sort` as on the page before",
        )  # fmt: skip
    sign = "<" if descending else ">"
    if value is None:
        return f"({order} IS NULL AND t.id {sign} CAST(:last_ AS uuid))", {"last_": last}
    kind = "uuid" if order == "t.id" else _pg(made, order)
    here = f"CAST(:at_ AS {kind})"
    return (
        f"({order} {sign} {here} OR ({order} = {here} AND t.id {sign} CAST(:last_ AS uuid)) OR {order} IS NULL)",
        {"at_": str(value), "last_": last},
    )


def _pg(made: View, order: str) -> str:
    """The Postgres type to compare in; unit and currency codes compare as text."""
    name = next(one for one, sql in made.columns.items() if sql == order)
    kind = made.entity.field(name).type
    return "text" if kind.is_text else kind.value.pg
