"""Lines become records, tolerantly: a stray quotation mark costs at most the record it stands in.

A quoted field may hold line breaks, so a mark that opens and never closes would swallow the rest of the file.
Here a record may go on over further lines only if the result is a strictly well-formed record of the right
width; if not, the first line is taken by itself (and is usually rejected) and reading goes on with the second.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_LINES = 200
"""A field of more lines than this is a stray quotation mark."""


class Record(NamedTuple):
    """A record: its first line's number, its text, and its cells. `cells` None = the text is one plain line of
    the expected width; `broken` = a quotation mark is out of place and the cells are a best guess."""

    row: int
    text: str
    cells: list[str] | None
    broken: bool = False


class Reader:
    """Reads records of a delimited file. `width` None accepts any number of cells."""

    def __init__(
        self, lines: Iterable[str], delimiter: str, width: int | None = None, *, strip_nul: bool = False
    ) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._delimiter = delimiter
        self._width = width
        self._strip_nul = strip_nul
        self._quoting = len(delimiter) == 1
        self.row = 0

    def _stream(self) -> Iterator[str]:
        while True:
            if self._ahead:
                self.row += 1
                yield self._ahead.popleft()
                continue
            for line in self._lines:
                self.row += 1
                yield self._clean(line)
                if self._ahead:
                    break
            else:
                if not self._ahead:
                    return

    def _clean(self, line: str) -> str:
        line = line.rstrip("\r\n")
        if "\r" in line:
            line = line.replace("\r", " ")
        return line.replace("\0", "") if self._strip_nul else line

    def __iter__(self) -> Iterator[Record]:
        delimiter, quoting = self._delimiter, self._quoting
        expected = -1 if self._width is None else self._width - 1
        for line in self._stream():
            if quoting and '"' in line:
                yield self._quoted(self.row, line)
            elif line.count(delimiter) == expected and (quoting or '"' not in line):
                yield Record(self.row, line, None)
            else:
                yield Record(self.row, line, line.split(delimiter))

    def _quoted(self, row: int, line: str) -> Record:
        cells, is_open = self._strict([line])
        if cells is not None:
            loose = None if self._fits(cells) else split_loosely(line, self._delimiter)
            return Record(row, line, loose if loose is not None and self._fits(loose) else cells)
        if is_open:
            whole = self._continued(line)
            if whole is not None:
                return Record(row, *whole)
        return self._alone(row, line)

    def _fits(self, cells: list[str]) -> bool:
        return self._width is None or len(cells) == self._width

    def _strict(self, lines: list[str]) -> tuple[list[str] | None, bool]:
        """The cells of a well-formed record, and whether what is missing is the end of a quoted field."""
        text = [line + "\n" for line in lines]
        try:
            found = list(csv.reader(text, delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            return None, "unexpected end of data" in str(error)
        return (found[0] if len(found) == 1 else None), False

    def _continued(self, line: str) -> tuple[str, list[str]] | None:
        """The record that starts with `line` and goes on over more lines, or None; then no line is used up."""
        lines = [line]
        for following in self._peek():
            lines.append(following)
            if '"' not in following:
                continue
            cells, is_open = self._strict(lines)
            if cells is not None and self._fits(cells):
                for _ in lines[1:]:
                    self._ahead.popleft()
                self.row += len(lines) - 1
                return "\n".join(lines), cells
            if not is_open:
                return None
        return None

    def _peek(self) -> Iterator[str]:
        """The next lines, at most MAX_LINES, left in place."""
        yield from list(self._ahead)[:MAX_LINES]
        for line in self._lines:
            if len(self._ahead) >= MAX_LINES:
                self._ahead.append(self._clean(line))
                return
            self._ahead.append(self._clean(line))
            yield self._ahead[-1]

    def _alone(self, row: int, line: str) -> Record:
        """The line by itself: marks that neither open nor close a field are part of the text."""
        cells = split_loosely(line, self._delimiter)
        if cells is not None and self._fits(cells):
            return Record(row, line, cells)
        literal = line.split(self._delimiter)
        # Where commas do not separate, marks are seldom quoting at all: 5/8" is an inch.
        if self._delimiter not in ",;" and self._fits(literal):
            return Record(row, line, literal)
        return Record(row, line, cells or literal, broken=True)


def split_loosely(line: str, delimiter: str) -> list[str] | None:
    """Cells of one line, where a mark closes a field only if the field ends there; None if one stays open."""
    cells: list[str] = []
    position, end = 0, len(line)
    while position <= end:
        start = position
        while start < end and line[start] == " ":
            start += 1
        if start < end and line[start] == '"':
            cell, position = _quoted_cell(line, start + 1, delimiter)
            if position < 0:
                return None
            cells.append(cell)
        else:
            stop = line.find(delimiter, position)
            stop = end if stop < 0 else stop
            cells.append(line[position:stop])
            position = stop + 1
    return cells


def _quoted_cell(line: str, start: int, delimiter: str) -> tuple[str, int]:
    """The cell whose content starts at `start`, and where the next one begins; -1 if it never ends."""
    position = start
    while True:
        mark = line.find('"', position)
        if mark < 0:
            return "", -1
        rest = line[mark + 1 :].lstrip(" ")
        if not rest or rest.startswith(delimiter):
            after = len(line) - len(rest)
            return line[start:mark].replace('""', '"'), (after + 1 if rest else len(line) + 1)
        position = mark + (2 if line.startswith('""', mark) else 1)
