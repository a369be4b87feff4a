"""The table of a plain or gzipped delimited file."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opscopilot.staging.reading.dialect import Dialect, detect, lines_of
from opscopilot.staging.reading.prepass import Prepass
from opscopilot.staging.reading.records import Reader
from opscopilot.staging.reading.table import Note, Prepared
from opscopilot.staging.reading.unpack import TextFile, probe


@dataclass(frozen=True)
class BridgeTable:
    text: TextFile
    dialect: Dialect
    name: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        return self.dialect.headers

    @property
    def header_row(self) -> int:
        return self.dialect.header_row

    @property
    def preamble(self) -> tuple[str, ...]:
        return self.dialect.preamble

    @property
    def delimiter(self) -> str:
        return self.dialect.delimiter

    @property
    def read_as(self) -> dict[str, Any]:
        return {"encoding": self.text.encoding, "delimiter": self.delimiter}

    @property
    def sample(self) -> tuple[tuple[str, ...], ...]:
        lines = itertools.islice(lines_of(self.text), self.dialect.body_row - 1, self.dialect.body_row + 49)
        found = Reader(lines, self.delimiter, self.dialect.width)
        return tuple(tuple(one.cells or one.text.split(self.delimiter)) for one in found)

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        old = Prepass(self.dialect, folder / "clean.csv", folder / "widths.csv").run(self.text)
        return Prepared(
            [old.path], old.spool, old.delimiter, old.records, old.rejected, old.multiline, old.untidy, old.blank,
            old.repeated_headers, old.footers,
        )


def bridge(path: Path, file_name: str, wanted: frozenset[str]) -> list[BridgeTable]:
    text = probe(path, file_name)
    return [BridgeTable(text, detect(text, file_name, wanted))]
