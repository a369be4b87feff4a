"""Which entity a file holds and which of its columns are which fields, from the headers alone.

Every entity of the catalogue bids for the headers. A bid wins by having all required fields and by knowing what
the file's other columns are; the file's name can tip the balance. Two bids too close to each other, or a bid
without a required field, is no recognition: a person decides, never a guess (P-82).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default

from opscopilot.catalogue import synonyms
from opscopilot.catalogue.declaration import Entity, Field, Registry
from opscopilot.catalogue.synonyms import ANY, Synonym

THRESHOLD = 0.6
MARGIN = 0.06
NAME_HINT = 0.08
PRICED = frozenset({"unit_cost", "unit_price", "price"})
"""Fields that a column of price units divides."""
_NAMELESS = re.compile(r"column \d+")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "location": ("location", "warehouse", "site", "t001l", "lager"),
    "sku": ("item", "material", "product", "sku", "artikel", "mara", "article"),
    "sku_uom": ("uom", "unit", "factor", "pack", "marm"),
    "sku_xref": ("xref", "crossref", "alias"),
    "supplier": ("supplier", "vendor", "lfa1", "lieferant", "kreditor"),
    "sku_supplier": ("source", "eord", "eina", "supplierinfo", "productvendor", "pricelist"),
    "customer": ("customer", "kna1", "kunde", "debitor", "partner"),
    "bom": ("bom", "recipe", "stko", "formula"),
    "bom_component": ("bom", "recipe", "stpo", "component", "rezept", "stueckliste"),
    "operation": ("routing", "operation", "plpo", "arbeitsplan"),
    "work_order": ("workorder", "production", "afko", "afpo", "manufacturing", "fertigung", "mo"),
    "work_order_material": ("consumption", "resb", "womaterial"),
    "purchase_order": ("purchase", "ekko", "po", "bestell"),
    "purchase_order_line": ("purchase", "ekpo", "po", "bestell"),
    "receipt": ("receipt", "goodsreceipt", "grn", "wareneingang", "gr"),
    "sales_order": ("sales", "vbak", "order", "auftrag"),
    "sales_order_line": ("sales", "vbap", "orderline", "auftrag"),
    "shipment_line": ("shipment", "delivery", "deliveries", "lips", "picking", "lieferung"),
    "inventory_snapshot": ("stock", "inventory", "mard", "onhand", "quant", "bestand", "lager"),
    "inventory_movement": ("movement", "matdoc", "mseg", "ledger", "transaction", "bewegung"),
}


@dataclass(frozen=True)
class Match:
    """A column of the file taken as a field. `values` and `percent` say how its cells are to be read; `per` is
    the column that says for how many units a price is."""

    field: str
    header: str
    values: Mapping[str, str] = default(default_factory=dict)
    percent: bool = False
    per: str | None = None
    score: float = 1.0
    why: str = ""


@dataclass(frozen=True)
class Bid:
    """What an entity makes of the headers."""

    entity: str
    score: float
    matches: tuple[Match, ...]
    missing: tuple[str, ...]
    known: tuple[str, ...]
    unknown: tuple[str, ...]

    specific: bool = True
    """Whether at least one column is of a kind that few entities have: a code and a unit alone say nothing."""

    @property
    def firm(self) -> Bid:
        """The bid without the guesses."""
        return self

    @property
    def why(self) -> tuple[str, ...]:
        """Reasons."""
        return ()

    @property
    def complete(self) -> bool:
        """Whether every required field has a column, and something sets this entity apart."""
        return self.specific and not self.missing


@dataclass(frozen=True)
class Recognition:
    """All bids, best first, and the system whose headers these are."""

    bids: tuple[Bid, ...]
    system: str | None

    @property
    def best(self) -> Bid | None:
        """The bid that wins clearly, or None where a person has to say."""
        ready = [bid for bid in self.bids if bid.complete and bid.score >= THRESHOLD]
        if not ready or (len(ready) > 1 and ready[0].score - ready[1].score < MARGIN):
            return None
        return ready[0]

    @property
    def ranked(self) -> tuple[Bid, ...]:
        """All bids."""
        return self.bids

    def of(self, entity: str) -> Bid | None:
        """The bid of one entity."""
        return next((bid for bid in self.bids if bid.entity == entity), None)


def carried(entity: Entity, registry: Registry) -> dict[str, Field]:
    """Every field a file of `entity` may carry: its own, and its parent's where the names do not clash."""
    fields = {one.name: one for one in entity.fields}
    if entity.parent:
        fields.update({one.name: one for one in registry[entity.parent].fields if one.name not in fields})
    return fields


def derivable(entity: Entity) -> frozenset[str]:
    """Required fields that ingest can supply itself: a line's position in its document, the moment of a count."""
    found = {"line_no"} if entity.parent and entity.has("line_no") else set()
    if entity.semantics == "snapshot" and entity.event_time:
        found.add(entity.event_time)
    return frozenset(found)


def needed(entity: Entity, registry: Registry) -> list[str]:
    """Fields without which a file cannot be of this entity."""
    names = [one.name for one in entity.fields if one.required and one.default is None]
    if entity.parent:
        parent = registry[entity.parent]
        names += [name for name in parent.key if parent.field(name).default is None]
    return [name for name in dict.fromkeys(names) if name not in derivable(entity)]


def fingerprint(headers: Sequence[str]) -> str | None:
    """The system whose headers most of these are, if at least three are and no other system has as many."""
    votes: Counter[str] = Counter()
    for header in headers:
        votes.update({one.system for one in synonyms.lookup(header)})
    votes.pop("Spreadsheet", None)
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < 3 or (len(ranked) > 1 and ranked[1][1] == ranked[0][1]):
        return None
    return ranked[0][0]


@dataclass
class _Bidder:
    """Assigns headers to the fields of one entity, the surest reading first."""

    entity: Entity
    registry: Registry
    headers: Sequence[str]
    system: str | None

    def __post_init__(self) -> None:
        self.fields = carried(self.entity, self.registry)
        self.names = {
            spelling: name
            for name, one in reversed(self.fields.items())
            for spelling in (synonyms.key(name), synonyms.key(one.label))
        }
        self.present = {spelling for header in self.headers for spelling in synonyms.spellings(header)}

    def _levels(self, header: str) -> Iterator[tuple[int, Synonym]]:
        own, parent = self.entity.name, self.entity.parent
        for one in synonyms.lookup(header):
            if one.only_with:
                if one.entity == own and one.only_with in self.present:
                    yield 0, one
                continue
            mine = one.system == self.system
            if one.entity == own:
                yield (1 if mine else 3), one
            elif one.entity == parent:
                yield (2 if mine else 6), one
            elif one.entity == ANY and (one.field in self.fields):
                yield 5, one
        for spelling in synonyms.spellings(header):
            name = self.names.get(spelling)
            if name:
                level = 2 if self.entity.has(name) else 4
                yield level, Synonym(own, name, header, "", spelling.endswith("pct"), False, {}, "")

    def assign(self) -> tuple[list[Match], list[str]]:
        """The matches in column order, and the headers nobody could place though they are known here."""
        options = [
            (level, index, one)
            for index, header in enumerate(self.headers)
            if header.strip() and header not in self.headers[:index]
            for level, one in self._levels(header)
        ]
        per = next((self.headers[index] for _, index, one in options if one.per and one.system == self.system), None)
        taken: dict[str, int] = {}
        placed: dict[int, Match | None] = {}
        for _level, index, one in sorted(options, key=lambda option: (option[0], option[1], option[2].field == "")):
            if index in placed or (one.field and (one.field in taken or one.field not in self.fields)):
                continue
            header = self.headers[index]
            percent = one.percent or synonyms.key(header).endswith("pct")
            placed[index] = None
            if one.field:
                divisor = per if one.field in PRICED else None
                placed[index] = Match(one.field, header, one.values, percent, divisor)
                taken[one.field] = index
        matches = [match for _, match in sorted(placed.items()) if match is not None]
        known = [self.headers[index] for index in sorted({index for _, index, _ in options})]
        return matches, known


def bid(entity: Entity, registry: Registry, headers: Sequence[str], system: str | None, file_name: str) -> Bid:
    """One entity's reading of the headers and how sure it is, between 0 and 1."""
    matches, known = _Bidder(entity, registry, headers, system).assign()
    have = {match.field for match in matches}
    want = needed(entity, registry)
    missing = tuple(name for name in want if name not in have)
    named = [header for header in headers if header.strip()]
    share = (len(want) - len(missing)) / len(want)
    covered = (len(matches) + 0.5 * (len(known) - len(matches))) / max(len(named), 1)
    score = 0.5 * share + 0.42 * min(covered, 1.0) + (NAME_HINT if _named(entity, file_name) else 0.0)
    unknown = tuple(header for header in named if header not in known)
    owners = {name: sum(other.has(name) for other in registry) for name in have if entity.has(name)}
    specific = any(count <= 3 for count in owners.values())
    return Bid(entity.name, round(score, 4), tuple(matches), missing, tuple(known), unknown, specific)


def _named(entity: Entity, file_name: str) -> bool:
    stem = synonyms.key(file_name.split(".")[0])
    return any(len(word) > 2 and word in stem for word in (*_NAMES.get(entity.name, ()), entity.table))


def headerless(headers: Sequence[str]) -> bool:
    """Whether the names are those given to a table that has none."""
    return bool(headers) and all(_NAMELESS.fullmatch(name) for name in headers)


def recognise(
    headers: Sequence[str], registry: Registry, file_name: str = "", sample: Sequence[Sequence[str]] = ()
) -> Recognition:
    """Let every entity bid for the headers."""
    del sample
    system = fingerprint(headers)
    bids = [bid(entity, registry, headers, system, file_name) for entity in registry]
    ranked = sorted(bids, key=lambda one: (one.complete, one.score, len(one.matches)), reverse=True)
    return Recognition(tuple(ranked), system)
