"""A table as part of something: its name inside the file, and notes about what stood beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opscopilot.staging.reading.table import Note, Prepared, Table


@dataclass
class Relabelled:
    """Everything as `table` has it, but under another name and with more notes."""

    table: Table
    name: str
    more: Sequence[Note] = ()
    how: Mapping[str, Any] | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return self.table.headers

    @property
    def header_row(self) -> int:
        return self.table.header_row

    @property
    def preamble(self) -> tuple[str, ...]:
        return self.table.preamble

    @property
    def sample(self) -> tuple[tuple[str, ...], ...]:
        return self.table.sample

    @property
    def delimiter(self) -> str:
        return self.table.delimiter

    @property
    def notes(self) -> tuple[Note, ...]:
        return (*self.more, *self.table.notes)

    @property
    def read_as(self) -> dict[str, Any]:
        return {**self.table.read_as, **(self.how or {})}

    @property
    def mapping(self) -> Any:
        """How its columns become fields, for tables that know it themselves; else None."""
        return getattr(self.table, "mapping", None)

    @property
    def untidy(self) -> bool:
        """Whether its cells may be padded with more than blanks, or hold formulas."""
        return bool(getattr(self.table, "untidy", True))

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """As the table does it."""
        return self.table.prepare(folder, part_bytes)
