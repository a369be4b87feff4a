"""A case of the robustness corpus: a file as bytes, and the table it should give or the refusal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Case:
    """One messy file. `odd` are the rows of records that are set aside; `notes` codes that must be told; `more`
    further tables; `refused` the code where nothing can be read. `wanted` are headers a mapping expects."""

    name: str
    body: bytes
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    odd: tuple[int, ...] = ()
    notes: frozenset[str] = frozenset()
    footers: int = 0
    more: tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...] = ()
    refused: str = ""
    encoding: str = ""
    wanted: frozenset[str] = frozenset()


def case(
    name: str, body: str | bytes, table: Rows = (), *, odd: Iterable[int] = (), notes: Iterable[str] = (), footers: int = 0,
    more: Sequence[Rows] = (), refused: str = "", encoding: str = "", reads_as: str = "", wanted: Iterable[str] = (),
) -> Case:  # fmt: skip
    """A case; `table` has the headers in its first row. `encoding` is how `body` is written, `reads_as` what must
    be reported."""
    raw = body if isinstance(body, bytes) else body.encode(encoding or "utf-8")
    first, *rest = [tuple(row) for row in table] or [()]
    further = tuple((tuple(one[0]), tuple(tuple(row) for row in one[1:])) for one in more)
    return Case(
        name, raw, first, tuple(rest), tuple(odd), frozenset(notes), footers, further, refused, reads_as, frozenset(wanted)
    )  # fmt: skip


STOCK = (
    ("SKU", "Description", "Qty", "Requested date"),
    ("007", "Strawberry jam", "12.50", "2026-01-05"),
    ("00100234", "Mustard, hot", "3", "2026-01-06"),
    ("4006381333931", "Honey", "1,250", "2026-02-01"),
    ("SKU-9", "Oil 5/8 in", "0.75", "2026-02-28"),
)
"""The table that most cases spoil: leading zeros, a barcode, a comma in a text and in a number."""


def text(
    rows: Rows, sign: str = ",", quote: str = '"', end: str = "\n", *, every: bool = False, escape: str = ""
) -> str:
    """The rows written in a layout; cells are quoted where they must be, or `every` one."""

    def cell(value: str) -> str:
        if not every and not any(one in value for one in (sign, quote or "\0", "\n", "\r", end)):
            return value
        if not quote:
            return value.replace(sign, escape + sign) if escape else value
        inner = value.replace(quote, quote * 2) if not escape else value.replace(quote, escape + quote)
        return f"{quote}{inner}{quote}"

    return "".join(sign.join(map(cell, row)) + end for row in rows)
