"""Headers of real systems and what they mean here: the facts in data/synonyms.csv.

A row says: in files of `system`, the column headed `header` is `field` of `entity` (`*`: of any entity that has
such a field). An empty field means the column is known and not kept. `scale` percent divides by a hundred, and
`per` marks the column that says for how many units the file's prices are (SAP's PEINH). `values` translates the
system's own codes, and `only_with` asks for another column in the same file, because some headers change their
meaning with their neighbours (SAP's EINDT beside SLFDT).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

ANY = "*"
_TABLE_PREFIX = re.compile(r"^[A-Z][A-Z0-9]{3,4}-(?=[A-Z])")
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*$")


class Synonym(NamedTuple):
    """One fact about one header."""

    entity: str
    field: str
    header: str
    system: str
    percent: bool
    per: bool
    values: Mapping[str, str]
    only_with: str


def key(header: str) -> str:
    """What counts of a header: letters and digits, without case, accents kept; % and # read as words."""
    spelled = header.replace("%", " pct ").replace("#", " no ")
    folded = unicodedata.normalize("NFKC", spelled).casefold()
    return "".join(char for char in folded if char.isalnum())


def spellings(header: str) -> list[str]:
    """The keys under which a header may be known: as it is, without a table's name, without a unit in brackets."""
    found = [key(header), key(_TABLE_PREFIX.sub("", header.strip())), key(_BRACKETS.sub("", header))]
    return [one for one in dict.fromkeys(found) if one]


def _values(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(";") if pair)


@cache
def _by_key() -> Mapping[str, tuple[Synonym, ...]]:
    found: dict[str, list[Synonym]] = {}
    source = resources.files("opscopilot.catalogue").joinpath("data/synonyms.csv")
    for row in csv.DictReader(io.StringIO(source.read_text(encoding="utf-8"))):
        one = Synonym(
            row["entity"], row["field"], row["header"], row["system"], row["scale"] == "percent",
            row["scale"] == "per", _values(row["values"]), key(row["only_with"]),
        )  # fmt: skip
        found.setdefault(key(one.header), []).append(one)
    return {name: tuple(rows) for name, rows in found.items()}


def lookup(header: str) -> tuple[Synonym, ...]:
    """Everything known about a header; the most literal spelling that is known decides."""
    for spelling in spellings(header):
        rows = _by_key().get(spelling)
        if rows:
            return rows
    return ()


def is_known(header: str) -> bool:
    """Whether any system we know of uses this header."""
    return bool(lookup(header))
