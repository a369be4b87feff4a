"""Rows of cells from a sheet or a web table, and the table that is found among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from opscopilot.staging.reading import naming
from opscopilot.staging.reading.footers import Tail
from opscopilot.staging.reading.headers import filled, header_index, is_name
from opscopilot.staging.reading.parts import PartWriter
from opscopilot.staging.reading.scanner import Record
from opscopilot.staging.reading.table import Note, Prepared
from opscopilot.staging.refusal import Refused

_PEEK = 400
_SAMPLE = 50
_SHOWN = 5
MAX_COLUMNS = 16_384
MAX_MERGES = 50_000
_SAYS = {
    "digits_lost": "{n:,} numbers have more than 15 digits; Excel has replaced the last ones by zeros before this file "
    "was written, so they are not taken as codes. Format the column as text before the numbers are entered ({where}).",
    "error_cells": "{n:,} cells hold an error instead of a value ({where}).",
    "not_calculated": "{n:,} cells hold formulas whose result was never calculated; they are read as empty. Open the "
    "workbook in Excel, save it and drop it again ({where}).",
    "cells_outside": "{n:,} rows have something beside the table, under no column name; it was not read ({where}).",
}  # fmt: skip


class Row(NamedTuple):
    """A row with its number in the source, from 1."""

    number: int
    cells: list[str]


class Merge(NamedTuple):
    """Cells shown as one: rows from 1, columns from 0, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Met:
    """What was met while reading, by code: how often, and the first examples. `row` is where reading is."""

    row: int = 0
    seen: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def add(self, code: str, text: str) -> None:
        """Count one more."""
        count, samples = self.seen.get(code, (0, []))
        if len(samples) < _SHOWN:
            samples.append(f"row {self.row}: {text[:80]}")
        self.seen[code] = (count + 1, samples)

    def lost(self, text: str) -> None:
        """A number that Excel has cut."""
        self.add("digits_lost", text)

    def notes(self) -> list[Note]:
        """One note per code."""
        return [
            Note("warning", code, _SAYS[code].format(n=count, where="; ".join(samples)), samples[0])
            for code, (count, samples) in self.seen.items()
        ]


class Grid(Protocol):
    """A sheet. `rows` may be read more than once, each time from the start, and may leave out empty rows."""

    name: str

    def rows(self, met: Met) -> Iterator[Row]: ...
    def merges(self) -> list[Merge]:
        """Merged cells from the top, as far as the format tells them, at most MAX_MERGES; some formats know only
        those of the rows read so far and go on filling the list."""
        ...


class GridTable:
    """The table in a grid: see table.Table. Raises Refused `no_header` where nothing names the columns."""

    delimiter = ","

    def __init__(self, grid: Grid, file_name: str, read_as: dict[str, Any], wanted: frozenset[str]) -> None:
        self._grid, self._file_name = grid, file_name
        self.name = grid.name
        first = [row for row in islice(grid.rows(Met()), _PEEK) if any(cell.strip() for cell in row.cells)]
        top = _Top(first, wanted, grid.merges())
        found = top.find(wanted)
        if found.top < 0 and not top.is_table(found.body):
            raise Refused("no_header", _no_header(file_name, grid.name, first))
        self.left = top.left
        names = [""] * top.left + list(found.names)
        rows = [row for row in top.rows if row.cells]
        body = [row for row in top.rows[found.body :] if row.cells]
        self._columns = _columns(names, body)
        self.headers = tuple(names[index] for index in self._columns)
        self.header_row = top.rows[found.bottom].number if found.top >= 0 else 0
        self.body_row = body[0].number if body else rows[-1].number + 1
        body = list(map(_Down(grid, self.body_row).fill, body))
        above = top.rows[found.top].number if found.top >= 0 else self.body_row
        self.preamble = tuple(" ".join(cell for cell in row.cells if cell) for row in rows if row.number < above)
        self.sample = self._sample(body, whole=len(first) < _PEEK)
        self.notes: tuple[Note, ...] = found.notes
        self.read_as = {**read_as, "header_row": self.header_row, **({"sheet": grid.name} if grid.name else {})}
        if found.bottom > found.top:
            self.read_as["header_rows"] = [above, self.header_row]
        self.empty = not body

    def _is_header(self, picked: list[str]) -> bool:
        """Whether a row repeats the column names."""
        first = " ".join(picked[0].split()) == self.headers[0]
        return first and tuple(" ".join(cell.split()) for cell in picked) == self.headers

    def _sample(self, body: list[Row], *, whole: bool) -> tuple[tuple[str, ...], ...]:
        """The first records; totals are none where `body` is all there is."""
        tail = Tail(len(self._columns))
        found: list[list[str]] = []
        for row in body:
            picked = self._pick(row.cells)
            if not self._is_header(picked) and not tail.holds(row.number, picked):
                found += [*(cells for _, cells in tail.release()), picked]
        if not whole:
            found += [cells for _, cells in tail.held]
        return tuple(map(tuple, found[:_SAMPLE]))

    def _pick(self, cells: list[str]) -> list[str]:
        size = len(cells)
        return [cells[index] if index < size else "" for index in self._columns]

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """See Table.prepare."""
        met = Met()
        spool = folder / "widths.csv"
        spool.touch()
        with PartWriter(folder, part_bytes) as writer:
            found = Prepared(writer.parts, spool, writer.delimiter)
            writer.write_all(self._records(met, found))
            found.records, found.multiline = writer.number, writer.multiline
        found.notes += met.notes()
        return found

    def _records(self, met: Met, found: Prepared) -> Iterator[tuple[int, list[str]]]:
        columns = self._columns
        width, known = len(columns), set(columns)
        # Most tables begin in the first column and leave none out: nothing to pick then.
        dense = columns == tuple(range(width))
        tail = Tail(width)
        down = _Down(self._grid, self.body_row)
        for number, cells in map(down.fill, self._grid.rows(met)):
            if number < self.body_row:
                continue
            size = len(cells)
            if dense and size == width:
                picked = cells
            else:
                picked = cells + [""] * (width - size) if dense and size < width else self._pick(cells)
                outside = [cell for index, cell in enumerate(cells) if index not in known and cell.strip()]
                if outside:
                    met.row = number
                    met.add("cells_outside", outside[0])
            text = "".join(picked)
            if not text or text.isspace():
                found.blank += 1
                tail.blank(number)
            elif self._is_header(picked):
                found.repeated_headers += 1
            elif tail.holds(number, picked):
                continue
            else:
                yield from tail.release()
                yield number, picked
        found.footers = [" ".join(cell for cell in cells if cell) for _, cells in tail.held]


class _Top:
    """The first rows as the search for column names wants them: without the blank columns at the left, as wide as
    the table, one empty row where some are left out."""

    def __init__(self, first: list[Row], wanted: frozenset[str], merges: list[Merge]) -> None:
        self.rows: list[Row] = []
        for row in first:
            if self.rows and row.number > self.rows[-1].number + 1:
                self.rows.append(Row(row.number - 1, []))
            self.rows.append(row)
        spans = [_span(row.cells) for row in first]
        several = [span for span in spans if span[1] - span[0] > 1] or spans
        self.left = min((start for start, _ in several), default=0)
        ends = sorted((end for _, end in several), reverse=True)
        at = header_index([row.cells[start:end] for row, (start, end) in zip(first, spans, strict=True)], wanted)
        # A single remark far to the right makes no column.
        self.right = max(ends[1] if len(ends) > 1 else ends[0] if ends else 0, 0 if at is None else spans[at][1])
        places = {row.number: index for index, row in enumerate(self.rows)}
        self.merges = [
            (places[one.top], one.left - self.left, places[one.bottom], one.right - self.left)
            for one in merges
            if one.top in places and one.bottom in places
        ]

    def find(self, wanted: frozenset[str]) -> naming.Names:
        """The column names."""
        width = self.right - self.left
        records = [
            Record(row.number, " | ".join(filter(None, row.cells)), self._cells(row, width)) for row in self.rows
        ]
        return naming.find(records, width, wanted, self.merges)

    def _cells(self, row: Row, width: int) -> list[str]:
        cells = row.cells[self.left : self.right]
        # A lone cell is a title, not a record with its other cells empty.
        return cells + [""] * (width - len(cells)) if len(filled(cells)) > 1 else cells

    def is_table(self, body: int) -> bool:
        """Whether rows without names are records: several, alike in width, with values in them or quite a few."""
        counts = [len(filled(row.cells)) for row in self.rows[body:] if row.cells]
        full = sum(count >= 0.6 * (self.right - self.left) for count in counts)
        values = any(not is_name(cell) for row in self.rows[body:] for cell in filled(row.cells))
        width = self.right - self.left
        alike = width > 1 and len(counts) > 1 and full >= 0.8 * len(counts)
        return alike and (values or (width > 2 and len(counts) > 5))


class _Down:
    """Writes the text of a cell that is merged over several rows into each of them."""

    def __init__(self, grid: Grid, first: int) -> None:
        self._grid, self._first = grid, first
        self._merges: list[Merge] | None = None
        self._at = 0
        self._open: dict[int, tuple[int, str]] = {}

    def fill(self, row: Row) -> Row:
        """The row, completed where cells above reach into it."""
        if self._merges is None:  # some formats know them only while the rows are read, in their order
            self._merges = self._grid.merges()
        merges, number = self._merges, row.number
        if self._open:
            row = self._filled(row)
        while self._at < len(merges) and merges[self._at].top <= number:
            one = merges[self._at]
            self._at += 1
            if one.bottom > one.top == number >= self._first and one.left < len(row.cells):
                self._open[one.left] = (one.bottom, row.cells[one.left])
        return row

    def _filled(self, row: Row) -> Row:
        self._open = {column: one for column, one in self._open.items() if one[0] >= row.number}
        if not filled(row.cells):
            return row
        cells = row.cells + [""] * (max(self._open, default=-1) + 1 - len(row.cells))
        for column, (_, text) in self._open.items():
            cells[column] = cells[column] or text
        return Row(row.number, cells)


def _span(cells: list[str]) -> tuple[int, int]:
    """From the first filled cell to behind the last one."""
    at = [index for index, cell in enumerate(cells) if cell.strip()]
    return (at[0], at[-1] + 1) if at else (0, 0)


def _columns(names: list[str], body: list[Row]) -> tuple[int, ...]:
    """Columns with a name or with something in them; blank ones beside and between are left out."""
    used = {index for index, name in enumerate(names) if name}
    for row in body:
        # A single remark far to the right makes no column.
        used.update(index for index, cell in enumerate(row.cells[: len(names)]) if cell.strip())
    return tuple(sorted(used))


def _no_header(file_name: str, sheet: str, first: list[Row]) -> str:
    where = f"Sheet '{sheet}' of '{file_name}'" if sheet else f"'{file_name}'"
    shown = " | ".join(cell for cell in first[0].cells if cell)[:100] if first else ""
    seen = f" (its first row is: {shown})" if shown else ""
    return f"{where} has no row with column names in its first rows{seen}. Export it with its header row."
