"""How often a header is read rightly: of systems we know, and of a system nobody has met (left out of the facts)."""

from __future__ import annotations

from collections import Counter

from opscopilot.catalogue import synonyms
from opscopilot.catalogue.bidding import Bidder
from opscopilot.catalogue.synonyms import ANY, Synonym, Synonyms
from opscopilot.manufacturing.entities import registry

CATALOGUE = registry()
NOBODY = "Spreadsheet"
"""Usual headers of no system in particular; they stay known when a system is left out."""


def outcome(one: Synonym, system: str | None, facts: Synonyms) -> tuple[str, str]:
    """What becomes of a header on its own: right, wrong or unmapped; and how (sure or guess)."""
    matches, _, _ = Bidder(CATALOGUE[one.entity], CATALOGUE, [one.header], system, facts).assign()
    if not matches:
        return ("right" if not one.field else "unmapped"), "none"
    return ("right" if matches[0].field == one.field else "wrong"), ("guess" if matches[0].guess else "sure")


def measured(left_out: bool) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Counts over every fact of every system, and the wrong ones."""
    found: Counter[tuple[str, str]] = Counter()
    wrong = []
    for system in synonyms.systems():
        if system == NOBODY:
            continue
        facts = Synonyms(without=system) if left_out else synonyms.known()
        for one in synonyms.rows_of(system):
            if one.entity == ANY or one.only_with:
                continue
            result = outcome(one, None if left_out else system, facts)
            found[result] += 1
            if result[0] == "wrong":
                wrong.append(f"{system} {one.entity} {one.header} -> {one.field or '-'}: {result[1]}")
    return found, wrong
