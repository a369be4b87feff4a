"""How an entity is declared. Everything else about it is derived: table, recognition, checks, routes, pages.

A *field* is what a file may carry. A *reference* turns one or more fields into the id of another entity's row;
the fields it consumes are not stored again. An entity may have a *parent* (an order line has its order): one
flat file may then carry both, and a line inherits what it lacks from its header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from opscopilot.catalogue.types import Type

Semantics = Literal["upsert", "append", "snapshot"]
UNIT_FACTORS = "sku_uom"
"""The entity that says how many base units a package unit of a SKU holds."""


@dataclass(frozen=True)
class Field:
    """One value of an entity.

    `aliases` maps a spelling met in files (lower case) to an enum value. `inherit` takes the parent's value
    where the file has none. `signed` allows negative numbers, `positive` refuses zero as well. `default` fills an
    empty cell. `minimum` and `maximum` bound a number, `below` bounds it without being reached (plain decimals).
    `first_of` keeps what that other field of the row said first: later files change the other field, not this one.
    """

    name: str
    type: Type
    required: bool = False
    enum: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    inherit: bool = False
    signed: bool = False
    positive: bool = False
    minimum: str | None = None
    maximum: str | None = None
    below: str | None = None
    first_of: str | None = None
    doc: str = ""

    @property
    def label(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ").capitalize()

    @property
    def expected(self) -> str:
        """What a right value looks like."""
        if self.enum:
            return "one of: " + ", ".join(self.enum)
        bounds = [
            ", more than zero" if self.positive else "", f", at least {self.minimum}" if self.minimum else "",
            f", at most {self.maximum}" if self.maximum else "", f", less than {self.below}" if self.below else "",
        ]  # fmt: skip
        return self.type.value.expected + "".join(bounds)


@dataclass(frozen=True)
class Ref:
    """A reference: `column` holds the id of the `entity` row whose business key is in my `fields`, in order."""

    column: str
    entity: str
    fields: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class States:
    """What a status may become. `path` lists, per status, the statuses that may follow at once; a file shows a
    moment only and may skip some, so whatever can be reached is right. A status with none is the end. From one of
    `holds` an order goes back to where it was: it is no way from there to somewhere else."""

    field: str
    path: Mapping[str, tuple[str, ...]]
    holds: tuple[str, ...] = ()

    @property
    def reachable(self) -> dict[str, tuple[str, ...]]:
        """Per status every status that can come after it."""
        found: dict[str, tuple[str, ...]] = {}
        for start in self.path:
            seen: list[str] = []
            queue = list(self.path[start])
            while queue:
                one = queue.pop(0)
                if one not in seen and one != start:
                    seen.append(one)
                    queue.extend(() if one in self.holds else self.path[one])
            found[start] = tuple(seen)
        return found


@dataclass(frozen=True)
class Period:
    """Rows alike in `columns` must not be valid at the same time, from `start` to `end`. An empty start is the
    beginning of time; an empty end lasts until the next one starts, as price lists do. Only rows whose `only` fields
    have those values count, and only in files that carry these fields: a default is nobody's claim."""

    columns: tuple[str, ...]
    start: str
    end: str
    what: str
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Rows are edges, and nothing may lead back to itself. `owner` is the table that the column `through` points to;
    its `parent` column and the row's `child` column are ids of the same table `nodes`, known to people by `label`.
    Owners that satisfy `where` (SQL over o) count, for as long as owner and row are valid (`dates`, of both)."""

    owner: str
    through: str
    parent: str
    child: str
    nodes: str
    label: str
    where: str
    dates: tuple[str, str, str, str]


@dataclass(frozen=True)
class Entity:
    """A canonical entity. `key` names the fields of its business key (referenced ones count by their id).

    `uom` names the unit field of a row with quantities; `uom_sku` the reference column of the SKU whose base
    unit they convert to, or the way to it through a line that has it (`sales_order_line_id.sku_id`; an empty unit
    then means the unit and factor of that line); `uom_required` rejects a row whose factor is unknown instead of
    leaving it open.
    `event_time` names the instant whose production day is stored with the row.
    `in_order` lists pairs of dates of which the second is never before the first; `whole` says that a quantity in a unit
    that is counted (EA, H87, C62) has no decimals. `states`, `periods` and `acyclic` are rules across rows
    (rules.py): what a status may become, what may not overlap, and that nothing goes into itself.
    """

    name: str
    table: str
    title: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    refs: tuple[Ref, ...] = ()
    semantics: Semantics = "upsert"
    parent: str | None = None
    uom: str | None = None
    uom_sku: str | None = None
    uom_required: bool = False
    event_time: str | None = None
    in_order: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    states: States | None = None
    periods: tuple[Period, ...] = ()
    acyclic: Graph | None = None
    search: tuple[str, ...] = ()
    doc: str = ""
    schema: str = "manufacturing"

    @property
    def uom_path(self) -> tuple[str, str | None]:
        """The reference column that leads to the SKU, and the SKU's column in that row (None: it is the SKU)."""
        first, _, second = (self.uom_sku or "").partition(".")
        return first, second or None

    @property
    def full_table(self) -> str:
        """The table's name with its schema."""
        return f"{self.schema}.{self.table}"

    def field(self, name: str) -> Field:
        """The field of that name; KeyError when the entity has none."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(f"{self.name} has no field '{name}'")

    def has(self, name: str) -> bool:
        """Whether the entity has such a field."""
        return any(one.name == name for one in self.fields)

    @property
    def consumed(self) -> frozenset[str]:
        """Fields that live on only as the id of what they refer to."""
        return frozenset(name for ref in self.refs for name in ref.fields)

    @property
    def stored(self) -> tuple[Field, ...]:
        """Fields with a column of their own."""
        return tuple(one for one in self.fields if one.name not in self.consumed)

    def ref_for(self, name: str) -> Ref | None:
        """The single-field reference made from that field, if there is one."""
        return next((ref for ref in self.refs if ref.fields == (name,)), None)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The business key as columns of the table."""
        columns: list[str] = []
        for name in self.key:
            ref = next((one for one in self.refs if name in one.fields), None)
            column = ref.column if ref else name
            if column not in columns:
                columns.append(column)
        return tuple(columns)


class Registry:
    """All declared entities, by name, checked for sense when they are added."""

    def __init__(self, *entities: Entity) -> None:
        self._entities: dict[str, Entity] = {}
        for one in entities:
            self.add(one)

    def add(self, entity: Entity) -> None:
        """Register `entity`; what it refers to must be registered already (which also rules out cycles)."""
        if entity.name in self._entities:
            raise ValueError(f"entity '{entity.name}' is declared twice")
        for ref in entity.refs:
            target = entity if ref.entity == entity.name else self._entities.get(ref.entity)
            if target is None:
                raise ValueError(f"{entity.name}.{ref.column} refers to unknown entity '{ref.entity}'")
            if len(ref.fields) != len(target.key):
                raise ValueError(f"{entity.name}.{ref.column} must give the key {target.key} of '{ref.entity}'")
        firsts = (one.first_of for one in entity.fields if one.first_of)
        for name in (*entity.key, *entity.consumed, *(one for pair in entity.in_order for one in pair), *firsts):
            entity.field(name)
        self._check_unit(entity)
        self._entities[entity.name] = entity

    def _check_unit(self, entity: Entity) -> None:
        first, second = entity.uom_path
        ref = next((one for one in entity.refs if one.column == first), None)
        line = self._entities.get(ref.entity) if ref else None
        through = line is not None and line.uom is not None and line.uom_sku == second
        if entity.uom_sku and (ref is None or (second and not through)):
            raise ValueError(f"{entity.name}.uom_sku '{entity.uom_sku}' leads to no SKU")

    def get(self, name: str) -> Entity | None:
        """The entity of that name, or None."""
        return self._entities.get(name)

    def __getitem__(self, name: str) -> Entity:
        return self._entities[name]

    def __iter__(self) -> Iterator[Entity]:
        return iter(self._entities.values())

    def names(self) -> list[str]:
        """Entity names in the order in which they can be loaded."""
        return list(self._entities)

    def dependencies(self, name: str) -> frozenset[str]:
        """Every entity that must be loaded before `name` can find all its references and unit factors."""
        found: set[str] = set()
        queue = [ref.entity for ref in self._entities[name].refs]
        if self._entities[name].uom_sku and UNIT_FACTORS in self._entities:
            queue.append(UNIT_FACTORS)
        while queue:
            one = queue.pop()
            if one != name and one not in found:
                found.add(one)
                queue.extend(ref.entity for ref in self._entities[one].refs)
        return frozenset(found)
