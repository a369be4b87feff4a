"""What reading an object gives: one or more tables of text, none of them read whole yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Note(NamedTuple):
    """Something the receipt should say about how a table was read. `level` is info, warning or error."""

    level: str
    code: str
    message: str
    raw_value: str | None = None


@dataclass
class Prepared:
    """A table written out for DuckDB, and what the writing met.

    `parts` are UTF-8 files without a header: record number, row number in the source, then exactly as many cells
    as there are headers, separated by `delimiter`, quoted with `"` where needed (doubled inside), lines ended by
    "\\n". Records of a wrong width are in `spool` (see staging.rejects), counted in `rejected` and in `records`.
    """

    parts: list[Path]
    spool: Path
    delimiter: str = ","
    records: int = 0
    rejected: int = 0
    multiline: bool = False
    untidy: bool = True
    blank: int = 0
    repeated_headers: int = 0
    footers: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


class Table(Protocol):
    """One table of an object. `name` is the sheet, member or path inside it; empty where there is only one."""

    @property
    def name(self) -> str: ...
    @property
    def headers(self) -> tuple[str, ...]:
        """Column names as the file has them, empty where it has none; of a table without a header: column 1 … n."""
        ...

    @property
    def header_row(self) -> int:
        """The row of the names in the source, 0 = there is none."""
        ...

    @property
    def preamble(self) -> tuple[str, ...]:
        """Lines above the header, as text."""
        ...

    @property
    def sample(self) -> tuple[tuple[str, ...], ...]:
        """The first data rows, at most 50, for recognition by values and for proposals."""
        ...

    @property
    def delimiter(self) -> str:
        """What separates cells in the source; a comma where nothing does (a comma cannot be a decimal hint then)."""
        ...

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is known before reading it whole."""
        ...

    @property
    def read_as(self) -> dict[str, Any]:
        """How it is read, for the receipt: format, encoding, delimiter, quote, sheet, header_row …"""
        ...

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """Read it whole, once, with bounded memory, into `folder`. A new part is begun at the first record after
        `part_bytes`; None = one part. Raises Refused."""
        ...


@dataclass(frozen=True)
class ReadLimits:
    """What reading an object may use up: bytes of unpacked content, members of an archive, and how many times
    larger than its packed form content may be before it is taken for a bomb."""

    max_text_bytes: int = 8 << 30
    max_members: int = 200
    max_ratio: int = 300
