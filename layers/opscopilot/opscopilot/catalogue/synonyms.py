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

from opscopilot.catalogue.words import Meanings, meanings

ANY = "*"
USUAL = "Spreadsheet"
"""The system of headers that are nobody's in particular."""
_TABLE_PREFIX = re.compile(r"^[A-Z][A-Z0-9]{3,4}-(?=[A-Z])")
_SAP_TABLE = re.compile(
    r"^(?:MARA|MAKT|MARC|MARD|MBEW|MARM|MCHB|MSEG|MKPF|MATDOC|VBAK|VBAP|VBEP|LIKP|LIPS|EKKO|EKPO|EKET|EKBE|EINA|EINE|EORD|"
    r"LFA1|LFB1|LFM1|KNA1|KNB1|KNVV|STKO|STPO|MAST|AFKO|AFPO|AUFK|AFVC|AFVV|RESB|PLKO|PLPO|MAPL|CRHD|T001[LW])[-._~ ]+",
    re.IGNORECASE,
)
_SAP_TAIL = re.compile(r"^[A-Za-z]{4,}_(?=[A-Z]{4,5}$)")
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
    text = header.strip()
    forms = (text, _TABLE_PREFIX.sub("", text), _SAP_TABLE.sub("", text), _BRACKETS.sub("", text),
             _SAP_TAIL.sub("", text))  # fmt: skip
    return [one for one in dict.fromkeys(key(form) for form in forms) if one]


def _values(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(";") if pair)


class Synonyms:
    """All facts, by header and by the meanings of its words. `without` leaves a system out, to measure what is
    known of a system nobody has met yet."""

    def __init__(self, without: str | None = None) -> None:
        found: dict[str, list[Synonym]] = {}
        self._meaning: dict[Meanings, list[Synonym]] = {}
        for one in _rows():
            if one.system == without:
                continue
            found.setdefault(key(one.header), []).append(one)
            if not one.only_with:
                self._meaning.setdefault(meanings(one.header), []).append(one)
        self.by_key = {name: tuple(rows) for name, rows in found.items()}

    def lookup(self, header: str) -> tuple[Synonym, ...]:
        """Everything known about a header; the most literal spelling that is known decides."""
        for spelling in spellings(header):
            rows = self.by_key.get(spelling)
            if rows:
                return rows
        return ()

    def alike(self, meant: Meanings) -> tuple[Synonym, ...]:
        """Facts about headers whose words mean just that."""
        return tuple(self._meaning.get(meant, ()))


@cache
def _rows() -> tuple[Synonym, ...]:
    source = resources.files("opscopilot.catalogue").joinpath("data/synonyms.csv")
    return tuple(
        Synonym(
            row["entity"], row["field"], row["header"], row["system"], row["scale"] == "percent",
            row["scale"] == "per", _values(row["values"]), key(row["only_with"]),
        )
        for row in csv.DictReader(io.StringIO(source.read_text(encoding="utf-8")))
    )  # fmt: skip


@cache
def known() -> Synonyms:
    """What is known of all systems."""
    return Synonyms()


def systems() -> list[str]:
    """The systems whose headers are known."""
    return sorted({one.system for one in _rows()})


def rows_of(system: str) -> list[Synonym]:
    """The facts of one system."""
    return [one for one in _rows() if one.system == system]


def lookup(header: str) -> tuple[Synonym, ...]:
    """Everything known about a header."""
    return known().lookup(header)


def is_known(header: str) -> bool:
    """Whether any system we know of uses this header."""
    return bool(lookup(header))
