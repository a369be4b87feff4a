"""Which entity a file holds and which of its columns are which fields, from the headers and some values.

Every entity of the catalogue bids for the headers. A bid wins by having all required fields and by knowing what
the file's other columns are; the file's name can tip the balance, and so does a column that only one bid can
place. Two bids too close to each other, or a bid without a required field, is no recognition: a person decides,
never a guess (P-82).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opscopilot.catalogue import samples, synonyms
from opscopilot.catalogue.bidding import Bidder, Match, carried
from opscopilot.catalogue.declaration import Entity, Registry
from opscopilot.catalogue.samples import Column
from opscopilot.catalogue.synonyms import Synonyms
from opscopilot.catalogue.types import Type
from opscopilot.catalogue.words import meanings

__all__ = [
    "MARGIN", "THRESHOLD", "Bid", "Match", "Recognition", "carried", "derivable", "fingerprint", "headerless",
    "needed", "recognise",
]  # fmt: skip
THRESHOLD = 0.6
MARGIN = 0.06
NAME_HINT = 0.08
_SPECIFIC = 6
"""Entities that may share a field which still sets each of them apart from the rest."""
_TELLING = 4
"""A code of so many entities at most tells them apart."""
_UNNAMED = 0.75
"""The score a bid needs where the file's name speaks of something else."""
_FEWEST = 2
"""Columns that must be known: one alone, a customer's number, may stand in any file."""
_NEAR = 0.2
"""How much worse an incomplete bid may be and still raise a doubt."""
_NOBODYS = 0.3
"""What a column counts that nobody at all knows: wide exports have many of them."""
_NAMELESS = re.compile(r"column \d+")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "location": ("location", "warehouse", "site", "t001l", "lager"),
    "sku": ("item", "material", "product", "sku", "artikel", "mara", "article"),
    "sku_uom": ("uom", "unit", "factor", "pack", "marm"),
    "sku_xref": ("xref", "crossref", "alias"),
    "sku_supersession": ("supersession", "superseded", "successor", "nachfolge"),
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
    "sales_order": ("sales", "vbak", "auftrag", "pedido", "commande", "ordini", "verkoop", "salg"),
    "sales_order_line": ("sales", "vbap", "orderline", "auftrag", "pedido", "commande", "ordini", "verkoop", "salg"),
    "shipment_line": ("shipment", "delivery", "deliveries", "lips", "picking", "lieferung"),
    "inventory_snapshot": ("stock", "inventory", "mard", "onhand", "quant", "bestand", "lager"),
    "promotion": ("promotion", "promo", "aktion", "kampagne", "campaign"),
    "price": ("pricelist", "preisliste", "prices", "a017", "konp", "tarif"),
    "calendar_day": ("calendar", "holiday", "kalender", "feiertag", "shutdown"),
    "shift": ("shift", "schicht", "equipe", "turno", "skift"),
    "inventory_movement": ("movement", "matdoc", "mseg", "ledger", "transaction", "bewegung"),
}


_OTHER_ORDERS = ("purchase", "vendor", "supplier", "work", "production", "manufactur", "inkoop", "indkob", "einkauf")
"""A file called orders holds sales orders, unless its name says one of these."""


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
    why: tuple[str, ...] = ()
    telling: frozenset[str] = frozenset()
    """Headers taken as fields that few entities have."""
    lines_of: str | None = None
    """The entity whose lines these would be."""
    lines: frozenset[str] = frozenset()
    """Headers taken as what only a line has: its number, its item, its quantity."""
    native: int = 0
    """Columns that are headers of the file's own system for this very entity."""
    against: tuple[str, ...] = ()
    """Columns left out because of their values, in words."""
    without_guesses: Bid | None = None

    @property
    def firm(self) -> Bid:
        """The bid without its guesses: what may be taken without asking."""
        return self.without_guesses or self

    @property
    def complete(self) -> bool:
        """Whether every required field has a column, and something sets this entity apart."""
        return self.specific and not self.missing

    @property
    def literal(self) -> bool:
        """Whether every column has the very name of its field, as in a template of ours."""
        return all(synonyms.key(match.header) == synonyms.key(match.field) for match in self.matches)

    def only_mine(self, other: Bid) -> frozenset[str]:
        """Telling headers that the other bid has no field for."""
        return self.telling - {match.header for match in other.matches}


@dataclass(frozen=True)
class Recognition:
    """All bids, best first, and the system whose headers these are."""

    bids: tuple[Bid, ...]
    system: str | None
    named: frozenset[str] = frozenset()
    """Entities that the file's name speaks of."""

    @property
    def best(self) -> Bid | None:
        """The bid that wins clearly, without its guesses, or None where a person has to say."""
        ready = [
            bid.firm for bid in self.bids
            if bid.firm.complete and bid.firm.score >= THRESHOLD and len(bid.firm.matches) >= _FEWEST
        ]  # fmt: skip
        rivals = [bid for bid in self.bids if bid.specific and bid.score >= THRESHOLD]
        for one in ready:
            if self.named and one.entity not in self.named and one.score < _UNNAMED:
                continue
            placed = {match.header for match in one.matches}
            if any(other.lines_of == one.entity and other.lines - placed for other in self.bids):
                continue  # the file has lines: it is not only the document
            others = [other for other in rivals if other.entity != one.entity]
            if all(_beats(one, other) if other.firm.complete else not _doubts(one, other) for other in others):
                return one
        return None

    @property
    def ranked(self) -> tuple[Bid, ...]:
        """The bids as a person would want to see them: the best guess first."""
        return tuple(sorted(self.bids, key=lambda bid: (bid.specific, bid.score, not bid.missing), reverse=True))

    def of(self, entity: str) -> Bid | None:
        """The bid of one entity."""
        return next((bid for bid in self.bids if bid.entity == entity), None)


def _beats(one: Bid, other: Bid) -> bool:
    """Whether a bid is clearly better: by its score, or because it alone can place a telling column."""
    ahead = one.score - other.score
    if one.literal and not other.literal and ahead >= 0:
        return True
    if one.native and not other.native and 0 <= ahead < MARGIN and not other.only_mine(one):
        return True
    if ahead >= MARGIN:
        return not (ahead < 2 * MARGIN and other.only_mine(one) and not one.only_mine(other))
    foreign = bool(other.native) and not one.native
    return ahead >= -MARGIN and not foreign and bool(one.only_mine(other)) and not other.only_mine(one)


def _doubts(one: Bid, other: Bid) -> bool:
    """Whether a bid that lacks a column makes a complete one doubtful: it alone can place a telling column."""
    near = one.score - other.score < _NEAR
    return near and bool(other.only_mine(one)) and not one.only_mine(other)


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


def fingerprint(headers: Sequence[str], facts: Synonyms) -> str | None:
    """The system whose headers these are: at least three, and most of those that few others have."""
    votes: Counter[str] = Counter()
    weight: dict[str, float] = {}
    for header in headers:
        users = {one.system for one in facts.lookup(header)} - {synonyms.USUAL}
        votes.update(users)
        for system in users:
            weight[system] = weight.get(system, 0.0) + 1 / len(users)
    ranked = sorted((name for name in votes if votes[name] >= 3), key=lambda name: weight[name], reverse=True)
    if not ranked or weight[ranked[0]] < 1 or (len(ranked) > 1 and weight[ranked[0]] == weight[ranked[1]]):
        return None
    return ranked[0]


@dataclass(frozen=True)
class _Table:
    """What is recognised: the headers, the columns' values, the file's name, and what is known of headers."""

    headers: Sequence[str]
    columns: Sequence[Column]
    file_name: str
    facts: Synonyms
    system: str | None
    owners: Mapping[str, int]
    known: frozenset[str]
    """Headers that anybody at all knows."""

    def bid(self, entity: Entity, registry: Registry) -> Bid:
        """One entity's reading of the headers and how sure it is, between 0 and 1."""
        bidder = Bidder(entity, registry, self.headers, self.system, self.facts, self.columns)
        matches, known, against = bidder.assign()
        whole = self._score(entity, registry, matches, known, against)
        firm = [one for one in matches if not one.guess]
        if len(firm) == len(matches):
            return whole
        return replace(whole, without_guesses=self._score(entity, registry, firm, known, against))

    def _score(
        self, entity: Entity, registry: Registry, matches: list[Match], known: list[str], against: list[str]
    ) -> Bid:
        have = {match.field for match in matches}
        want = needed(entity, registry)
        missing = tuple(name for name in want if name not in have)
        named = [header for header in self.headers if header.strip()]
        share = (len(want) - len(missing)) / len(want)
        weight = sum(1.0 if header in self.known else _NOBODYS for header in named)
        sure = sum(match.score for match in matches)
        covered = (sure + 0.5 * (len(known) - len(matches))) / max(weight, 1.0)
        hint = _named(entity, self.file_name)
        score = 0.5 * share + 0.42 * min(covered, 1.0) + (NAME_HINT if hint else 0.0)
        unknown = tuple(header for header in named if header not in known)
        own = [match for match in matches if entity.has(match.field)]
        specific = any(self.owners[match.field] <= _SPECIFIC for match in own)
        fields = carried(entity, registry)
        telling = frozenset(
            match.header for match in matches
            if self.owners[match.field] <= _TELLING and fields[match.field].type is Type.CODE
        )  # fmt: skip
        document = registry[entity.parent] if entity.parent else None
        only_line = {name for name in (*want, "line_no") if document and not document.has(name)}
        lines = frozenset(match.header for match in matches if match.field in only_line)
        why = [f"{len(matches)} of {len(named)} columns are known for {entity.title.lower()}"]
        why += [f"headers of {self.system}"] if self.system else []
        why += ["the file's name says so"] if hint else []
        return Bid(
            entity.name, round(score, 4), tuple(matches), missing, tuple(known), unknown, specific,
            tuple(why), telling, entity.parent, lines, sum(match.native for match in matches),
            tuple(against),
        )  # fmt: skip


def _named(entity: Entity, file_name: str) -> bool:
    stem = synonyms.key(file_name.split(".")[0])
    if entity.name in ("sales_order", "sales_order_line") and "order" in stem:
        return not any(word in stem for word in _OTHER_ORDERS)
    return any(len(word) > 2 and word in stem for word in (*_NAMES.get(entity.name, ()), entity.table))


def headerless(headers: Sequence[str]) -> bool:
    """Whether the names are those given to a table that has none."""
    return bool(headers) and all(_NAMELESS.fullmatch(name) for name in headers)


def recognise(
    headers: Sequence[str], registry: Registry, file_name: str = "", sample: Sequence[Sequence[str]] = (),
    facts: Synonyms | None = None,
) -> Recognition:  # fmt: skip
    """Let every entity bid for the headers. `sample` is the first rows; `facts` what is known of headers."""
    facts = facts or synonyms.known()
    system = fingerprint(headers, facts)
    owners = Counter(one.name for entity in registry for one in entity.fields)
    names = {synonyms.key(one) for one in owners}
    anybody = frozenset(
        header for header in headers
        if facts.lookup(header) or facts.alike(meanings(header)) or names & set(synonyms.spellings(header))
    )  # fmt: skip
    columns = samples.columns(len(headers), sample)
    table = _Table(headers, columns, file_name, facts, system, owners, anybody)
    bids = [table.bid(entity, registry) for entity in registry]
    ranked = sorted(bids, key=lambda one: (one.firm.complete, one.firm.score, len(one.matches)), reverse=True)
    return Recognition(tuple(ranked), system, frozenset(one.name for one in registry if _named(one, file_name)))
