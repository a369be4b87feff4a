"""From resolved rows to canonical rows: repeats, matches, history, changes. See catalogue/upsert.py for the rest.

What is written is decided first, in a narrow temporary table of the rows that exist already (`matched`): an empty
table needs no look at all, an unchanged row is never touched, and the old values are at hand for the history.
Every writer of an entity holds its advisory lock, so nothing comes in between. More settings of the transaction:

    ops.as_of       when the extract was made, or empty
    ops.not_after   rows of files loaded after this instant are not overwritten (a record that was kept, and is late)
"""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity
from opscopilot.catalogue.upsert import LoadPlan
from opscopilot.kernel.ids import uuid7

LINEAGE_COLUMNS = ("source_system", "source_id", "ingestion_job_id", "source_row")
JOB = "(SELECT current_setting('ops.job_id')::uuid)"
AS_OF = "(SELECT nullif(current_setting('ops.as_of', true), '')::timestamptz)"
NOT_AFTER = "(SELECT nullif(current_setting('ops.not_after', true), '')::timestamptz)"
GOOD = "cardinality(t.errors) = 0 AND t.nth = 1"
CHANGED = "m.changed AND NOT m.own AND NOT m.newer AND cardinality(t.errors) = 0"
_NULL_KEY = {"text": "''", "date": "'-infinity'::date", "uuid": "'00000000-0000-0000-0000-000000000000'::uuid"}


def matched(plan: LoadPlan) -> str:
    """The temporary table of resolved rows that exist already."""
    return f"matched_{plan.entity.table}"


def key_join(entity: Entity, left: str, right: str) -> str:
    """Equality on the business key; parts that may be empty compare equal when both are."""
    parts = []
    for column in entity.key_columns:
        ref = next((one for one in entity.refs if one.column == column), None)
        nullable = not ref.required if ref else not (
            entity.field(column).required or entity.field(column).default is not None
        )  # fmt: skip
        if not nullable:
            parts.append(f"{left}.{column} = {right}.{column}")
            continue
        blank = _NULL_KEY["uuid" if ref else "date" if entity.field(column).type.value.pg == "date" else "text"]
        parts.append(f"coalesce({left}.{column}, {blank}) = coalesce({right}.{column}, {blank})")
    return " AND ".join(parts)


def number_rows(plan: LoadPlan) -> str:
    """Every row is the first of its key until `mark_repeats` says otherwise (a constant default costs nothing)."""
    return f"ALTER TABLE {plan.resolved} ADD COLUMN nth integer NOT NULL DEFAULT 1, ADD COLUMN same boolean"


def find_repeats(plan: LoadPlan) -> str:
    """The keys that come more than once, as a temporary table; as a rule there are next to none."""
    key = ", ".join(plan.entity.key_columns)
    return (
        f"CREATE TEMPORARY TABLE repeated_{plan.entity.table} ON COMMIT DROP AS SELECT {key} FROM {plan.resolved} "
        f"WHERE cardinality(errors) = 0 GROUP BY {key} HAVING count(*) > 1"
    )


def mark_repeats(plan: LoadPlan) -> str:
    """Number the rows of a repeated key: the first is loaded, an equal one is a duplicate, another a conflict."""
    key = ", ".join(f"t.{one}" for one in plan.entity.key_columns)
    listed = [ref.column for ref in plan.entity.refs] + [one.name for one in plan.present] + ["source_id"]
    content = f"md5(ROW({', '.join(f't.{one}' for one in listed)})::text)"
    return (
        f"UPDATE {plan.resolved} u SET nth = n.nth, same = n.same FROM (\n"
        f"  SELECT t.record_no, row_number() OVER w AS nth, {content} = first_value({content}) OVER w AS same\n"
        f"  FROM {plan.resolved} t JOIN repeated_{plan.entity.table} r ON {key_join(plan.entity, 't', 'r')}\n"
        f"  WHERE cardinality(t.errors) = 0 WINDOW w AS (PARTITION BY {key} ORDER BY t.record_no)) n\n"
        f"WHERE n.record_no = u.record_no AND n.nth > 1"
    )


def match(plan: LoadPlan, *, late: bool = False) -> str:
    """Find the rows that exist already: `changed` by this file, written by this job (`own`), or `newer` than it.

    `late` records come after their time: any file loaded since then is newer.
    """
    compared = _compared(plan)
    old, new = ", ".join(f"e.{c}" for c in compared), ", ".join(_new(plan, c) for c in compared)
    changed = f"ROW({old}) IS DISTINCT FROM ROW({new})" if compared else "false"
    return (
        f"CREATE TEMPORARY TABLE {matched(plan)} ON COMMIT DROP AS\n"
        f"SELECT t.record_no, e.id, {changed} AS changed, e.ingestion_job_id = {JOB} AS own,\n"
        f"       {_newer(plan, late)} AS newer\n"
        f"FROM {plan.resolved} t JOIN {plan.entity.full_table} e ON {key_join(plan.entity, 'e', 't')}\nWHERE {GOOD}"
    )


def _newer(plan: LoadPlan, late: bool) -> str:
    """Whether the row is from a later extract. What has its time in its key is another row then (P-25)."""
    tests = [f"coalesce(e.source_as_of > {AS_OF}, false)"] if plan.entity.semantics == "upsert" else []
    if late:
        tests.append(
            f"(e.ingestion_job_id <> {JOB} AND EXISTS (SELECT 1 FROM staging.ingestion_jobs j "
            f"WHERE j.id = e.ingestion_job_id AND coalesce(j.completed_at, now()) > {NOT_AFTER}))"
        )
    return " OR ".join(tests) or "false"


def confirmed_later(plan: LoadPlan) -> str:
    """Rows that a later extract found as they are were not touched by it, and are newer all the same."""
    return _known(plan, "newer", f"as_of > {AS_OF} AND job_id <> {JOB}")


def seen_before(plan: LoadPlan) -> str:
    """Rows that an earlier part of this job found as they are belong to this job too."""
    return _known(plan, "own", f"job_id = {JOB}")


def _known(plan: LoadPlan, flag: str, where: str) -> str:
    # Unnested, so that the ids are hashed once; a comparison with arrays would go through them row by row.
    return (
        f"UPDATE {matched(plan)} SET {flag} = true WHERE changed AND NOT {flag} AND id IN (SELECT unnest(row_ids) "
        f"FROM staging.job_keys WHERE entity_type = '{plan.entity.name}' AND {where})"
    )


def remember(plan: LoadPlan) -> str:
    """Keep which rows this load saw and left as they are, in blocks of a few thousand ids."""
    return (
        f"INSERT INTO staging.job_keys (tenant_id, job_id, entity_type, as_of, row_ids)\n"
        f"SELECT platform.current_tenant(), {JOB}, '{plan.entity.name}', {AS_OF}, array_agg(id)\n"
        f"FROM {matched(plan)} WHERE NOT changed OR newer OR own GROUP BY record_no / 5000"
    )


def conflicts(plan: LoadPlan) -> str:
    """Records whose key an earlier part of the job gave with other values are repeats as well: the first one wins."""
    return (
        f"UPDATE {plan.resolved} t SET nth = 2, same = false FROM {matched(plan)} m "
        f"WHERE m.own AND m.changed AND m.record_no = t.record_no"
    )


def row_ids() -> str:
    """SQL over t for the ids of rows written now: UUIDv7 with one moment and chance for all, counted by record.

    As ordered and as unique as the column's default (loads of an entity queue up, records have numbers), and ten
    times faster: the default asks the operating system for chance once for every row.
    """
    return f"('{str(uuid7())[:28]}' || lpad(to_hex(t.record_no), 8, '0'))::uuid"


def insert(plan: LoadPlan, *, some_exist: bool) -> str:
    """Insert the rows that are not there yet."""
    entity = plan.entity
    columns = ["id", *_columns(plan), *LINEAGE_COLUMNS, "source_as_of"]
    values = ", ".join(
        ["(SELECT platform.current_tenant())", row_ids(), *(_first(plan, c, "t.{c}, t.{other}") for c in _columns(plan)),
         "(SELECT current_setting('ops.source_system'))", "t.source_id", JOB, "t.source_row", AS_OF]
    )  # fmt: skip
    unknown = f" AND NOT EXISTS (SELECT 1 FROM {matched(plan)} m WHERE m.record_no = t.record_no)" if some_exist else ""
    return (
        f"INSERT INTO {entity.full_table} (tenant_id, {', '.join(columns)})\nSELECT {values} FROM {plan.resolved} t\n"
        f"WHERE {GOOD}{unknown}"
    )


def update(plan: LoadPlan) -> str:
    """Bring the changed rows up to date, in the columns that the file carries."""
    sets = [f"{c} = {_new(plan, c)}" for c in _updatable(plan)]
    sets += ["source_system = current_setting('ops.source_system')", f"ingestion_job_id = {JOB}"]
    sets += ["source_row = t.source_row", f"source_as_of = coalesce({AS_OF}, e.source_as_of)"]
    if plan.has_source_id:
        sets.append("source_id = t.source_id")
    return (
        f"UPDATE {plan.entity.full_table} e SET {', '.join(sets)},\n"
        f"    updated_at = now(), row_version = e.row_version + 1\n"
        f"{of_changed(plan)} AND e.id = m.id"
    )


def of_changed(plan: LoadPlan) -> str:
    """FROM and WHERE over the rows that are about to change: m is the match, t the new values."""
    return f"FROM {matched(plan)} m JOIN {plan.resolved} t ON t.record_no = m.record_no\nWHERE {CHANGED}"


def pardon(plan: LoadPlan) -> str:
    """A record older than what is stored is not news: it breaks no rule, it is known already."""
    return (
        f"UPDATE {plan.resolved} t SET errors = '{{}}' FROM {matched(plan)} m "
        f"WHERE m.newer AND m.record_no = t.record_no AND cardinality(t.errors) > 0"
    )


def history(plan: LoadPlan) -> str:
    """Keep what the changed rows were, before they change."""
    pairs = " || ".join(
        f"CASE WHEN e.{c} IS DISTINCT FROM {_new(plan, c)} THEN ARRAY['{c}', e.{c}::text] ELSE '{{}}' END"
        for c in _compared(plan)
    )
    return (
        f"INSERT INTO manufacturing.row_history (tenant_id, id, entity_type, row_id, kind, old_values, old_job_id,\n"
        f"    old_source_row, old_version, new_job_id, new_source_row)\n"
        f"SELECT e.tenant_id, {row_ids()}, '{plan.entity.name}', e.id, 'updated', jsonb_object({pairs}), e.ingestion_job_id,\n"
        f"    e.source_row, e.row_version, {JOB}, t.source_row\n"
        f"FROM {matched(plan)} m JOIN {plan.resolved} t ON t.record_no = m.record_no\n"
        f"JOIN {plan.entity.full_table} e ON e.id = m.id WHERE {CHANGED}"
    )


def _derived(plan: LoadPlan) -> list[str]:
    return (["uom_factor"] if plan.entity.uom_sku else []) + (["production_day"] if plan.entity.event_time else [])


def _columns(plan: LoadPlan) -> list[str]:
    return [ref.column for ref in plan.entity.refs] + [one.name for one in plan.entity.stored] + _derived(plan)


def _new(plan: LoadPlan, column: str) -> str:
    """SQL for the value a changed row will have. What is kept from the first time only changes when a file says so."""
    return _first(plan, column, "t.{c}, e.{c}, e.{other}, t.{other}")


def _first(plan: LoadPlan, column: str, sides: str) -> str:
    other = plan.entity.field(column).first_of if plan.entity.has(column) else None
    return f"coalesce({sides.format(c=column, other=other)})" if other else f"t.{column}"


def _compared(plan: LoadPlan) -> list[str]:
    changing = _updatable(plan)
    return changing + (["source_id"] if plan.has_source_id and changing else [])


def _updatable(plan: LoadPlan) -> list[str]:
    """Columns a second load may change: what the file carries, and what follows from it."""
    carried = [ref.column for ref in plan.entity.refs if set(ref.fields) & plan.fields]
    inherited = [one.name for one in plan.entity.stored if one.inherit and one.name not in plan.fields]
    firsts = [one.name for one in plan.entity.stored if one.first_of in plan.fields and one.name not in plan.fields]
    found = carried + [one.name for one in plan.present] + firsts + inherited + _derived(plan)
    return [one for one in found if one not in plan.entity.key_columns]
