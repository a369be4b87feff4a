"""The offline router: a question becomes tool calls without any model. Deterministic, so it is testable.

Order of work: link the tenant's own things, rank the tool cards, fill slots, and only then look at what the
conversation was about. Below the threshold the answer is 'none of my business', not a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from opscopilot.copilot.cards import VAGUE, CardIndex
from opscopilot.copilot.linking import Links, link
from opscopilot.copilot.model import PlannedCall
from opscopilot.copilot.periods import Period, parse
from opscopilot.copilot.slots import converted_quantity, fill
from opscopilot.copilot.text import content_words, fold, stem
from opscopilot.kernel.db import Tx

THRESHOLD = 0.9
"""BM25 score below which no tool is meant. Set on the questions in tests/evals: one rare word of a card passes."""

_FOLLOW_UP = re.compile(r"^\s*(and|und|et|y|what about|how about|same for|was ist mit|et pour|y para|or|now)\b")
_BUSINESS = re.compile(
    r"\bhow (did|do|are|were|have) we (do|doing|done|did)\b|\bhow (is|was|were) (business|sales|it going)\b"
    r"|\bwie (lief|laufen|liefen|lauft)\b|\bcomment (ca va|s'est passee?)\b|\bcomo (nos )?(fue|va)\b"
)
_PERIOD_WORDS = frozenset(
    stem(word)
    for word in (
        "today yesterday tomorrow last this next week weeks weekly month monthly day days daily quarter quarterly year "
        "january february march april june july august september october november december since until between against "
        "woche wochen monat tage jahr quartal heute gestern semaine mois jours annee semana mes dias ano ayer hier past "
        "letzte nachste diese derniere prochaine ultima proxima total so"
    ).split()
)
_YEAR = re.compile(r"20\d\d")
_FILLER = frozenset(
    stem(word)
    for word in (
        "item items product products sku skus article artikel produit produits producto material materials go goes going "
        "late supplier suppliers customer customers warehouse piece pieces unit kg number top most many best worst really "
        "look looking compare convert each one ones compared doing did came come happen happened long last lasts enough "
        "hello hi thanks thank stuck summarise summarize please urgent highest lowest biggest largest smallest first five "
        "ten three more less under over again also make lieferant kunde stuck fournisseur proveedor hey"
    ).split()
)


@dataclass
class Route:
    """What the router decided, and what the next turn should remember."""

    calls: list[PlannedCall] = field(default_factory=list)
    period: Period | None = None
    entities: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    followed_up: bool = False
    overview: bool = False


@dataclass
class Router:
    """Routes questions for the tools that are registered."""

    index: CardIndex

    def route(self, tx: Tx, question: str, today: date, week_start: int, memory: dict[str, Any]) -> Route:
        """Tool calls for `question`. `memory` holds the last turn's tool, arguments and entities."""
        words = content_words(question)
        ignore = {w for w in words if stem(w) in self.index.vocabulary | _PERIOD_WORDS | _FILLER}
        links = link(tx, question, frozenset(ignore | converted_quantity(question)), words)
        period = parse(question, today, week_start)
        if period is not None:  # the 2025 of 'in February 2025' names no item
            links.unknown = [word for word in links.unknown if not _YEAR.fullmatch(word)]
        named = {part for value in links.found.values() for part in content_words(value)}
        ranked = self.index.rank([word for word in words if word not in named])
        route = Route(period=period, entities=dict(links.found), unknown=links.unknown)
        if period is not None and not links.found and _BUSINESS.search(fold(question)):
            route.calls = [PlannedCall(tool="lookup_orders", args=fill("lookup_orders", question, links, period))]
        elif self._is_vague(words, ranked):
            route.calls, route.overview = overview(), True
        elif ranked and ranked[0][1] >= THRESHOLD and not self._follows(question, ranked, memory):
            route.calls = self._calls(question, ranked, links, period)
        elif memory.get("tool") and self._continues(question, links, period, words):
            route.calls, route.followed_up = [self._again(question, links, period, memory)], True
        elif links.found.keys() & {"sku", "order", "work_order"}:
            route.calls = self._by_entity(question, links, period)
        elif links.quoted or any(any(char.isdigit() for char in word) for word in links.unknown):
            text = links.quoted or next(w for w in links.unknown if any(c.isdigit() for c in w))
            route.calls = [PlannedCall(tool="query_inventory", args={"sku_code": text})]
        return route

    def _is_vague(self, words: list[str], ranked: list[tuple[str, float]]) -> bool:
        stems = {stem(word) for word in words}
        return bool(stems & VAGUE) and (not ranked or ranked[0][1] < 2 * THRESHOLD) and len(stems) <= 4

    def _follows(self, question: str, ranked: list[tuple[str, float]], memory: dict[str, Any]) -> bool:
        """'and last week?' keeps its subject even if a word of it happens to be on another card."""
        weak = ranked[0][1] < 2 * THRESHOLD
        return bool(memory.get("tool")) and bool(_FOLLOW_UP.match(fold(question))) and weak

    def _continues(self, question: str, links: Links, period: Period | None, words: list[str]) -> bool:
        short = len(words) <= 5
        return short and bool(_FOLLOW_UP.match(fold(question)) or period or links.found)

    def _calls(
        self, question: str, ranked: list[tuple[str, float]], links: Links, period: Period | None
    ) -> list[PlannedCall]:
        best = ranked[0][0]
        return [PlannedCall(tool=best, args=fill(best, question, links, period))]

    def _by_entity(self, question: str, links: Links, period: Period | None) -> list[PlannedCall]:
        tool = "query_inventory" if "sku" in links.found else "lookup_orders"
        if "work_order" in links.found and "sku" not in links.found:
            tool = "get_production_status"
        return [PlannedCall(tool=tool, args=fill(tool, question, links, period))]

    def _again(self, question: str, links: Links, period: Period | None, memory: dict[str, Any]) -> PlannedCall:
        """The last call with one thing changed; a new entity replaces the old one."""
        tool = str(memory["tool"])
        changed = fill(tool, question, links, period)
        kept = dict(memory.get("args", {}))
        if links.found:
            kept = {k: v for k, v in kept.items() if k not in ("sku", "sku_code", "order", "customer", "warehouse")}
        if period is not None:
            kept = {k: v for k, v in kept.items() if k not in ("from", "to")}
        return PlannedCall(tool=tool, args={**kept, **changed})


def overview() -> list[PlannedCall]:
    """What to look at when somebody asks whether all is well."""
    return [
        PlannedCall(tool="get_alerts", args={"status": "open"}),
        PlannedCall(tool="query_inventory", args={"status": "below_reorder_point"}),
        PlannedCall(tool="get_production_status", args={"filter": "overdue"}),
    ]
