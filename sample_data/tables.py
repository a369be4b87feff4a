"""A file to export: header, rows, the look of its system, and the trouble planted between its rows."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sample_data.rng import Stream


@dataclass(frozen=True)
class Style:
    """How a system writes files."""

    system: str
    encoding: str
    delimiter: str
    newline: str


SAP = Style("sap", "cp1252", ";", "\r\n")
SAP_TAB = Style("sap", "cp1252", "\t", "\r\n")
ODOO = Style("odoo", "utf-8", ",", "\n")
SHEET = Style("spreadsheet", "utf-8-sig", ";", "\r\n")


@dataclass(frozen=True)
class Bad:
    """A row to reject for one reason: a good row of the file with `column` set to `value`.

    `fresh` gives it a key of its own so that it collides with nothing; `where` says which good rows to start from.
    """

    code: str
    column: str
    value: str
    fresh: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Planted:
    """What was planted at a physical line (1-based) and what must come of it."""

    line: int
    outcome: str
    column: str = ""
    value: str = ""
    of_line: int = 0


@dataclass
class Table:
    """One export file. `blank_every` puts an empty line after so many rows; `totals` is the last line."""

    path: str
    entity: str
    style: Style
    header: list[str]
    rows: list[list[str]]
    preamble: list[list[str]] = field(default_factory=list)
    blank_every: int = 0
    totals: list[str] = field(default_factory=list)
    whole_file: str = ""
    planted: list[Planted] = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)
    good: int = 0
    sha256: str = ""
    size: int = 0

    def plant(self, rng: Stream, bads: tuple[Bad, ...], duplicates: int) -> None:
        """Put bad rows and exact copies between the good rows and work out every physical line."""
        inserts: dict[int, list[tuple[list[str], Bad | int]]] = {}
        for bad in bads:
            row = self._bad_row(bad, rng)
            inserts.setdefault(rng.below(len(self.rows) + 1), []).append((row, bad))
        for _ in range(duplicates):
            original = rng.below(len(self.rows))
            at = rng.between(original + 1, len(self.rows))
            inserts.setdefault(at, []).append((list(self.rows[original]), original))
        self._merge(inserts)

    def _bad_row(self, bad: Bad, rng: Stream) -> list[str]:
        where = [(self.header.index(name), value) for name, value in bad.where.items()]
        for _ in range(10_000):
            row = list(rng.pick(self.rows))
            if all(row[i] == value for i, value in where):
                break
        else:
            raise ValueError(f"{self.path} has no row with {dict(bad.where)}: the scale is too small")
        for name, value in {**bad.fresh, bad.column: bad.value}.items():
            row[self.header.index(name)] = value
        return row

    def _merge(self, inserts: dict[int, list[tuple[list[str], Bad | int]]]) -> None:
        merged: list[list[str]] = []
        line = len(self.preamble) + 1
        for index in range(len(self.rows) + 1):
            for row, what in inserts.get(index, ()):
                line = self._next(line, len(merged))
                merged.append(row)
                if isinstance(what, Bad):
                    self.planted.append(Planted(line, what.code, what.column, what.value))
                else:
                    self.planted.append(Planted(line, "duplicate", of_line=self.lines[what]))
            if index < len(self.rows):
                line = self._next(line, len(merged))
                self.lines[index] = line
                merged.append(self.rows[index])
        self.good = len(self.rows)
        self.rows = merged

    def _next(self, line: int, written: int) -> int:
        return line + (2 if self.blank_every and written and written % self.blank_every == 0 else 1)

    def line_of(self, column: str, value: str) -> int:
        """The physical line of the first good row with that value."""
        at = self.header.index(column)
        for index, line in self.lines.items():
            row = self.rows[self._index(index)]
            if row[at] == value:
                return line
        raise KeyError(f"{self.path}: no row with {column} = {value!r}")

    def _index(self, good_index: int) -> int:
        """Where a good row ended up between the planted ones."""
        return good_index + sum(1 for one in self.planted if one.line < self.lines[good_index])

    def write(self, out: Path) -> None:
        """Write the file; note its hash (of the text, before gzip) and size."""
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=self.style.delimiter, lineterminator=self.style.newline)
        writer.writerows(self.preamble)
        writer.writerow(self.header)
        if self.blank_every:
            for index, row in enumerate(self.rows):
                if index and index % self.blank_every == 0:
                    writer.writerow([""] * len(self.header))
                writer.writerow(row)
        else:
            writer.writerows(self.rows)
        if self.totals:
            writer.writerow([""] * len(self.header))
            writer.writerow(self.totals)
        data = buffer.getvalue().encode(self.style.encoding)
        self.sha256, self.size = hashlib.sha256(data).hexdigest(), len(data)
        target = out / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_zipped(data) if target.suffix == ".gz" else data)


def _zipped(data: bytes) -> bytes:
    """Gzip without name and time. `gzip.compress` writes other header bytes in other Python versions."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=buffer, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()
