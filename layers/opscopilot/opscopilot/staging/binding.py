"""From a mapping to the very cells: which SQL gives the raw text of each field.

The relation read is `raw`: record_no, source_row, c0 … cn (the file's columns, all text).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from opscopilot.catalogue import dates, synonyms
from opscopilot.catalogue.declaration import Entity, Field, Registry
from opscopilot.catalogue.formats import NumberFormat
from opscopilot.catalogue.recognition import carried, derivable
from opscopilot.catalogue.types import Type
from opscopilot.catalogue.validation import unit_behind
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.staging.mapping import ColumnSource, FileMapping
from opscopilot.staging.refusal import Refused

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_EMPTY = "'', 'NULL', '\\N'"


@dataclass(frozen=True)
class Bound:
    """A field and the SQL of its raw text. `header` is where it comes from, as people know it; `constant`
    marks text that is ours (a setting, a fixed value) and not in the file's format; `derived` text is worked
    out from other fields; `per` is the SQL of the number that divides a price."""

    field: Field
    sql: str
    header: str
    constant: bool = False
    derived: bool = False
    percent: bool = False
    per: str | None = None
    foreign_id: bool = False
    required: bool = False


@dataclass(frozen=True)
class Binding:
    """How every field of the file is read."""

    entity: Entity
    bounds: tuple[Bound, ...]
    source_id: str | None
    skip: str | None
    fill_down: bool | None
    parent_fields: frozenset[str]
    parent_key: tuple[str, ...] = ()
    notes: tuple[tuple[str, str | None, str], ...] = ()
    unmapped: tuple[str, ...] = ()

    @property
    def key(self) -> Bound | None:
        """The parent's key, whose empty cells mark the continuation lines of a document."""
        return next((one for one in self.bounds if one.field.name in self.parent_key), None)

    @property
    def of_parent(self) -> list[Bound]:
        """What a line repeats of its document."""
        return [one for one in self.bounds if one.field.name in self.parent_fields and not one.constant]

    @property
    def needs_neighbours(self) -> bool:
        """Whether a record cannot be read without the records before it (lines are numbered by position)."""
        return any(one.derived for one in self.bounds)

    @property
    def fields(self) -> list[str]:
        """Names of the fields the staged file will have."""
        return [bound.field.name for bound in self.bounds]

    @property
    def unit(self) -> str | None:
        """The field of the unit of the quantities, where the file has one."""
        name = unit_field(self.entity)
        return name if name and self.bound(name) else None

    def before(self, name: str, but: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Dates of the file that must not come after that one."""
        pairs = [(first, second) for first, second in self.entity.in_order if second == name and first not in but]
        return tuple(first for first, _ in pairs if self.bound(first))

    def with_units(self, units: Mapping[str, tuple[str, ...]]) -> Binding:
        """The binding that also takes the unit from behind a quantity ("5 kg"). `units`: what stands behind numbers,
        by field. The file's own unit column comes first."""
        name = unit_field(self.entity)
        carriers = [one for one in self.bounds if one.field.type is Type.QTY and units.get(one.field.name)]
        if not name or not carriers:
            return self
        parts = [unit_behind(one.sql, NumberFormat(".", units=units[one.field.name])) for one in carriers]
        own = self.bound(name)
        if own is None:
            header = f"behind {carriers[0].header}"
            made = Bound(self.entity.field(name), f"coalesce({', '.join(parts)})", header, constant=True)
            return replace(self, bounds=(*self.bounds, made))
        if own.constant:
            return self
        sql = f"coalesce({', '.join([own.sql, *parts])})"
        return replace(self, bounds=tuple(replace(one, sql=sql) if one is own else one for one in self.bounds))

    def bound(self, name: str) -> Bound | None:
        """The binding of one field."""
        return next((one for one in self.bounds if one.field.name == name), None)


def unit_field(entity: Entity) -> str | None:
    """The field that holds the unit of an entity's quantities."""
    return entity.uom or ("base_uom" if entity.has("base_uom") else None)


def cell(index: int) -> str:
    """The text of a column of `raw`; NULL when it is empty."""
    return f"c{index}"


def cleaned(index: int, *, untidy: bool) -> str:
    """How a cell of the file gets into `raw`: trimmed, and NULL for the ways in which systems write nothing.

    An `untidy` file may pad with tabs and no-break spaces, and save a code as ="00100" to keep its zeros.
    """
    name = f"c{index}"
    text = f"CASE WHEN starts_with({name}, ' ') OR ends_with({name}, ' ') THEN trim({name}) ELSE {name} END"
    if untidy:
        formula = f"starts_with({name}, '=\"') AND ends_with({name}, '\"')"
        text = f"CASE WHEN {formula} THEN {name}[3:-2] ELSE trim({name}, E' \\t\u00a0') END"
    return f"CASE WHEN {name} IN ({_EMPTY}) THEN NULL ELSE nullif({text}, '') END AS {name}"


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


@dataclass
class Binder:
    """Binds one file. `landed_at` stands for the moment of a count whose file does not say when."""

    registry: Registry
    headers: Sequence[str]
    plant: PlantSettings
    today: str
    landed_at: datetime
    _notes: list[tuple[str, str | None, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._exact: dict[str, int] = {}
        self._index: dict[str, int] = {}
        for index, header in enumerate(self.headers):
            if header:
                self._exact.setdefault(header, index)
                self._index.setdefault(synonyms.key(header), index)

    def from_mapping(self, mapping: FileMapping) -> Binding:
        """Bind by what the source's owner said; Refused when the file lacks a column the mapping names."""
        entity = self.registry[mapping.entity]
        known = carried(entity, self.registry)
        sources = {name: mapping.source(name) for name in mapping.columns}
        self._refuse_absent(mapping, sources)
        bounds = [self._bound(known[name], source) for name, source in sources.items()]
        skip = " OR ".join(
            f"coalesce({cell(self._column(rule.column))} = {literal(rule.equals)}, false)" for rule in mapping.skip_when
        )
        source_id = cell(self._column(mapping.source_id)) if mapping.source_id else None
        taken = {synonyms.key(header) for header in mapped_headers(mapping, sources)}
        unmapped = tuple(header for header in self.headers if header and synonyms.key(header) not in taken)
        return self._finish(entity, bounds, source_id, skip or None, mapping.fill_down, unmapped)

    def _refuse_absent(self, mapping: FileMapping, sources: Mapping[str, ColumnSource]) -> None:
        wanted = mapped_headers(mapping, sources)
        absent = [name for name in wanted if name not in self._exact and synonyms.key(name) not in self._index]
        if absent:
            raise Refused(
                "mapping_mismatch",
                f"The mapping for '{mapping.pattern}' expects columns that this file does not have: "
                f"{', '.join(absent)}. It has: {', '.join(name for name in self.headers if name)}. "
                f"Correct the mapping of this source, or the export.",
            )

    def _column(self, header: str) -> int:
        return self._exact[header] if header in self._exact else self._index[synonyms.key(header)]

    def _bound(self, one: Field, source: ColumnSource) -> Bound:
        foreign = source.by == "source_id"
        if source.const is not None:
            return Bound(one, literal(source.const), f"'{source.const}'", constant=True)
        if source.setting is not None:
            return Bound(one, self._setting(source.setting), f"setting {source.setting}", constant=True)
        if source.template is not None:
            return Bound(one, self._template(source.template), source.template, foreign_id=foreign)
        header = source.column or ""
        sql = cell(self._column(header))
        if one.type in (Type.DATE, Type.INSTANT):
            sql = f"CASE WHEN {dates.blank(sql)} THEN NULL ELSE {sql} END"
        if source.values:
            cases = " ".join(f"WHEN {literal(key)} THEN {literal(to)}" for key, to in source.values.items())
            sql = f"CASE {sql} {cases} ELSE {sql} END"
        per = cell(self._column(source.per)) if source.per else None
        return Bound(one, sql, header, percent=source.percent, per=per, foreign_id=foreign)

    def _setting(self, name: str) -> str:
        return literal(self.today if name == "as_of" else str(getattr(self.plant, name)))

    def _template(self, template: str) -> str:
        parts, position = [], 0
        names = []
        for match in _PLACEHOLDER.finditer(template):
            parts.append(literal(template[position : match.start()]))
            names.append(cell(self._column(match.group(1))))
            parts.append(f"coalesce({names[-1]}, '')")
            position = match.end()
        parts.append(literal(template[position:]))
        return f"CASE WHEN coalesce({', '.join(names)}) IS NOT NULL THEN {' || '.join(parts)} END"

    def _finish(
        self, entity: Entity, bounds: list[Bound], source_id: str | None, skip: str | None, fill_down: bool | None,
        unmapped: tuple[str, ...],
    ) -> Binding:  # fmt: skip
        have = {bound.field.name: bound for bound in bounds}
        bounds += self._derived(entity, have)
        parent = self.registry[entity.parent] if entity.parent else None
        shared = frozenset(
            one.name for one in (parent.fields if parent else ())
            if one.name in have and parent and (one.name in parent.key or not entity.has(one.name))
        )  # fmt: skip
        required = _required(entity, parent, set(have))
        final = tuple(replace(bound, required=bound.field.name in required and not bound.constant) for bound in bounds)
        key = parent.key if parent else ()
        return Binding(entity, final, source_id, skip, fill_down, shared, key, tuple(self._notes), unmapped)

    def _derived(self, entity: Entity, have: Mapping[str, Bound]) -> list[Bound]:
        """Required fields that the file lacks and ingest can supply, each with a note for the receipt."""
        found: list[Bound] = []
        for name in sorted(derivable(entity) - set(have)):
            one = entity.field(name)
            if name == "line_no":
                parent = self.registry[str(entity.parent)]
                keys = ", ".join(f"r_{key}" for key in parent.key if key in have)
                sql = f"(row_number() OVER (PARTITION BY {keys} ORDER BY record_no))::VARCHAR"
                found.append(Bound(one, sql, "position in the document", constant=True, derived=True))
                self._notes.append(("lines_numbered", name, "The file has no line numbers; lines were numbered in "
                                    "the order in which each document lists them."))  # fmt: skip
            else:
                moment = self.today if self.plant.as_of else self.landed_at.isoformat(sep=" ", timespec="seconds")
                found.append(Bound(one, literal(moment), "time of the file", constant=True))
                self._notes.append(("moment_assumed", name, f"The file does not say when the stock was counted; it "
                                    f"was taken as of {moment}."))  # fmt: skip
        return found


def _required(entity: Entity, parent: Entity | None, have: set[str]) -> set[str]:
    """Fields no record may lack: the entity's own, and its parent's where the file carries a whole parent."""
    names = {one.name for one in entity.fields if one.required and one.default is None}
    if parent is None:
        return names
    wanted = {one.name for one in parent.fields if one.required or one.name in parent.key}
    open_ones = {name for name in wanted if parent.field(name).default is None}
    if open_ones <= have:
        names |= {name for name in open_ones if not entity.has(name)}
    return names


def mapped_headers(mapping: FileMapping, sources: Mapping[str, ColumnSource] | None = None) -> list[str]:
    """Every header a mapping needs."""
    given = sources if sources is not None else {name: mapping.source(name) for name in mapping.columns}
    names = [rule.column for rule in mapping.skip_when] + ([mapping.source_id] if mapping.source_id else [])
    for source in given.values():
        names += [source.column] if source.column else _PLACEHOLDER.findall(source.template or "")
        names += [source.per] if source.per else []
    return list(dict.fromkeys(names))
