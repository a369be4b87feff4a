"""How one entity reads the headers: which column is which field, how sure that is, and why.

Readings come in levels, the surest first; a column and a field are used once. Readings of the first levels are
facts about headers; that a system has a column which we do not keep is the weakest of them. The last two are guesses from the meanings of words; a guess counts only where the values of
the sample support it, otherwise it is no more than a proposal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from functools import cached_property
from typing import NamedTuple

from opscopilot.catalogue import samples, synonyms
from opscopilot.catalogue.declaration import Entity, Field, Registry
from opscopilot.catalogue.samples import Column, Verdict
from opscopilot.catalogue.synonyms import ANY, Synonym, Synonyms
from opscopilot.catalogue.types import Type
from opscopilot.catalogue.words import meanings, tokens

PRICED = frozenset({"unit_cost", "unit_price", "price"})
"""Fields that a column of price units divides."""
OWN_NAME, NOT_KEPT, WORDS, SIMILAR = 2, 9, 10, 11
_SCORES = {0: 1.0, 1: 1.0, 2: 0.98, 3: 0.95, 4: 0.92, 5: 0.92, 6: 0.92, 7: 0.85, 8: 0.8, WORDS: 0.75, SIMILAR: 0.5}
_GENERIC = frozenset(
    {"no", "id", "ref", "name", "date", "type", "status", "description", "group", "qty", "item", "unit"}
)
"""Meanings that say too little, alone, to carry over from a document to its lines."""
_SUBJECTS = frozenset(
    {"purchase", "sales", "production", "supplier", "customer", "shipment", "receipt", "component", "invoice", "quote",
     "item", "parent", "manufacturer", "bom", "warehouse", "average", "last", "to", "unit"}
)  # fmt: skip
"""Meanings that no reading may pass over: a customer's country is not a country of ours."""
_NOUNS: Mapping[str, frozenset[str]] = {
    "sku": frozenset({"item"}), "supplier": frozenset({"supplier"}), "customer": frozenset({"customer"}),
    "location": frozenset({"location", "warehouse"}), "work_order": frozenset({"production", "work", "order"}),
    "purchase_order": frozenset({"purchase", "order"}), "sales_order": frozenset({"sales", "order"}),
    "purchase_order_line": frozenset({"purchase", "order", "line"}), "bom": frozenset({"bom"}),
    "sales_order_line": frozenset({"sales", "order", "line"}), "bom_component": frozenset({"bom", "component"}),
    "receipt": frozenset({"receipt"}), "shipment_line": frozenset({"shipment"}), "operation": frozenset({"operation"}),
    "inventory_snapshot": frozenset({"stock"}), "inventory_movement": frozenset({"movement"}),
}  # fmt: skip


@dataclass(frozen=True)
class Match:
    """A column of the file taken as a field. `values` and `percent` say how its cells are to be read; `per` is
    the column that says for how many units a price is. `score` says how sure it is, `why` the reason; a `guess`
    needs a person."""

    field: str
    header: str
    values: Mapping[str, str] = default(default_factory=dict)
    percent: bool = False
    per: str | None = None
    score: float = 1.0
    why: str = ""
    guess: bool = False
    native: bool = False


_SPANS = {
    "s": {"s", "sec", "secs", "second", "seconds", "sek", "sekunden", "secondes", "segundos"},
    "min": {"min", "mins", "minute", "minutes", "minuten", "minutos", "minuti", "minuter"},
    "hour": {
        "h",
        "hr",
        "hrs",
        "hour",
        "hours",
        "std",
        "stunde",
        "stunden",
        "heures",
        "horas",
        "uur",
        "timer",
        "timmar",
    },
    "days": {"d", "day", "days", "tag", "tage", "tagen", "jours", "dias", "giorni", "dagen", "dage", "dagar", "dager"},
    "weeks": {"w", "wk", "wks", "week", "weeks", "woche", "wochen", "semaines", "semanas", "weken", "uger", "veckor"},
    "months": {"month", "months", "monat", "monate", "mois", "meses", "mesi", "maanden", "maaneder", "manader"},
}
"""Words for spans of time; a lead time in weeks is no lead time in days."""


def _other_span(header: str, field: str) -> bool:
    """Whether the header names another span of time than the field is in."""
    mine = field.rpartition("_")[2]
    if mine not in _SPANS:
        return False
    behind = tokens(header)[1:]
    named = {span for span, words in _SPANS.items() if words & set(behind)}
    return bool(named) and mine not in named


class Option(NamedTuple):
    """One possible reading of one column."""

    level: int
    at: int
    fact: Synonym
    why: str


def carried(entity: Entity, registry: Registry) -> dict[str, Field]:
    """Every field a file of `entity` may carry: its own, and its parent's where the names do not clash."""
    fields = {one.name: one for one in entity.fields}
    if entity.parent:
        fields.update({one.name: one for one in registry[entity.parent].fields if one.name not in fields})
    return fields


@dataclass
class Bidder:
    """Assigns headers to the fields of one entity, the surest reading first."""

    entity: Entity
    registry: Registry
    headers: Sequence[str]
    system: str | None
    facts: Synonyms
    columns: Sequence[Column] = ()

    def __post_init__(self) -> None:
        self.fields = carried(self.entity, self.registry)
        self.names = {
            spelling: name
            for name, one in reversed(self.fields.items())
            for spelling in (synonyms.key(name), synonyms.key(one.label))
        }
        self.present = {spelling for header in self.headers for spelling in synonyms.spellings(header)}

    @cached_property
    def _meanings_of_names(self) -> dict[frozenset[str], str]:
        return {meanings(name): name for name in reversed(self.fields)}

    def _facts(self, header: str) -> Iterator[tuple[int, Synonym, str]]:
        own, parent = self.entity.name, self.entity.parent
        rows = self.facts.lookup(header)
        for one in rows:
            if one.only_with:
                if one.entity == own and one.only_with in self.present:
                    yield 0, one, f"{one.system} beside {one.only_with.upper()}"
                continue
            mine = one.system == self.system
            usual = one.system == synonyms.USUAL
            why = "a usual header" if usual else f"a header of {one.system}"
            if one.entity == own:
                yield (1 if mine else 3 if usual else 6 if one.field else NOT_KEPT), one, why
            elif one.entity == parent and (one.field or mine):
                yield (2 if mine else 7), one, why
            elif one.entity == ANY and (one.field in self.fields):
                yield 5, one, why
        if own == "bom_component" and any(one.entity == ANY and one.field == "sku_code" for one in rows):
            # Beside the assembly's column, a further column of items is the component.
            yield 7, _fact(own, "component_sku", header, False), "the other item column"
        for spelling in synonyms.spellings(header):
            name = self.names.get(spelling)
            if name:
                fact = _fact(own, name, header, spelling.endswith("pct"))
                yield (OWN_NAME if self.entity.has(name) else 4), fact, "the field's name"
        plain = [one for one in rows if not one.only_with]
        shared = self.fields.get(plain[0].field) if len({one.field for one in plain}) == 1 else None
        if shared is not None and shared.type not in (Type.ENUM, Type.TEXT, Type.BOOL, Type.RATIO):
            yield 8, plain[0]._replace(entity=own, values={}), "the same in files of other kinds"

    def _guesses(self, header: str) -> Iterator[tuple[int, Synonym, str]]:
        """Readings by the meanings of the header's words: the whole header's, then its last part's."""
        whole = meanings(header)
        found = self._meaning(whole)
        if found is not None:
            yield WORDS, found, f"the words mean the same as '{found.header}'"
            return
        bare = whole - _NOUNS.get(self.entity.name, frozenset())
        tries = [meanings(part) for part in _parts(header)] + ([bare] if bare else [])
        for found in [*map(self._meaning, tries), self._near(whole)]:
            if found is not None and not self._passes_over(whole, found):
                yield SIMILAR, found, f"much like '{found.header}'"
                return

    def _passes_over(self, whole: frozenset[str], found: Synonym) -> bool:
        """Whether a reading leaves out whose or what the header speaks of."""
        left_out = whole - meanings(found.header) - _NOUNS.get(self.entity.name, frozenset())
        return bool(left_out & _SUBJECTS)

    def _meaning(self, meant: frozenset[str]) -> Synonym | None:
        name = self._meanings_of_names.get(meant)
        if name is not None:
            return _fact(self.entity.name, name, name, "pct" in meant)
        own, parent = self.entity.name, self.entity.parent
        rows = self.facts.alike(meant)
        for wanted in (own, ANY, None if meant <= _GENERIC else parent):
            mine = [one for one in rows if one.entity == wanted and (not one.field or one.field in self.fields)]
            fields = {one.field for one in mine}
            if len(fields) == 1:
                return mine[0]._replace(entity=own, values={})
            if fields:
                return None
        return None

    def _near(self, whole: frozenset[str]) -> Synonym | None:
        """The reading that comes of leaving out, or adding, what says that it is a number or an id."""
        if whole & {"no", "id"}:
            rest = whole - {"no", "id"}
            tries = [rest | {"no"}, rest | {"id"}, rest]
        else:
            tries = [whole | {"no"}]
        found = [one for meant in tries if meant and meant != whole and (one := self._meaning(meant)) is not None]
        return found[0] if len({one.field for one in found}) == 1 else None

    def _options(self) -> list[Option]:
        found = []
        for index, header in enumerate(self.headers):
            if not header.strip() or header in self.headers[:index]:
                continue
            facts = [Option(level, index, one, why) for level, one, why in self._facts(header)]
            if not facts:
                facts = [Option(level, index, one, why) for level, one, why in self._guesses(header)]
            found += [one for one in facts if not self._misread(header, one.fact.field)]
        return found

    def _misread(self, header: str, field: str) -> bool:
        """Whether the neighbours or a unit in the header say that it is something else."""
        if field == "status" and synonyms.key(header) == "state":
            return any(meanings(other) & {"city", "zip"} for other in self.headers)
        return _other_span(header, field)

    def _verdict(self, option: Option) -> Verdict:
        """What the column's values say to this reading. Our own field names are never contradicted."""
        if not option.fact.field or option.at >= len(self.columns):
            return "open"
        spoken = frozenset(word.lower() for word in option.fact.values)
        verdict = self.columns[option.at].verdict(self.fields[option.fact.field], spoken)
        sure = option.level in (0, 1) or self.headers[option.at] == option.fact.field
        return "open" if verdict == "contradicts" and sure else verdict

    def assign(self) -> tuple[list[Match], list[str], list[str]]:
        """The matches in column order, the headers known here, and why some were left out though known."""
        options = self._options()
        per = next((self.headers[one.at] for one in options if one.fact.per and one.fact.system == self.system), None)
        taken: set[str] = set()
        placed: dict[int, Match | None] = {}
        against: list[str] = []
        for option in sorted(options, key=self._rank):
            name, header = option.fact.field, self.headers[option.at]
            if option.at in placed or (name and (name in taken or name not in self.fields)):
                continue
            verdict = self._verdict(option)
            if verdict == "contradicts":
                values = self.columns[option.at].values
                against.append(
                    f"'{header}' was not taken as {self.fields[name].label.lower()}: it holds values such as "
                    f"'{values[0][:60]}', where there should be {samples.KINDS[self.fields[name].type]}."
                )
                continue
            placed[option.at] = self._match(option, verdict, per) if name else None
            taken.add(name)
        matches = [match for _, match in sorted(placed.items()) if match is not None]
        sure = {one.at for one in options if one.level < WORDS} | set(placed)
        known = [self.headers[index] for index in sorted(sure)]
        return matches, known, against

    def _rank(self, option: Option) -> tuple[int, bool, int, bool]:
        header = synonyms.key(self.headers[option.at])
        internal = header.endswith("id") and len(header) > 2
        return option.level, internal, option.at, option.fact.field == ""

    def _match(self, option: Option, verdict: Verdict, per: str | None) -> Match:
        one, header = option.fact, self.headers[option.at]
        supported = verdict == "supports"
        field = self.fields[one.field]
        vague = field.type in (Type.CODE, Type.TEXT) and option.level == SIMILAR
        guess = option.level >= WORDS and (not supported or vague)
        score = _SCORES[option.level] + (0.1 if supported and option.level >= WORDS else 0.0)
        why = option.why + (f"; its values are {samples.KINDS[field.type]}" if supported else "")
        percent = one.percent or synonyms.key(header).endswith("pct")
        divisor = per if one.field in PRICED else None
        return Match(one.field, header, one.values, percent, divisor, round(score, 2), why, guess, option.level == 1)


def _fact(entity: str, name: str, header: str, percent: bool) -> Synonym:
    return Synonym(entity, name, header, "", percent, False, {}, "")


def _parts(header: str) -> list[str]:
    """The last part of a path such as 'Order Lines/Product' or 'Sales Order : Item'."""
    for sign in ("/", ":", ".", ">", " - "):
        last = header.rpartition(sign)[2].strip()
        if last and last != header.strip():
            return [last]
    return []
