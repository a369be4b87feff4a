"""Does the data make sense? Rules over the canonical tables and over what is still waiting in staging.

A rule that fires on nearly every row says something about the mapping or the meaning of a column, not about the
rows: it becomes one question instead of hundreds of issues (P-28).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Tx
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.manufacturing.queries_shared import STOCK

Severity = Literal["high", "medium", "low"]
EXAMPLES = 10
FIRES_ALWAYS = 0.95
"""From this share of all rows on, over at least MIN_ROWS rows, a rule is a question about the mapping."""
MIN_ROWS = 20


class Example(BaseModel):
    """One row that breaks the rule."""

    code: str
    name: str | None = None
    found: str


class Issue(BaseModel):
    """Rows that break a rule."""

    code: str = Field(examples=["negative_stock"])
    severity: Severity
    title: str
    count: int
    checked: int = Field(description="Rows the rule was tried on.")
    examples: list[Example]
    rule: str
    what_to_do: str


class MappingQuestion(BaseModel):
    """A rule that fires on (nearly) every row: the columns probably mean something else."""

    code: str
    question: str
    count: int
    checked: int
    examples: list[Example]


class QualityReport(BaseModel):
    """What was found. `issues_found` adds up the issues; mapping questions are not issues."""

    as_of: date
    time_zone: str
    issues_found: int
    issues: list[Issue]
    mapping_questions: list[MappingQuestion]
    checked: list[str] = Field(description="Every rule that was tried.")


@dataclass(frozen=True)
class Rule:
    """`sql` gives code, name, found for each broken row; `among` counts the rows it was tried on."""

    code: str
    severity: Severity
    title: str
    sql: str
    among: str
    rule: str
    what_to_do: str
    question: str = ""


_ACTIVE = "FROM manufacturing.skus k WHERE k.is_active AND k.type <> 'service'"
# Rows that wait, unless the same file was delivered again: then its new rows count, and what it settled is settled.
_WAITING = """staging.staging_data d JOIN staging.ingestion_jobs j
    ON j.tenant_id = d.tenant_id AND j.id = d.job_id AND d.validation_status = 'pending' AND NOT EXISTS (
        SELECT 1 FROM staging.ingestion_jobs n WHERE n.source_system = j.source_system AND n.file_name = j.file_name
        AND n.entity_type = j.entity_type AND n.staged_key IS NOT NULL AND n.status NOT IN ('pending', 'running')
        AND (n.created_at, n.id) > (j.created_at, j.id))"""

RULES: tuple[Rule, ...] = (
    Rule(
        "negative_stock", "high", "Stock below zero",
        f"WITH {STOCK} SELECT k.sku_code AS code, k.description AS name, trim_scale(s.on_hand) || ' ' || k.base_uom || "
        f"' at ' || s.location_code || coalesce(' lot ' || s.lot_code, '') AS found FROM stock s "
        f"JOIN manufacturing.skus k ON k.id = s.sku_id WHERE s.on_hand < 0",
        f"WITH {STOCK} SELECT count(*) FROM stock", "on hand >= 0 in every location and lot",
        "Count the place and book the difference. Until then it promises 0 and hides no other stock.",
    ),
    Rule(
        "missing_cost", "medium", "No standard cost",
        f"SELECT k.sku_code AS code, k.description AS name, coalesce(trim_scale(k.unit_cost)::text, 'empty') AS found "
        f"{_ACTIVE} AND coalesce(k.unit_cost, 0) = 0",
        f"SELECT count(*) {_ACTIVE}", "standard cost is recorded and more than 0",
        "Maintain the cost. Stock value and recipe cost leave these items out and say so.",
        "No item has a standard cost: is the cost column mapped?",
    ),
    Rule(
        "no_stock_record", "low", "Never counted",
        f"SELECT k.sku_code AS code, k.description AS name, 'no stock record' AS found {_ACTIVE} AND NOT EXISTS ("
        f"SELECT 1 FROM manufacturing.inventory_snapshots i WHERE i.tenant_id = k.tenant_id AND i.sku_id = k.id "
        f"AND i.production_day <= :today)",
        f"SELECT count(*) {_ACTIVE}", "every active item has a stock record",
        "Load a count of them, even if it is 0: without a record the stock is unknown, not zero.",
        "No item has a stock record: was the stock file loaded?",
    ),
    Rule(
        "safety_above_reorder", "medium", "Safety stock above the reorder point",
        f"SELECT k.sku_code AS code, k.description AS name, 'safety stock ' || trim_scale(k.safety_stock) || ', "
        f"reorder point ' || trim_scale(k.reorder_point) AS found {_ACTIVE} AND k.safety_stock > k.reorder_point",
        f"SELECT count(*) {_ACTIVE} AND k.safety_stock IS NOT NULL AND k.reorder_point IS NOT NULL",
        "safety stock <= reorder point", "Correct one of the two: an order comes too late otherwise.",
        "Safety stock is above the reorder point for every item: do these columns mean what they were mapped to?",
    ),
    Rule(
        "no_reorder_point", "low", "Stocked without a reorder point",
        f"SELECT k.sku_code AS code, k.description AS name, 'no reorder point' AS found {_ACTIVE} "
        f"AND k.reorder_point IS NULL AND EXISTS (SELECT 1 FROM manufacturing.inventory_snapshots i "
        f"WHERE i.tenant_id = k.tenant_id AND i.sku_id = k.id AND i.production_day <= :today)",
        f"SELECT count(*) {_ACTIVE} AND EXISTS (SELECT 1 FROM manufacturing.inventory_snapshots i "
        f"WHERE i.tenant_id = k.tenant_id AND i.sku_id = k.id AND i.production_day <= :today)",
        "every stocked item has a reorder point", "Set one, or nobody is told when the item runs low.",
        "No stocked item has a reorder point: is the column mapped?",
    ),
    Rule(
        "expired_stock_usable", "high", "Past its date but counted as usable",
        f"WITH {STOCK} SELECT k.sku_code AS code, k.description AS name, trim_scale(s.on_hand) || ' ' || k.base_uom || "
        f"' at ' || s.location_code || coalesce(' lot ' || s.lot_code, '') || ' expired ' || s.expiry_date AS found FROM stock s "
        f"JOIN latest l ON l.ingestion_job_id = s.ingestion_job_id AND l.source_row = s.source_row "
        f"JOIN manufacturing.skus k ON k.id = s.sku_id WHERE s.is_nettable AND s.expiry_date < :today "
        f"AND s.on_hand - s.quarantined > 0 AND l.quantity_expired = 0",
        f"WITH {STOCK} SELECT count(*) FROM stock WHERE expiry_date IS NOT NULL",
        "stock past its expiry date is booked as expired",
        "Block or dispose of it in the source system. It is not counted as available here.",
    ),
    Rule(
        "units_without_factor", "high", "Rows waiting for a unit factor",
        "SELECT d.entity_type || ' row ' || d.record_no AS code, j.file_name AS name, "
        "coalesce(e ->> 'raw_value', '?') || ': ' || coalesce(e ->> 'message', '') AS found "
        f"FROM {_WAITING} CROSS JOIN LATERAL (SELECT x FROM jsonb_array_elements(d.errors) x "
        "WHERE x ->> 'code' = 'uom_conversion_missing' LIMIT 1) AS e(e)",
        f"SELECT count(*) FROM {_WAITING}",
        "every unit has a factor to the item's base unit; it is never assumed to be 1",
        "Load the unit factors (sku_uom) of these items; GET /api/v1/entities/sku_uom/template is the form.",
    ),
    Rule(
        "references_missing", "medium", "Rows waiting for something they refer to",
        "SELECT d.entity_type || ' row ' || d.record_no AS code, j.file_name AS name, "
        f"coalesce(e ->> 'message', '') AS found FROM {_WAITING} "
        "CROSS JOIN LATERAL (SELECT x FROM jsonb_array_elements(d.errors) x "
        "WHERE x ->> 'code' = 'reference_not_found' LIMIT 1) AS e(e)",
        f"SELECT count(*) FROM {_WAITING}",
        "everything a row refers to has been loaded", "Load what is missing; see the job's rejects.",
    ),
)  # fmt: skip


def inventory_check(tx: Tx, plant: PlantSettings, clock: Clock) -> QualityReport:
    """Try every rule."""
    today = plant.today(clock)
    issues: list[Issue] = []
    questions: list[MappingQuestion] = []
    for rule in RULES:
        params: dict[str, Any] = {"today": today} if ":today" in rule.sql else {}
        count = int(tx.scalar(f"SELECT count(*) FROM ({rule.sql}) broken", **params))
        if not count:
            continue
        among: dict[str, Any] = {"today": today} if ":today" in rule.among else {}
        checked = int(tx.scalar(rule.among, **among))
        rows = tx.rows(f"SELECT * FROM ({rule.sql}) broken ORDER BY code, found LIMIT {EXAMPLES}", **params)
        examples = [Example.model_validate(row) for row in rows]
        if rule.question and checked >= MIN_ROWS and count >= FIRES_ALWAYS * checked:
            questions.append(
                MappingQuestion(code=rule.code, question=rule.question, count=count, checked=checked, examples=examples)
            )
            continue
        issues.append(Issue(
            code=rule.code, severity=rule.severity, title=rule.title, count=count, checked=checked, examples=examples,
            rule=rule.rule, what_to_do=rule.what_to_do,
        ))  # fmt: skip
    order = {"high": 0, "medium": 1, "low": 2}
    issues.sort(key=lambda one: (order[one.severity], -one.count))
    return QualityReport(
        as_of=today, time_zone=plant.default_time_zone, issues_found=sum(one.count for one in issues), issues=issues,
        mapping_questions=questions, checked=[rule.rule for rule in RULES],
    )  # fmt: skip
