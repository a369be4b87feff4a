"""Records that were not loaded are kept: what is wrong with them, and what they wait for."""

from __future__ import annotations

from opscopilot.catalogue import upsert
from opscopilot.catalogue.upsert import LoadPlan
from opscopilot.catalogue.writing import JOB
from opscopilot.kernel.db import Tx


def explain_missing_parents(tx: Tx, plan: LoadPlan, parent: LoadPlan) -> None:
    """A line whose header was refused says why the header was, not just that it is missing; it waits for both."""
    key = " AND ".join(
        f"coalesce(s.{name}, '') = coalesce(p.{name}, '')" for name in parent.entity.key if name in plan.fields
    )
    if tx.scalar(f"SELECT EXISTS (SELECT 1 FROM {parent.resolved} WHERE cardinality(errors) > 0)"):
        tx.script(
            f"UPDATE {plan.resolved} t SET errors = h.errors || t.errors FROM {parent.resolved} h "
            f"JOIN staged p ON p.record_no = h.record_no JOIN staged s ON {key} "
            f"WHERE cardinality(h.errors) > 0 AND cardinality(t.errors) > 0 AND s.record_no = t.record_no"
        )


def keep(tx: Tx, plan: LoadPlan, *, conflicts: bool) -> int:
    """Keep the records with errors as they came; how many. One that was kept before gets its newest errors."""
    if conflicts:
        tx.script(
            f"UPDATE {plan.resolved} SET errors = ARRAY[jsonb_build_object('field', '{plan.entity.key[-1]}', "
            f"'code', 'conflicting_duplicate', 'message', 'The file has this key twice with different values; the "
            f"first one was taken.', 'raw_value', NULL, 'expected', 'one row per {', '.join(plan.entity.key)}')] "
            f"WHERE nth > 1 AND NOT same"
        )
    given = [name for name in plan.entity.key if name in plan.fields]
    key = ", ".join(f"coalesce({upsert.text_of(plan, name, 's')}, '')" for name in given) or "NULL"
    waits = "(SELECT array_agg(DISTINCT w) FROM unnest(t.errors) e, jsonb_array_elements_text(e -> 'waits_for') w)"
    return int(
        tx.script(
            f"INSERT INTO staging.staging_data AS d (tenant_id, job_id, record_no, entity_type, natural_key, "
            f"raw_data, validation_status, errors, waits_for)\n"
            f"SELECT platform.current_tenant(), {JOB}, record_no, '{plan.entity.name}', key, raw, "
            f"CASE WHEN waits IS NULL THEN 'invalid' ELSE 'pending' END, errors, waits FROM (\n"
            f"  SELECT t.record_no, concat_ws('/', {key}) AS key, jsonb_strip_nulls(to_jsonb(s)) AS raw, "
            f"to_jsonb(t.errors) AS errors, {waits} AS waits\n"
            f"  FROM {plan.resolved} t JOIN staged s USING (record_no) WHERE cardinality(t.errors) > 0) found\n"
            f"ON CONFLICT (tenant_id, job_id, record_no) DO UPDATE SET errors = EXCLUDED.errors, "
            f"waits_for = EXCLUDED.waits_for, validation_status = EXCLUDED.validation_status, "
            f"natural_key = EXCLUDED.natural_key, transformed_data = nullif(EXCLUDED.raw_data, d.raw_data), updated_at = now()"
        ).rowcount
    )


def only_open(tx: Tx) -> int:
    """Drop staged records whose kept record is loaded by now (or never was one); how many are left."""
    tx.script(
        f"DELETE FROM staged s WHERE NOT EXISTS (SELECT 1 FROM staging.staging_data d WHERE d.job_id = {JOB} "
        f"AND d.record_no = s.record_no AND d.validation_status IN ('invalid', 'pending'))"
    )
    return int(tx.scalar("SELECT count(*) FROM staged") or 0)


def promote(tx: Tx, plan: LoadPlan) -> None:
    """Records that were kept and are loaded now are valid; what was wrong with them stays readable."""
    # Nothing is known about either table's rows, and a guess of "one" would read the other once for each: with an
    # index it does not matter which way round they are joined.
    tx.script(f"CREATE INDEX ON {plan.resolved} (record_no)")
    tx.script(
        f"UPDATE staging.staging_data d SET validation_status = 'valid', promoted_at = now(), updated_at = now(), "
        f"waits_for = NULL FROM {plan.resolved} t WHERE cardinality(t.errors) = 0 AND d.job_id = {JOB} "
        f"AND d.record_no = t.record_no AND d.validation_status IN ('invalid', 'pending')"
    )
