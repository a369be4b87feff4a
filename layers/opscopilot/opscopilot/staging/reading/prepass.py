"""One streaming pass over the text: records out of lines, blank and repeated lines dropped, odd ones set aside.

What comes out is a file that DuckDB reads without any guessing (record number, line number, cells), and the
records with a wrong number of cells, ready to be kept as rejects. Memory does not grow with the file.
"""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from opscopilot.staging.reading.dialect import Dialect, lines_of
from opscopilot.staging.reading.footers import is_footer
from opscopilot.staging.reading.records import Reader, Record
from opscopilot.staging.reading.unpack import TextFile
from opscopilot.staging.rejects import Spool


@dataclass
class Prepared:
    """What the pass found. `records` counts all of them, `rejected` those of a wrong width, kept in `spool`."""

    path: Path
    spool: Path
    delimiter: str
    records: int = 0
    rejected: int = 0
    multiline: bool = False
    untidy: bool = True
    blank: int = 0
    repeated_headers: int = 0
    footers: list[str] = field(default_factory=list)


class Prepass:
    """Writes the clean file. `spool` is where rejected records go."""

    def __init__(self, dialect: Dialect, target: Path, spool: Path) -> None:
        self._dialect = dialect
        self._sign = dialect.delimiter if len(dialect.delimiter) == 1 else "\x1f"
        self.result = Prepared(target, spool, self._sign)
        self._held: list[Record] = []

    def run(self, text: TextFile) -> Prepared:
        """Read everything once."""
        dialect, found = self._dialect, self.result
        found.untidy = text.untidy
        reader = Reader(
            itertools.islice(lines_of(text), dialect.body_row - 1, None), dialect.delimiter, dialect.width,
            strip_nul=text.has_nul,
        )  # fmt: skip
        reader.row = dialect.body_row - 1
        with (
            found.path.open("w", encoding="utf-8", newline="") as out,
            found.spool.open("w", encoding="utf-8", newline="") as spool,
        ):
            self._copy(reader, out, Spool(spool))
        return found

    def _copy(self, reader: Reader, out: IO[str], spool: Spool) -> None:
        sign, own, found = self._sign, self._dialect.delimiter, self.result
        blanks = own + ' \t"\u00a0\x1a\ufeff'
        header = own.join(self._dialect.headers)
        writer = csv.writer(out, delimiter=sign, lineterminator="\n")
        write, number = out.write, 0
        for record in reader:
            row, text, cells, _ = record
            if not text.strip(blanks):
                found.blank += 1
                continue
            if cells is None:
                if text == header:
                    found.repeated_headers += 1
                    continue
                if self._held:
                    number = self._release(number, spool)
                number += 1
                line = text if sign == own else text.replace(own, sign)
                write(f"{number}{sign}{row}{sign}{line}\n")
                continue
            fitted = self._fit(cells, record)
            if fitted is None:
                number = self._odd(record, number, spool)
            elif tuple(" ".join(cell.split()) for cell in fitted) == self._dialect.headers:
                found.repeated_headers += 1
            else:
                number = self._release(number, spool) + 1
                found.multiline = found.multiline or "\n" in text
                writer.writerow([number, row, *fitted])
        found.footers = [one.text for one in self._held]
        found.records = number

    def _fit(self, cells: list[str], record: Record) -> list[str] | None:
        """Cells in the header's width: empty ones at the end may be too many or missing; else None."""
        width = self._dialect.width
        if record.broken:
            return None
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if self._dialect.named <= len(cells) <= width:
            return cells + [""] * (width - len(cells))
        return None

    def _odd(self, record: Record, number: int, spool: Spool) -> int:
        """A record of a wrong width: a report's footer if nothing follows it, else a reject."""
        first = next((cell for cell in record.cells or [] if cell.strip()), "")
        if is_footer(first) and not record.broken:
            self._held.append(record)
            return number
        return self._reject(record, self._release(number, spool), spool)

    def _release(self, number: int, spool: Spool) -> int:
        """Something follows what looked like a footer: those lines are records after all."""
        for record in self._held:
            number = self._reject(record, number, spool)
        self._held.clear()
        return number

    def _reject(self, record: Record, number: int, spool: Spool) -> int:
        width = self._dialect.width
        count = len(record.cells or [])
        if record.broken:
            message = f"A quotation mark in line {record.row} opens or closes in the wrong place."
        else:
            message = f"Line {record.row} has {count} cells; the header has {width}."
        error = {
            "field": None, "code": "wrong_column_count", "message": message, "raw_value": record.text[:200],
            "expected": f"{width} cells separated by '{self._dialect.delimiter}', text with the separator in quotes",
        }  # fmt: skip
        spool.add(number + 1, {"source_row": record.row, "line": record.text[:20_000]}, [error])
        self.result.rejected += 1
        return number + 1
