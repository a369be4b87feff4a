"""Records out of text, a block of lines at a time, tolerantly: a stray quotation mark costs at most one record.

Lines that are records as they stand (the right number of separators, quotation marks in their places) come out in
runs without being taken apart. A quoted field may hold line breaks, so a mark that opens and never closes would
swallow the rest of the file: a record may go on over further lines only if the result is strictly well-formed, has
the right width, and what follows does not fare worse for it. If not, the first line is taken by itself (and is
usually set aside), and reading goes on with the second.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

from opscopilot.staging.reading.layout import Layout

MAX_LINES = 200
"""A field of more lines than this is a stray quotation mark."""
_MAX_LINES_UNKNOWN = 30
"""The same where nobody knows yet how wide a record is."""

csv.field_size_limit(max(csv.field_size_limit(), 8 << 20))


class Run(NamedTuple):
    """Lines, the first in row `row`, that are records of the right width as they stand."""

    row: int
    lines: list[str]


class Record(NamedTuple):
    """A record taken apart. `text` is all of it; `broken` = a mark is out of place and the cells are a guess."""

    row: int
    text: str
    cells: list[str]
    broken: bool = False


class Scanner:
    """Reads records of `width` cells; None takes any number (then there are no runs).

    `blocks` are pieces of text cut between lines. `row` is the row of the first line to read; those above it are
    passed over.
    """

    def __init__(self, blocks: Iterable[str], layout: Layout, width: int | None = None, row: int = 1) -> None:
        self._blocks = iter(blocks)
        self._layout, self._width = layout, width
        self._sign, self._quote = layout.inner, layout.quote
        self._lines: list[str] = []
        self._raw: list[str] = []
        self._row, self._skip = row, row - 1
        self._bare = 0
        self._known_plain = False
        specials = [one for one in (layout.quote, layout.escape, '"') if one]
        self._specials = list(dict.fromkeys(specials)) + (["\x1e"] if layout.newline == "\x1e" else [])
        self._returns = False
        self._verbatim = layout.verbatim
        self._newline = "\r\n" if layout.newline == "\r\n" else "\n"

    def __iter__(self) -> Iterator[Run | Record]:
        while self._lines or self._extend():
            lines, count, at = self._lines, len(self._lines), 0
            for index in self._odd():
                if index < at or self._as_it_stands(lines[index]):
                    continue
                if index > at:
                    yield Run(self._row + at, lines[at:index])
                record, used = self._take(index)
                yield record
                at = index + used
            if at < count:
                yield Run(self._row + at, lines[at:count])
                at = count
            del self._lines[:at]
            if self._raw is not self._lines:
                del self._raw[:at]
            self._row += at
            self._known_plain = False

    # --- lines -----------------------------------------------------------------------------------------------

    def _extend(self) -> bool:
        """Put the next block's lines behind those at hand; whether there was one."""
        text = next(self._blocks, None)
        if text is None:
            return False
        fresh = not self._lines
        self._known_plain = fresh and not any(one in text for one in self._specials)
        raw = text.split(self._newline)
        if "\r" not in text or (self._newline == "\r\n" and text.count("\r") == len(raw) - 1):
            lines = raw
        else:
            raw = self._at_lone_returns(raw)
            lines = [line.strip("\r") for line in raw]
            if not self._returns and any("\r" in line for line in lines):
                self._returns, self._known_plain = True, False
                self._specials.append("\r")
        if self._skip:
            passed = min(self._skip, len(lines))
            self._skip -= passed
            same, lines = raw is lines, lines[passed:]
            raw = lines if same else raw[passed:]
        if fresh:
            self._lines, self._raw = lines, raw
        else:
            if self._raw is self._lines and raw is not lines:
                self._raw = list(self._lines)
            if self._raw is not self._lines:
                self._raw += raw
            self._lines += lines
        return True

    def _at_lone_returns(self, lines: list[str]) -> list[str]:
        """Some writers end single records with another sign: cut there, unless it is inside a quoted field."""
        found: list[str] = []
        for line in lines:
            if "\r" not in line.strip("\r"):
                found.append(line)
                continue
            whole = line.rstrip("\r")
            uneven = bool(self._quote) and whole.count(self._quote) % 2
            for inside in (True, False) if uneven else (False,):
                pieces = self._balanced(whole.split("\r"), inside=inside)
                if len(pieces) > 1 and any(self._fits_alone(piece) for piece in pieces):
                    found += [*pieces[:-1], pieces[-1] + line[len(whole) :]]
                    break
            else:
                found.append(line)
        return found

    def _balanced(self, pieces: list[str], *, inside: bool) -> list[str]:
        """Pieces between returns, joined again where the return is in a quoted field; `inside` = the line begins in
        one."""
        found = pieces[:1]
        for piece in pieces[1:]:
            if self._quote and (found[-1].count(self._quote) + inside) % 2:
                found[-1] += "\r" + piece
            else:
                found.append(piece)
                inside = False
        return found

    def _fits_alone(self, line: str) -> bool:
        """Whether a piece of a line is a record of the usual width."""
        cells = self._line_cells(line) or ()
        return len(cells) == self._layout.usual if self._layout.usual else bool(cells)

    # --- lines that are records --------------------------------------------------------------------------------

    def _odd(self) -> Iterable[int]:
        """Places of the lines that may not be records as they stand."""
        lines, width = self._lines, self._width
        if width is None:
            return range(len(lines))
        counts, expected = map(str.count, lines, repeat(self._sign)), width - 1
        if self._known_plain:
            return [index for index, found in enumerate(counts) if found != expected]
        if self._specials == ['"']:
            odd = [
                index for index, (found, line) in enumerate(zip(counts, lines, strict=True))
                if found != expected or '"' in line
            ]  # fmt: skip
            # Every cell quoted and no mark inside: such a line can be copied as it is.
            inner, marks = f'"{self._sign}"', 2 * width
            return [
                index for index in odd
                if (line := lines[index]).count('"') != marks or not line[:1] == '"' == line[-1:]
                or line.count(inner, 1, -1) != expected
            ] if self._verbatim else odd  # fmt: skip
        special = re.compile("[" + "".join(map(re.escape, self._specials)) + "]").search
        return [
            index for index, (found, line) in enumerate(zip(counts, lines, strict=True))
            if found != expected or special(line)
        ]  # fmt: skip

    def _as_it_stands(self, line: str) -> bool:
        """Whether a line with quotation marks is a record that can be copied as it is."""
        width = self._width
        if width is None or not self._verbatim or '"' not in line:
            return False
        cells = self._line_cells(line)
        if cells is None or len(cells) != width:
            return False
        text = "".join(cells)
        return '"' not in text and "\r" not in text

    def _line_cells(self, line: str) -> list[str] | None:
        """The cells of a line that is a well-formed record."""
        try:
            return next(csv.reader((line,), self._layout.csv_dialect))
        except (csv.Error, StopIteration):
            return None if line else [""]

    def _fits(self, cells: list[str] | tuple[str, ...]) -> bool:
        return len(cells) == self._width if self._width is not None else bool(cells)

    # --- records that have to be taken apart -------------------------------------------------------------------

    def _take(self, index: int) -> tuple[Record, int]:
        """The record that begins with the line at `index`, and how many lines it has."""
        line, row = self._lines[index], self._row + index
        if not any(one in line for one in self._specials):
            return self._record(row, line, line.split(self._sign)), 1
        cells, used = self._strict(index)
        if cells is None:
            return self._alone(row, line), 1
        if used == 1:
            if not self._fits(cells) and self._quote:
                loose = split_loosely(line, self._sign, self._quote)
                cells = loose if loose is not None and self._fits(loose) else cells
            self._bare += self._quote in line and not self._tidy(line)
            return self._record(row, line, cells), 1
        if self._goes_on(index, used, cells):
            return self._record(row, self._newline.join(self._raw[index : index + used]), cells), used
        return self._alone(row, line), 1

    def _record(self, row: int, text: str, cells: list[str], *, broken: bool = False) -> Record:
        layout = self._layout
        if layout.sign or layout.swapped:
            text, cells = layout.out_of(text), [layout.out_of(cell) for cell in cells]
        return Record(row, text, cells, broken)

    def _strict(self, index: int) -> tuple[list[str] | None, int]:
        """The cells of a well-formed record from `index` on and its number of lines; None = there is none."""
        reader = csv.reader(self._from(index), self._layout.csv_dialect)
        try:
            cells = next(reader)
        except (csv.Error, StopIteration):
            return None, 1
        return cells or [""], max(reader.line_num, 1)

    def _from(self, index: int) -> Iterator[str]:
        limit = MAX_LINES if self._width is not None else _MAX_LINES_UNKNOWN
        for place in range(index, index + limit):
            if place >= len(self._lines) and not self._extend():
                return
            line = self._raw[place]
            yield (line.lstrip("\r") if place == index else line) + self._newline

    def _goes_on(self, index: int, used: int, cells: list[str]) -> bool:
        """Whether the lines from `index` on are one record rather than a stray mark and other records."""
        if not self._fits(cells):
            return False
        lines = self._lines[index : index + used]
        alike = [self._width is not None and line.count(self._sign) == self._width - 1 for line in lines]
        if self._bare > 1 and all(alike):  # where marks stand for inches, lines like records are records
            return False
        if not self._tidy(self._newline.join(lines)) and any(alike[1:]):
            return False
        # If what follows is bad either way, the mark is rather in the line that has enough separators for a record.
        return self._good_at(index + used) or self._like_record(index + used) or not self._good_at(index + 1)

    def _like_record(self, index: int) -> bool:
        return self._width is None or self._lines[index].count(self._sign) >= self._width - 1

    def _good_at(self, index: int) -> bool:
        """Whether a record of the right width begins at `index`, or the file ends there."""
        if index >= len(self._lines) and not self._extend():
            return True
        line = self._lines[index]
        if not line:
            return True
        if not any(one in line for one in self._specials):
            return self._width is None or line.count(self._sign) == self._width - 1
        cells, used = self._strict(index)
        return cells is not None and self._fits(cells) and self._tidy(
            self._newline.join(self._lines[index : index + used])
        )  # fmt: skip

    def _tidy(self, text: str) -> bool:
        """Whether marks stand only where they open, close, or are doubled."""
        return self._well_formed.fullmatch(text) is not None

    @cached_property
    def _well_formed(self) -> re.Pattern[str]:
        return well_formed(self._layout)

    def _alone(self, row: int, line: str) -> Record:
        """The line by itself: marks that neither open nor close a field are part of the text."""
        line = line.replace("\r", " ")  # a lone return outside quotation marks is a blank
        literal = line.split(self._sign)
        if not self._quote or self._quote not in line:
            return self._record(row, line, literal)
        cells = split_loosely(line, self._sign, self._quote)
        if cells is not None and self._fits(cells):
            self._bare += 1
            return self._record(row, line, cells)
        # Where commas do not separate, marks are seldom quoting at all: 5/8" is an inch.
        if self._sign not in ",;" and self._fits(literal):
            self._bare += 1
            return self._record(row, line, literal)
        return self._record(row, line, cells or literal, broken=True)


def well_formed(layout: Layout) -> re.Pattern[str]:
    """What a record without any mark out of place looks like, while reading."""
    sign, quote = re.escape(layout.inner), re.escape(layout.quote)
    if not quote:
        return re.compile(r"[\s\S]*")
    escaped = re.escape(layout.escape) + r"[\s\S]|" if layout.escape else ""
    quoted = f"{quote}(?:{escaped}{quote}{quote}|[^{quote}{re.escape(layout.escape)}])*{quote}"
    cell = f"(?:{quoted}|(?:{escaped}[^{quote}{sign}\\r\\n{re.escape(layout.escape)}])*)"
    return re.compile(f"{cell}(?:{sign}{cell})*")


def split_loosely(line: str, delimiter: str, quote: str = '"') -> list[str] | None:
    """Cells of one line, where a mark closes a field only if the field ends there; None if one stays open."""
    cells: list[str] = []
    position, end = 0, len(line)
    while position <= end:
        start = position
        while start < end and line[start] == " " != delimiter:
            start += 1
        if start < end and line[start] == quote:
            cell, position = _quoted_cell(line, start + 1, delimiter, quote)
            if position < 0:
                return None
            cells.append(cell)
        else:
            stop = line.find(delimiter, position)
            stop = end if stop < 0 else stop
            cells.append(line[position:stop])
            position = stop + 1
    return cells


def _quoted_cell(line: str, start: int, delimiter: str, quote: str) -> tuple[str, int]:
    """The cell whose content starts at `start`, and where the next one begins; -1 if it never ends."""
    position, blank = start, "" if delimiter == " " else " "
    while True:
        mark = line.find(quote, position)
        if mark < 0:
            return "", -1
        rest = line[mark + 1 :].lstrip(blank)
        if not rest or rest.startswith(delimiter):
            after = len(line) - len(rest)
            return line[start:mark].replace(quote * 2, quote), (after + 1 if rest else len(line) + 1)
        position = mark + (2 if line.startswith(quote * 2, mark) else 1)
