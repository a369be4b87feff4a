"""How often a header is read rightly: of systems we know, and of a system nobody has met (left out of the facts).

Usual headers, of no system in particular, stay known when a system is left out.
"""

from __future__ import annotations

from collections import Counter

from opscopilot.catalogue import recognition, synonyms
from opscopilot.catalogue.bidding import Bidder
from opscopilot.catalogue.synonyms import ANY, Synonym, Synonyms
from opscopilot.manufacturing.entities import registry

CATALOGUE = registry()


def outcome(one: Synonym, system: str | None, facts: Synonyms) -> tuple[str, str]:
    """What becomes of a header on its own: right, wrong or unmapped; and how (sure or guess)."""
    matches, _, _ = Bidder(CATALOGUE[one.entity], CATALOGUE, [one.header], system, facts).assign()
    if not matches:
        return ("right" if not one.field else "unmapped"), "none"
    return ("right" if matches[0].field == one.field else "wrong"), ("guess" if matches[0].guess else "sure")


def measured(left_out: bool) -> dict[str, float]:
    """Shares of right, wrong (and wrong without a person being asked) and unmapped, over every header of every
    system that stands for a field; `taken` is the share of headers we do not keep that would be taken for a field."""
    found: Counter[tuple[str, str]] = Counter()
    not_kept: Counter[tuple[str, str]] = Counter()
    for system in synonyms.systems():
        if system == synonyms.USUAL:
            continue
        facts = Synonyms(without=system) if left_out else synonyms.known()
        for one in synonyms.rows_of(system):
            if one.entity != ANY and not one.only_with:
                (found if one.field else not_kept)[outcome(one, None if left_out else system, facts)] += 1
    total = found.total()
    shares = {name: sum(n for (what, _), n in found.items() if what == name) / total for name in
              ("right", "wrong", "unmapped")}  # fmt: skip
    shares["unasked"] = found["wrong", "sure"] / total
    shares["taken"] = not_kept["wrong", "sure"] / not_kept.total()
    return {name: round(100 * share, 1) for name, share in shares.items()}


def test_headers_of_the_systems_we_know_are_right() -> None:
    found = measured(left_out=False)
    assert found["right"] >= 99.5, found
    assert found["taken"] <= 0.5, found


def test_headers_of_a_system_nobody_has_met_are_right_or_left_open_and_hardly_ever_wrong() -> None:
    found = measured(left_out=True)
    assert found["right"] >= 62.0, found
    assert found["wrong"] <= 3.0, found
    assert found["unasked"] <= 2.0, found
    assert found["taken"] <= 7.0, found


def test_whole_files_of_systems_nobody_has_met_are_never_taken_for_something_else_often() -> None:
    found: Counter[str] = Counter()
    wrong = []
    for system in synonyms.systems():
        if system == synonyms.USUAL:
            continue
        facts = Synonyms(without=system)
        groups: dict[str, dict[str, str]] = {}
        for one in synonyms.rows_of(system):
            if one.field and not one.only_with:
                groups.setdefault(one.entity, {}).setdefault(one.field, one.header)
        for entity, columns in groups.items():
            if set(recognition.needed(CATALOGUE[entity], CATALOGUE)) <= set(columns):
                best = recognition.recognise(list(columns.values()), CATALOGUE, facts=facts).best
                result = "asked" if best is None else "right" if best.entity == entity else "wrong"
                found[result] += 1
                if result == "wrong" and best is not None:
                    wrong.append((system, entity, best.entity))
    assert found["wrong"] <= 0.03 * found.total(), (found, wrong)
    assert found["right"] >= 0.25 * found.total(), (found, wrong)
