"""Further tables in one file: under the first stands another header, and records that fit that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opscopilot.staging.reading.footers import is_footer
from opscopilot.staging.reading.headers import filled, is_name, name_of
from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.scanner import Record, Run, Scanner

LOOKED_AT = 4 << 20
"""Further tables are looked for in this many characters of the file."""
_TITLES = 3


class Section(NamedTuple):
    """A further table: the row where it begins (with its title), and the cells of its records."""

    row: int
    width: int


class _Rows:
    """The rows of the text, each taken apart when it is asked for."""

    def __init__(self, items: Iterable[Run | Record], layout: Layout, width: int) -> None:
        self._layout, self._width = layout, width
        self._all: list[tuple[int, str | list[str]]] = []
        self.anchors: list[int] = []
        """Places of blank rows and of rows of another width."""
        blank = layout.inner + ' \t"'
        for item in items:
            if isinstance(item, Record):
                self.anchors.append(len(self._all))
                # What a misplaced mark left of a record is no header.
                self._all.append((item.row, [item.text] if item.broken else item.cells))
                continue
            for offset, line in enumerate(item.lines):
                if line[:1] in blank and not line.strip(blank):
                    self.anchors.append(len(self._all))
                self._all.append((item.row + offset, line))

    def __len__(self) -> int:
        return len(self._all)

    def row(self, index: int) -> int:
        """Its number in the source."""
        return self._all[index][0]

    def fits(self, index: int, width: int) -> bool:
        """Whether the row has as many cells, filled or not."""
        found = self._all[index][1]
        return width == self._width if isinstance(found, str) else len(found) == width

    def cells(self, index: int) -> list[str]:
        """Its cells, without empty ones at the end."""
        found = self._all[index][1]
        if isinstance(found, str):
            record = next(iter(Scanner([found], self._layout)))
            found = record.cells if isinstance(record, Record) else []
        last = max((place + 1 for place, cell in enumerate(found) if cell.strip()), default=0)
        return found[:last]


def further(items: Iterable[Run | Record], layout: Layout, width: int, names: Sequence[str]) -> list[Section]:
    """Tables under the first one. `items` are its records and what follows, `names` its header."""
    rows = _Rows(items, layout, width)
    found: list[Section] = []
    begun, known = 0, [name_of(name) for name in names if name]
    for anchor in rows.anchors:
        if anchor < begun:
            continue
        at = _header_at(rows, anchor)
        if at is None:
            continue
        cells = rows.cells(at)
        here = [name_of(cell) for cell in cells]
        blank_before = (at > 0 and not rows.cells(at - 1)) or not rows.cells(anchor)
        if here == known or not _begins_table(rows, at, cells):
            continue
        other = len(cells) != width and not rows.fits(at, width) and not rows.fits(at + 1, width)
        if not other and not (blank_before and _has_values(rows, begun, anchor)):
            continue
        found.append(Section(rows.row(anchor), len(cells)))
        begun, known, width = at + 1, here, len(cells)
    return found


def _header_at(rows: _Rows, anchor: int) -> int | None:
    """The first row from the anchor on that has more than a title in it."""
    titles = 0
    for index in range(anchor, min(anchor + 10, len(rows))):
        count = len(filled(rows.cells(index)))
        if count > 1:
            return index
        titles += count
        if titles > _TITLES:
            break
    return None


def _begins_table(rows: _Rows, at: int, cells: list[str]) -> bool:
    """Whether the row is a header: names and nothing else, and records of its width under it."""
    words = filled(cells)
    if len(words) < len(cells) or len({word.casefold() for word in words}) < len(words) or is_footer(words[0]):
        return False
    if not all(is_name(word) for word in words):
        return False
    below = [rows.cells(index) for index in range(at + 1, min(at + 4, len(rows)))]
    if not below or not below[0]:
        return False
    some = [row for row in below if row]
    fitting = [row for row in some if len(row) <= len(cells) and len(row) >= 0.6 * len(cells)]
    return len(fitting) == len(some) and any(not is_name(cell) for row in some for cell in filled(row))


def _has_values(rows: _Rows, start: int, end: int) -> bool:
    return any(not is_name(cell) for index in range(max(start, end - 5), end) for cell in filled(rows.cells(index)))
