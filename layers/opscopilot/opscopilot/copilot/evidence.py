"""Evidence: no number leaves that is not in a tool result of this turn, at the precision it is printed with.

A sentence is checked figure by figure. Texts from the data (codes, names, dates) are taken out first, because
the 200 of 'Mountain-200' is a name and not a claim. What cannot be proven is dropped, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel

from opscopilot.kernel.tools import ToolResult

_NUMBER = re.compile(r"(?<![\w.])[-−+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])[-−+]?\d+(?:\.\d+)?")
_CITATION = re.compile(r"\s*\[\d+\]")


@dataclass
class Facts:
    """The figures and the texts of a turn's tool results."""

    numbers: set[Decimal] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def add(self, result: ToolResult, args: dict[str, Any]) -> None:
        """Take in everything a result (and the arguments it was asked with) holds."""
        for value in _walk([result.model_dump(mode="python"), args]):
            self._add_value(value)

    def _add_value(self, value: object) -> None:
        if isinstance(value, bool) or value is None:
            return
        if isinstance(value, (int, Decimal)):
            self.numbers.add(Decimal(value))
        elif isinstance(value, float):
            self.numbers.add(Decimal(repr(value)))
        elif isinstance(value, (datetime, date)):
            self._add_date(value)
        elif isinstance(value, str):
            self._add_text(value)
        elif isinstance(value, Length):
            self.numbers.add(Decimal(value.count))

    def _add_date(self, value: date) -> None:
        self.texts.add(value.isoformat())
        day = value.date() if isinstance(value, datetime) else value
        self.texts |= {day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%B %Y}"}
        if isinstance(value, datetime):
            self.texts.add(f"{value:%Y-%m-%d %H:%M}")

    def _add_text(self, value: str) -> None:
        try:
            self.numbers.add(Decimal(value))
        except InvalidOperation:
            if any(char.isdigit() for char in value):
                self.texts.add(value)
        else:
            self.texts.add(value)

    def proves(self, printed: str) -> bool:
        """Whether a printed figure equals a fact, or a fact as a percentage, rounded as it is printed."""
        number = Decimal(printed.replace(",", "").replace("−", "-"))
        exponent = number.as_tuple().exponent
        places = -exponent if isinstance(exponent, int) else 0
        unit = Decimal(1).scaleb(-places)
        for fact in self.numbers:
            if not fact.is_finite():
                continue
            for candidate in (fact, fact * 100, -fact):
                if abs(candidate - number) <= unit / 2:
                    return True
        return False


@dataclass(frozen=True)
class Length:
    """The length of a list in a result: 'eight items' is a figure too."""

    count: int


def _walk(value: Any) -> Iterator[object]:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="python")
    if isinstance(value, dict):
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, (list, tuple, set)):
        yield Length(len(value))
        for inner in value:
            yield from _walk(inner)
    else:
        yield value


def verify(sentences: Iterable[str], facts: Facts) -> tuple[list[str], list[str]]:
    """(proven sentences, dropped sentences)."""
    proven: list[str] = []
    dropped: list[str] = []
    texts = sorted((text for text in facts.texts if len(text) > 1), key=len, reverse=True)
    for sentence in sentences:
        (proven if _is_proven(sentence, facts, texts) else dropped).append(sentence)
    return proven, dropped


def _is_proven(sentence: str, facts: Facts, texts: list[str]) -> bool:
    bare = _CITATION.sub("", sentence)
    for text in texts:
        if text in bare and not _is_plain_number(text):
            bare = bare.replace(text, " ")
    return all(facts.proves(hit.group(0)) for hit in _NUMBER.finditer(bare))


def _is_plain_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    # A code such as 0100234 has leading zeros: as a text it stands for itself.
    return not (len(text) > 1 and text.startswith("0") and text.isdigit())
