"""From staged rows to canonical rows, set by set, in Postgres.

The statements work on a temporary table of texts (`staged`: record_no, source_row, source_id and one column per
field of the file) and on a second one of typed, resolved rows. Their parameters travel as transaction-local
settings, so that the same text serves every tenant:

    ops.job_id, ops.source_system, ops.time_zone, ops.day_start

References are found by business key, or by the other system's id where the plan says so. A reference that is
not there yet, or a unit without a factor, is an error of that row only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from opscopilot.catalogue.declaration import UNIT_FACTORS, Entity, Field, Ref, Registry
from opscopilot.kernel import uom


@dataclass(frozen=True)
class LoadPlan:
    """What one load does: the entity, the fields the staged rows carry, and which hold foreign ids."""

    entity: Entity
    registry: Registry
    fields: frozenset[str]
    by_source_id: frozenset[str] = frozenset()
    has_source_id: bool = False
    own_rows: bool = True
    """False for a parent carried by its children's file: one row per parent key, not per record."""

    @property
    def resolved(self) -> str:
        """The temporary table of typed rows."""
        return f"resolved_{self.entity.table}"

    @property
    def present(self) -> list[Field]:
        """Stored fields the file carries."""
        return [one for one in self.entity.stored if one.name in self.fields]


def parent_plan(plan: LoadPlan) -> LoadPlan | None:
    """The plan for the parent rows inside a flat file, or None where the file does not carry a whole parent."""
    if plan.entity.parent is None:
        return None
    parent = plan.registry[plan.entity.parent]
    carried = {
        one.name for one in parent.fields
        if one.name in plan.fields and (one.name in parent.key or not plan.entity.has(one.name))
    }  # fmt: skip
    needed = {one.name for one in parent.fields if one.required} | set(parent.key)
    defaulted = {one.name for one in parent.fields if one.default is not None}
    if not needed <= carried | defaulted or not set(parent.key) & carried:
        return None
    return LoadPlan(parent, plan.registry, frozenset(carried), plan.by_source_id & carried, own_rows=False)


@dataclass
class _Joins:
    """Collects the joins of a resolve statement, each alias once."""

    plan: LoadPlan
    lines: list[str] = field(default_factory=list)

    def resolve(self, ref: Ref, alias: str) -> None:
        """Join the row that `ref` points to as `alias`."""
        target = self.plan.registry[ref.entity]
        conditions: list[str] = []
        if len(ref.fields) == 1 and ref.fields[0] in self.plan.by_source_id:
            self._by_source_id(target, ref.fields[0], alias)
            return
        for mine, theirs in zip(ref.fields, target.key, strict=True):
            inner = target.ref_for(theirs)
            if inner is None:
                conditions.append(f"{alias}.{theirs} = {text_of(self.plan, mine)}")
                continue
            nested = f"{alias}_{inner.column}"
            self.resolve(Ref(inner.column, inner.entity, (mine,)), nested)
            conditions.append(f"{alias}.{inner.column} = {nested}.id")
        self.lines.append(f"LEFT JOIN {target.full_table} {alias} ON {' AND '.join(conditions)}")

    def _by_source_id(self, target: Entity, mine: str, alias: str) -> None:
        # One row per foreign id: a second row with the same id must not double what refers to it.
        self.lines.append(
            f"LEFT JOIN (SELECT DISTINCT ON (source_id) * FROM {target.full_table} "
            f"WHERE source_system = current_setting('ops.source_system') AND source_id IS NOT NULL "
            f"ORDER BY source_id, id) {alias} ON {alias}.source_id = {text_of(self.plan, mine)}"
        )


def text_of(plan: LoadPlan, name: str, alias: str = "l") -> str:
    """The staged text of a field, or its default where the file lacks it."""
    default = plan.entity.field(name).default if plan.entity.has(name) else None
    staged = f"{alias}.{name}" if name in plan.fields else "NULL::text"
    return f"coalesce({staged}, '{default}')" if default is not None else staged


def create_staged(fields: Iterable[str]) -> str:
    """The temporary table that COPY fills."""
    columns = ", ".join(f"{name} text" for name in fields)
    return (
        f"CREATE TEMPORARY TABLE staged (record_no integer, source_row integer, source_id text"
        f"{', ' + columns if columns else ''}) ON COMMIT DROP"
    )


def resolve(plan: LoadPlan) -> str:
    """Create the table of typed rows: ids for references, units, production day, and each row's errors."""
    joins = _Joins(plan)
    for ref in plan.entity.refs:
        joins.resolve(ref, f"r_{ref.column}")
    columns = [f"r_{ref.column}.id AS {ref.column}" for ref in plan.entity.refs]
    inherits = [one for one in plan.entity.stored if one.inherit] if plan.entity.parent else []
    parent = plan.entity.refs[0].column if inherits else ""
    for one in plan.entity.stored:
        columns.append(f"{_typed(plan, one, f'r_{parent}' if one.inherit else '')} AS {one.name}")
    errors = _reference_errors(plan)
    if plan.entity.uom_sku:
        columns.append(f"{_factor(plan)} AS uom_factor")
        joins.lines.extend(_unit_joins(plan))
        if plan.entity.uom_required:
            errors.append(_factor_error(plan))
    if plan.entity.event_time:
        instant = f"CAST({text_of(plan, plan.entity.event_time)} AS timestamptz)"
        columns.append(
            f"(({instant} AT TIME ZONE current_setting('ops.time_zone')) "
            f"- CAST(current_setting('ops.day_start') AS interval))::date AS production_day"
        )
    source = "staged"
    source_id = "l.source_id" if plan.has_source_id else "NULL::text"
    if not plan.own_rows:
        key = ", ".join(text_of(plan, name, "s") for name in plan.entity.key)
        source = f"(SELECT DISTINCT ON ({key}) s.* FROM staged s ORDER BY {key}, s.record_no)"
        given = " AND ".join(f"{text_of(plan, name)} IS NOT NULL" for name in plan.entity.key)
        joins.lines.append(f"WHERE {given}")
    listed = ",\n       ".join(columns)
    return (
        f"CREATE TEMPORARY TABLE {plan.resolved} ON COMMIT DROP AS\n"
        f"SELECT l.record_no, l.source_row, {source_id} AS source_id,\n       {listed},\n"
        f"       array_remove(ARRAY[{', '.join(errors) or 'NULL::jsonb'}]::jsonb[], NULL) AS errors\n"
        f"FROM {source} l\n" + "\n".join(joins.lines)
    )


def _typed(plan: LoadPlan, one: Field, parent: str) -> str:
    text = text_of(plan, one.name)
    if one.name == plan.entity.uom and plan.entity.uom_sku and one.type.name == "UOM":
        return _unit(plan)
    value = f"CAST({text} AS {one.type.value.pg})"
    return f"coalesce({value}, {parent}.{one.name})" if parent else value


def _unit_joins(plan: LoadPlan) -> list[str]:
    first, second = plan.entity.uom_path
    sku, unit = f"r_{first}", _unit(plan)
    through = [f"LEFT JOIN manufacturing.skus unit_sku ON unit_sku.id = r_{first}.{second}"] if second else []
    if second:
        sku = "unit_sku"
    return [
        *through,
        f"LEFT JOIN LATERAL (SELECT {sku}.base_uom) base ON true",
        f"LEFT JOIN (VALUES {_physical_factors()}) physical (f, t, x) ON physical.f = {unit} "
        f"AND physical.t = base.base_uom",
        f"LEFT JOIN manufacturing.sku_uoms pack ON pack.sku_id = {sku}.id AND pack.uom = {unit}",
    ]


def _line_unit(plan: LoadPlan) -> str:
    """The unit of the line through which the SKU is reached; empty where the row has its own."""
    first, second = plan.entity.uom_path
    if not second:
        return ""
    line = next(ref.entity for ref in plan.entity.refs if ref.column == first)
    return f"r_{first}.{plan.registry[line].uom}"


def _unit(plan: LoadPlan) -> str:
    """The unit a row's quantities are in: its own, else its line's, else the item's base unit."""
    known = [text_of(plan, plan.entity.uom or ""), _line_unit(plan), "base.base_uom"]
    return f"coalesce({', '.join(one for one in known if one)})"


def _physical_factors() -> str:
    pairs = [(one, other, uom.factor(one, other)) for one in uom.UNITS for other in uom.UNITS if one != other]
    return ", ".join(f"('{f}', '{t}', {x:.12f})" for f, t, x in pairs if x is not None and x >= 10**-9)


def _factor(plan: LoadPlan) -> str:
    # A unit shared with the line has the line's very factor: the two stay comparable if the masters change.
    first, line = plan.entity.uom_path[0], _line_unit(plan)
    same = (
        f"WHEN {_unit(plan)} = {line} AND r_{first}.uom_factor IS NOT NULL THEN r_{first}.uom_factor " if line else ""
    )
    return (
        f"CASE {same}WHEN {_unit(plan)} = base.base_uom THEN 1 "
        f"ELSE coalesce(physical.x, pack.factor_to_base) END::numeric(24,12)"
    )


def _error(field_name: str, code: str, message: str, value: str, expected: str, waits_for: tuple[str, ...]) -> str:
    names = ", ".join(f"'{one}'" for one in waits_for)
    return (
        f"jsonb_build_object('field', '{field_name}', 'code', '{code}', 'message', {message}, "
        f"'raw_value', {value}, 'expected', '{expected}', 'waits_for', jsonb_build_array({names}))"
    )


def _reference_errors(plan: LoadPlan) -> list[str]:
    errors = []
    for ref in plan.entity.refs:
        value = " || ' / ' || ".join(f"coalesce({text_of(plan, name)}, '')" for name in ref.fields)
        given = text_of(plan, ref.fields[0])
        what = plan.registry[ref.entity].title.lower().replace("'", "")
        wanted = "" if ref.required else f" AND {given} IS NOT NULL"
        built = _error(
            ref.fields[-1] if len(ref.fields) > 1 and not plan.entity.ref_for(ref.fields[0]) else ref.fields[0],
            "reference_not_found", f"format('%s is not among the {what} loaded so far.', {value})", value,
            f"a key that exists in {what}; the record is loaded by itself as soon as it is there", (ref.entity,),
        )  # fmt: skip
        errors.append(f"CASE WHEN r_{ref.column}.id IS NULL{wanted} THEN {built} END")
    return errors


def _spelled(unit: str) -> str:
    """A unit with the spellings that files have for it: 'XRO (rl, rol, roll)'. Worked out for errors only."""
    known: dict[str, list[str]] = {}
    for alias, code in sorted(uom.ALIASES.items()):
        if alias.isalnum():
            known.setdefault(code, []).append(alias)
    cases = " ".join(f"WHEN '{code}' THEN '{code} ({', '.join(found)})'" for code, found in known.items())
    return f"CASE {unit} {cases} ELSE {unit} END"


def _factor_error(plan: LoadPlan) -> str:
    unit, first = _unit(plan), plan.entity.uom_path[0]
    built = _error(
        plan.entity.uom or "uom", "uom_conversion_missing",
        f"format('There is no factor from %s to %s for this item.', {_spelled(unit)}, base.base_uom)", unit,
        "a row in the unit factors (sku_uom) for this item and unit; the record is loaded by itself as soon as it is "
        "there", (UNIT_FACTORS, "sku"),
    )  # fmt: skip
    return f"CASE WHEN r_{first}.id IS NOT NULL AND ({_factor(plan)}) IS NULL THEN {built} END"
