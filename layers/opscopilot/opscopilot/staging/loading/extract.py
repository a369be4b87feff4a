"""A full extract holds everything there is: rows of the same source that it lacks are deactivated, never deleted (P-32).

Masters become inactive, documents that are still open cancelled; both may come back with a later file. Nothing goes
when a file lacks so much that it is rather cut short than right, or holds records that nobody could read.
"""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Registry
from opscopilot.catalogue.reading import view
from opscopilot.catalogue.upsert import LoadPlan
from opscopilot.catalogue.writing import JOB, matched
from opscopilot.kernel.db import Tx
from opscopilot.staging.jobs import LogEntry
from opscopilot.staging.loading.model import StagedFile

REASON = "missing_in_full_extract"
SUSPICIOUS_SHARE, SUSPICIOUS_FROM = 0.3, 20
OVER = ("completed", "closed", "received", "cancelled")
"""A document that ended is not cancelled because an extract of open ones lacks it."""


def switch(entity: Entity) -> tuple[str, str, str] | None:
    """How a row of the entity is put out of use: column, value, and which rows are in use (SQL over t)."""
    if entity.has("is_active"):
        return "is_active", "false", "t.is_active"
    if entity.has("status") and "cancelled" in entity.field("status").enum:
        over = ", ".join(f"'{one}'" for one in OVER)
        return "status", "'cancelled'", f"t.status NOT IN ({over})"
    return None


def deactivate(tx: Tx, registry: Registry, staged: StagedFile, plan: LoadPlan) -> tuple[int, list[LogEntry]]:
    """Deactivate what the extract lacks: how many rows, and what the job's log should say."""
    entity, how = plan.entity, switch(plan.entity)
    if how is None:
        return 0, [LogEntry("info", "full_extract_unused", f"{entity.title} have no state that means 'gone'; rows that "
                            "the extract lacks stay as they are.")]  # fmt: skip
    if unread := _unread(tx, staged, plan):
        return 0, [LogEntry("warning", "full_extract_unread", f"{unread:,} records could not be told apart, so nobody "
                            f"knows what the extract lacks; no {entity.title} were deactivated.")]  # fmt: skip
    column, off, in_use = how
    made = view(entity, registry)
    _gather(tx, plan)
    tx.script(
        f"CREATE TEMPORARY TABLE gone_{entity.table} ON COMMIT DROP AS\n"
        f"SELECT t.id, t.ingestion_job_id IS DISTINCT FROM {JOB} AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.id = t.id)"
        f" AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.key = {_key(made.columns, plan)}) AS gone\n"
        f"FROM {made.source} WHERE t.source_system = current_setting('ops.source_system') AND {in_use}"
    )
    found = tx.one(f"SELECT count(*) AS n, count(*) FILTER (WHERE gone) AS gone FROM gone_{entity.table}") or {}
    gone = found["gone"]
    if gone > SUSPICIOUS_FROM and gone > SUSPICIOUS_SHARE * found["n"]:
        return 0, [LogEntry("warning", "full_extract_suspicious", f"The extract lacks {gone:,} of {found['n']:,} "
                            f"{entity.title} in use; that looks cut short, so none were deactivated.")]  # fmt: skip
    if not gone:
        return 0, []
    _switch_off(tx, entity, column, off)
    return gone, [LogEntry("info", REASON, f"{gone:,} {entity.title} that the extract lacks were deactivated.")]


def _gather(tx: Tx, plan: LoadPlan) -> None:
    """Gather what the job saw: rows it left as they are, and the keys of records it could not load."""
    tx.script("DROP TABLE IF EXISTS seen, refused")
    tx.script(
        f"CREATE TEMPORARY TABLE seen ON COMMIT DROP AS SELECT unnest(row_ids) AS id FROM staging.job_keys "
        f"WHERE job_id = {JOB} AND entity_type = '{plan.entity.name}'"
    )
    # A line's key begins with its header's; a code may hold a slash, so every beginning counts.
    beginnings = "array_to_string(a[1:n], '/') AS key FROM (SELECT string_to_array(natural_key, '/') AS a"
    tx.script(
        f"CREATE TEMPORARY TABLE refused ON COMMIT DROP AS SELECT DISTINCT {beginnings} FROM staging.staging_data "
        f"WHERE job_id = {JOB} AND validation_status IN ('invalid', 'pending')) k, generate_series(1, cardinality(a)) n"
    )
    tx.script("ANALYZE seen")


def _key(columns: dict[str, str], plan: LoadPlan) -> str:
    given = [f"coalesce({columns[name]}::text, '')" for name in plan.entity.key if name in plan.fields]
    return f"concat_ws('/', {', '.join(given)})"


def _unread(tx: Tx, staged: StagedFile, plan: LoadPlan) -> int:
    """Kept records without a key that can be compared."""
    foreign = "true" if set(plan.entity.key) & set(staged.by_source_id) else "coalesce(natural_key, '') = ''"
    return int(
        tx.scalar(
            f"""SELECT count(*) FROM staging.staging_data WHERE job_id = :job
                    AND validation_status IN ('invalid', 'pending') AND {foreign}""", job=staged.job_id,
        )
    )  # fmt: skip


def _switch_off(tx: Tx, entity: Entity, column: str, off: str) -> None:
    tx.script(
        f"INSERT INTO manufacturing.row_history (tenant_id, entity_type, row_id, kind, reason, old_values, old_job_id, "
        f"old_source_row, old_version, new_job_id)\n"
        f"SELECT e.tenant_id, '{entity.name}', e.id, 'deactivated', '{REASON}', "
        f"jsonb_build_object('{column}', e.{column}::text), e.ingestion_job_id, e.source_row, e.row_version, {JOB}\n"
        f"FROM {entity.full_table} e JOIN gone_{entity.table} g ON g.id = e.id WHERE g.gone"
    )
    tx.script(
        f"UPDATE {entity.full_table} e SET {column} = {off}, updated_at = now(), row_version = e.row_version + 1 "
        f"FROM gone_{entity.table} g WHERE g.gone AND g.id = e.id"
    )


def bring_back(tx: Tx, plan: LoadPlan) -> int:
    """Rows that an earlier extract lacked and this one holds are as they were; a file with the column says so itself.

    How many, beyond those that the file changes anyway.
    """
    entity, how = plan.entity, switch(plan.entity)
    if how is None or how[0] in plan.fields:
        return 0
    column, off, _ = how
    kind = entity.field(column).type.value.pg
    tx.script(
        f"CREATE TEMPORARY TABLE back_{entity.table} ON COMMIT DROP AS "
        f"SELECT DISTINCT ON (e.id) e.id, h.reason, h.old_values ->> '{column}' AS was FROM {matched(plan)} m "
        f"JOIN {entity.full_table} e ON e.id = m.id JOIN manufacturing.row_history h ON h.row_id = e.id "
        f"WHERE e.{column} = {off} AND h.old_values ? '{column}' ORDER BY e.id, h.changed_at DESC, h.id DESC"
    )
    tx.script(
        f"INSERT INTO manufacturing.row_history (tenant_id, entity_type, row_id, kind, reason, old_values, old_job_id, "
        f"old_source_row, old_version, new_job_id)\n"
        f"SELECT e.tenant_id, '{entity.name}', e.id, 'updated', 'back_in_full_extract', "
        f"jsonb_build_object('{column}', e.{column}::text), e.ingestion_job_id, e.source_row, e.row_version, {JOB}\n"
        f"FROM {entity.full_table} e JOIN back_{entity.table} b ON b.id = e.id WHERE b.reason = '{REASON}'"
    )
    tx.script(
        f"UPDATE {entity.full_table} e SET {column} = CAST(b.was AS {kind}), updated_at = now(), "
        f"row_version = e.row_version + 1 FROM back_{entity.table} b WHERE b.id = e.id AND b.reason = '{REASON}'"
    )
    return int(
        tx.scalar(
            f"SELECT count(*) FROM back_{entity.table} b JOIN {matched(plan)} m ON m.id = b.id "
            f"WHERE b.reason = '{REASON}' AND NOT (m.changed AND NOT m.own AND NOT m.newer)"
        )
    )
