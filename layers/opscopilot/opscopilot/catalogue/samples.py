"""What the first rows of a column say about it: whether its values support a field, or speak against it.

Only a sample is looked at; nothing is checked or converted here. Few values prove nothing, so a column is
contradicted only by enough values that are plainly something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from opscopilot.catalogue import spellings
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.types import Type

Verdict = Literal["supports", "open", "contradicts"]
ENOUGH = 3
"""Values that must agree before they can contradict a header."""
_MOST = 0.8
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/. ]\d{1,2}[-/. ](\d{4}|\d{2})([T ,].*)?|(19|20)\d{6}"
    r"|\d{1,2}[-. ]*[^\W\d_]{3,10}\.?[-, ]*(\d{4}|\d{2})([T ].*)?|[^\W\d_]{3,10}\.? \d{1,2},? \d{4}.*"
)
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
_WORDS = re.compile(r"\D+")
_DECIMAL = re.compile(r"[-+]?\d*[.,]\d+")
_LETTERS = re.compile(r".*[^\W\d_].*[^\W\d_].*|[^\W\d_]+")
_NUMBER = re.compile(
    r"[-+(]?\s*([^\W\d_]{1,3}|[€$£¥])?\s*[-+]?\d[\d.,'’ \u00a0\u202f]*\s*([€$£¥%]|[^\W\d_]{1,4}\.?)?\s*[-)]?"
)
_PURE = re.compile(r"[-+]?\d+([.,]\d+)*")
_CODE = re.compile(r"[^\s]{1,40}( [^\s]{1,20})?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _check_digit(text: str) -> bool:
    if not text.isdigit() or len(text) not in (8, 12, 13, 14, 18):
        return False
    weighted = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(reversed(text)))
    return weighted % 10 == 0


@dataclass(frozen=True)
class Column:
    """The values of one column of the sample, empty cells left out."""

    values: tuple[str, ...]

    def share(self, pattern: re.Pattern[str]) -> float:
        """The part of the values that are of this form."""
        return sum(bool(pattern.fullmatch(one)) for one in self.values) / max(len(self.values), 1)

    @cached_property
    def dates(self) -> float:
        """The part that are days."""
        return self.share(_DATE)

    @cached_property
    def numbers(self) -> float:
        """The part that are numbers and no days."""
        return sum(bool(_NUMBER.fullmatch(one)) and not _DATE.fullmatch(one) for one in self.values) / max(
            len(self.values), 1
        )

    @cached_property
    def barcodes(self) -> float:
        """The part that are GTINs, GLNs or SSCCs with a right check digit."""
        return sum(_check_digit(one) for one in self.values) / max(len(self.values), 1)

    @cached_property
    def mails(self) -> float:
        """The part that are mail addresses."""
        return self.share(_MAIL)

    def known(self, words: frozenset[str]) -> float:
        """The part that is among `words` (lower case)."""
        return sum(one.lower() in words for one in self.values) / max(len(self.values), 1)

    def verdict(self, field: Field, values: frozenset[str] = frozenset()) -> Verdict:
        """Whether the values are such as the field has; `values` are further spellings the source uses."""
        if not self.values:
            return "open"
        for_it, against = self._judge(field, values)
        if for_it >= _MOST:
            return "supports"
        return "contradicts" if against >= _MOST and len(self.values) >= ENOUGH else "open"

    def _judge(self, field: Field, values: frozenset[str]) -> tuple[float, float]:
        """How many values are for the field and how many against it, as shares."""
        kind = field.type
        if kind in (Type.DATE, Type.INSTANT):
            return self.dates, max(self.share(_WORDS), self.share(_DECIMAL))
        if kind.is_number or kind is Type.INT:
            return self.numbers, max(self.share(_WORDS), self.dates)
        if kind in (Type.GTIN, Type.GLN, Type.SSCC):
            return self.barcodes, self.share(_LETTERS)
        words = known_words(field)
        if words is not None:
            known = self.known(words | values)
            prose = len(set(self.values)) > 5 and len(set(self.values)) > len(self.values) / 2
            closed = kind in (Type.UOM, Type.CURRENCY, Type.COUNTRY)
            against = self.share(_PURE) if closed else float(known == 0 and prose)
            return known, against
        return self._judge_text(field)

    def _judge_text(self, field: Field) -> tuple[float, float]:
        if field.name == "email":
            return self.mails, 1 - self.mails
        if field.type is Type.CODE:
            prose = sum(len(one) > 64 for one in self.values) / len(self.values)
            return self.share(_CODE) * (1 - self.share(_DAY)), max(prose, self.mails)
        letters = sum(any(char.isalpha() for char in one) for one in self.values) / len(self.values)
        return letters, 0.0


@lru_cache(maxsize=500)
def _words(kind: Type, enum: tuple[str, ...], aliases: tuple[str, ...]) -> frozenset[str] | None:
    found = spellings.of(Field("_", kind, enum=enum, aliases=dict.fromkeys(aliases, enum[0] if enum else "")))
    return None if found is None else frozenset(word.lower() for word in found)


def known_words(field: Field) -> frozenset[str] | None:
    """Every spelling of the field's values, lower case; None for open types."""
    return _words(field.type, field.enum, tuple(field.aliases))


def columns(width: int, sample: Sequence[Sequence[str]]) -> list[Column]:
    """The sample by columns."""
    return [
        Column(tuple(text for row in sample if index < len(row) and (text := row[index].strip())))
        for index in range(width)
    ]


KINDS = {
    Type.CODE: "codes", Type.TEXT: "text", Type.ENUM: "values we know", Type.INT: "numbers", Type.QTY: "numbers",
    Type.PRICE: "numbers", Type.MONEY: "numbers", Type.RATIO: "numbers", Type.DATE: "dates", Type.INSTANT: "dates",
    Type.TIME: "times of day", Type.WEEKDAYS: "weekdays", Type.BOOL: "yes and no", Type.UOM: "units", Type.CURRENCY: "currencies", Type.COUNTRY: "countries",
    Type.GTIN: "barcodes", Type.GLN: "barcodes", Type.SSCC: "barcodes",
}  # fmt: skip
"""What the values of a type are called."""
