"""From a figure back to the line of the file it came from, and what it was before: the lineage of one row."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from opscopilot.catalogue.declaration import Entity, Registry
from opscopilot.catalogue.reading import View, view
from opscopilot.catalogue.types import Type
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.staging.lineage import Attempt, FileRow, Lineage, Reference, Step, ValueChange

MAX_STEPS = 200
MAX_ATTEMPTS = 20
_NEAR = 2_000


def lineage(tx: Tx, registry: Registry, name: str, key: str) -> Lineage:
    """The lineage of the row with that id or business key; NotFound with near matches otherwise."""
    entity = registry.get(name)
    if entity is None:
        raise NotFound(
            f"There is no kind of data called '{name}'.", field="entity", value=name,
            expected="one of: " + ", ".join(registry.names()),
        )  # fmt: skip
    made = view(entity, registry)
    row = _find(tx, made, key)
    written = _joined(row, entity) if row else key
    attempts = _attempts(tx, entity, written)
    if row is None and not attempts:
        raise _unknown(tx, made, key)
    if row is None:
        return Lineage(entity=name, title=entity.title, key=key, attempts=attempts)
    sources = _Sources(tx)
    return Lineage(
        entity=name, title=entity.title, key=written, id=row["id"], attempts=attempts,
        values={one.name: row[one.name] for one in entity.fields}, version=row["row_version"],
        created_at=row["created_at"], updated_at=row["updated_at"],
        source=sources.of(row["ingestion_job_id"], row["source_row"], row["source_id"], record=True),
        history=_history(tx, registry, entity, row["id"], sources),
        references=_references(tx, registry, entity, row["id"], sources),
    )  # fmt: skip


def _joined(row: Row, entity: Entity) -> str:
    return "/".join(_text(row[name]) for name in entity.key)


def _text(value: object) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date | datetime) else str(value)


def _find(tx: Tx, made: View, key: str) -> Row | None:
    """By id, by the parts of the key, or, where a code itself holds a slash, by the whole of it."""
    select = f"SELECT {made.selected} FROM {made.source} WHERE "
    try:
        found = tx.one(select + "t.id = CAST(:id AS uuid)", id=str(UUID(key)))
    except ValueError:
        found = None
    parts, names = key.split("/"), made.entity.key
    if found is None and len(parts) == len(names):
        tests, params = _equal(made, dict(zip(names, parts, strict=True)))
        found = tx.one(select + " AND ".join(tests), **params) if tests else None
    if found is None and len(parts) > len(names):
        whole = ", ".join(f"coalesce({made.columns[name]}::text, '')" for name in names)
        found = tx.one(f"{select}concat_ws('/', {whole}) = :key", key=key)
    return found


def _equal(made: View, wanted: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Conditions on the parts of a key; none at all when a part cannot be what its field holds."""
    tests, params = [], dict[str, str]()
    for number, (name, text) in enumerate(wanted.items()):
        column, kind = made.columns[name], made.entity.field(name).type
        if text == "":
            tests.append(f"{column} IS NULL")
            continue
        if not _fits(kind, text):
            return [], {}
        params[f"k{number}"] = text
        cast = "text" if kind.is_text else kind.value.pg
        tests.append(f"{column} = CAST(:k{number} AS {cast})")
    return tests, params


def _fits(kind: Type, text: str) -> bool:
    try:
        if kind is Type.DATE:
            date.fromisoformat(text)
        elif kind is Type.INSTANT:
            datetime.fromisoformat(text)
        elif kind is Type.TIME:
            time.fromisoformat(text)
        elif kind.is_number or kind is Type.INT:
            return Decimal(text).is_finite()
    except (ValueError, InvalidOperation):
        return False
    return True


def _unknown(tx: Tx, made: View, key: str) -> NotFound:
    """Not found, with the keys that look most like it and how one is written."""
    entity = made.entity
    whole = ", ".join(f"coalesce({made.columns[name]}::text, '')" for name in entity.key)
    start = key.split("/")[0][:3].replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    rows = tx.rows(
        f"SELECT concat_ws('/', {whole}) AS key FROM {made.source} "
        f"WHERE {made.columns[entity.key[0]]}::text ILIKE :start LIMIT {_NEAR}", start=f"%{start}%",
    )  # fmt: skip
    near = difflib.get_close_matches(key, [row["key"] for row in rows], n=5, cutoff=0.5)
    told = f" Near to it: {', '.join(near)}." if near else ""
    shape = "/".join("{" + name + "}" for name in entity.key)
    return NotFound(
        f"There is no {entity.title.lower()} record '{key}', and no file tried to bring one.{told}", field="key",
        value=key, expected=f"its id, or its key as {shape} (each part URL-encoded; an empty part stays empty)",
        errors=[{"near": one} for one in near],
    )  # fmt: skip


class _Sources:
    """Job and file of a row, each job looked up once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._jobs: dict[UUID, Row] = {}

    def of(
        self, job_id: UUID, source_row: int | None, source_id: str | None = None, *, record: bool = False
    ) -> FileRow:
        """Where a version of a row came from; `record` adds what the file said there, where it was kept."""
        if job_id not in self._jobs:
            self._jobs[job_id] = self._tx.one(
                """SELECT id, file_name, table_name, source_system, requested_by, completed_at, bucket, object_key
                   FROM staging.ingestion_jobs WHERE id = :id""", id=job_id,
            ) or {}  # fmt: skip
        job = self._jobs[job_id]
        kept = None
        if record and source_row is not None:
            kept = self._tx.scalar(
                """SELECT raw_data FROM staging.staging_data
                   WHERE job_id = :job AND (raw_data ->> 'source_row')::integer = :row LIMIT 1""",
                job=job_id, row=source_row,
            )  # fmt: skip
        return FileRow(
            job_id=job_id, file_name=job.get("file_name"), table_name=job.get("table_name"), source_row=source_row,
            source_system=job.get("source_system"), source_id=source_id, requested_by=job.get("requested_by"),
            loaded_at=job.get("completed_at"), object_key=job.get("object_key"), record=kept,
        )  # fmt: skip


def _history(tx: Tx, registry: Registry, entity: Entity, row_id: UUID, sources: _Sources) -> list[Step]:
    """What changed, newest first. Kept are old values only: what a field became is what it was at the next change."""
    rows = tx.rows(
        f"""SELECT * FROM manufacturing.row_history WHERE row_id = :id
            ORDER BY old_version DESC, changed_at DESC, id DESC LIMIT {MAX_STEPS}""", id=row_id,
    )  # fmt: skip
    columns = sorted({name for row in rows for name in row["old_values"]})
    if not rows or not columns:
        return []
    chosen = ", ".join(f"{name}::text AS {name}" for name in columns)
    later = tx.one(f"SELECT {chosen} FROM {entity.full_table} WHERE id = :id", id=row_id) or {}
    names = _Names(tx, registry, entity, [later, *(row["old_values"] for row in rows)])
    steps = []
    for row in rows:
        changed = []
        for name, was in sorted(row["old_values"].items()):
            label = names.label(name)
            changed.append(ValueChange(field=label, was=names.shown(name, was), became=names.shown(name, later[name])))
            later = {**later, name: was}
        steps.append(Step(
            at=row["changed_at"], kind=row["kind"], reason=row["reason"], changes=changed,
            before=sources.of(row["old_job_id"], row["old_source_row"]),
            after=sources.of(row["new_job_id"], row["new_source_row"]),
        ))  # fmt: skip
    return steps


class _Names:
    """Ids in history, as the keys of what they refer to."""

    def __init__(self, tx: Tx, registry: Registry, entity: Entity, versions: Iterable[dict[str, Any]]) -> None:
        versions = list(versions)
        self._refs = {ref.column: ref for ref in entity.refs}
        self._keys: dict[str, str] = {}
        for ref in entity.refs:
            ids = sorted({one[ref.column] for one in versions if one.get(ref.column)})
            if ids:
                self._keys |= _keys(tx, view(registry[ref.entity], registry), ids)

    def label(self, column: str) -> str:
        """The field a column is known by."""
        ref = self._refs.get(column)
        return ref.fields[-1] if ref else column

    def shown(self, column: str, value: str | None) -> str | None:
        """A value as people know it."""
        return self._keys.get(value, value) if value and column in self._refs else value


def _keys(tx: Tx, made: View, ids: list[str]) -> dict[str, str]:
    whole = ", ".join(f"coalesce({made.columns[name]}::text, '')" for name in made.entity.key)
    rows = tx.rows(
        f"SELECT t.id::text AS id, concat_ws('/', {whole}) AS key FROM {made.source} "
        f"WHERE t.id = ANY(CAST(:ids AS uuid[]))", ids=ids,
    )  # fmt: skip
    return {row["id"]: row["key"] for row in rows}


def _references(tx: Tx, registry: Registry, entity: Entity, row_id: UUID, sources: _Sources) -> list[Reference]:
    """What the row refers to, one level deep, each with its own source."""
    found = []
    for ref in entity.refs:
        made = view(registry[ref.entity], registry)
        whole = ", ".join(f"coalesce({made.columns[name]}::text, '')" for name in made.entity.key)
        row = tx.one(
            f"SELECT t.id, t.ingestion_job_id, t.source_row, t.source_id, concat_ws('/', {whole}) AS key "
            f"FROM {made.source} WHERE t.id = (SELECT {ref.column} FROM {entity.full_table} WHERE id = :id)", id=row_id,
        )  # fmt: skip
        if row is not None:
            source = sources.of(row["ingestion_job_id"], row["source_row"], row["source_id"])
            found.append(
                Reference(field=ref.fields[-1], entity=ref.entity, key=row["key"], id=row["id"], source=source)
            )
    return found


def _attempts(tx: Tx, entity: Entity, key: str) -> list[Attempt]:
    """Records of that key that were not loaded, or only later, latest first."""
    rows = tx.rows(
        f"""SELECT d.job_id, j.file_name, d.record_no, (d.raw_data ->> 'source_row')::integer AS source_row,
                   d.validation_status AS status, d.errors, d.raw_data, d.created_at, d.promoted_at
            FROM staging.staging_data d
            JOIN staging.ingestion_jobs j ON j.tenant_id = d.tenant_id AND j.id = d.job_id
            WHERE d.entity_type = :entity AND d.natural_key = :key
            ORDER BY d.created_at DESC, d.job_id, d.record_no LIMIT {MAX_ATTEMPTS}""", entity=entity.name, key=key,
    )  # fmt: skip
    return [Attempt.model_validate(row) for row in rows]
