"""Column names that take two rows or more: "January" over "Qty" and "Value" gives "January / Qty"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opscopilot.staging.reading.headers import filled, is_name, name_of

Cells = Sequence[str]
Numbered = tuple[int, list[str]]
_JOIN = " / "


class Block(NamedTuple):
    """The rows of the header, as indexes, and the name of each column ('' = none)."""

    top: int
    bottom: int
    names: list[str]


class _Merges:
    """Merged cells, asked by row number and column."""

    def __init__(self, merges: Sequence[tuple[int, ...]]) -> None:
        self._merges = [one for one in merges if len(one) == 4]

    def anchor(self, row: int, column: int) -> tuple[int, int] | None:
        """The cell that holds the text of a merged cell."""
        for top, left, bottom, right in self._merges:
            if top <= row <= bottom and left <= column <= right:
                return top, left
        return None

    def across(self, row: int, width: int) -> bool:
        """Whether cells of this row are merged sideways, short of a title over everything."""
        return any(top == bottom == row and 0 < right - left < width - 1 for top, left, bottom, right in self._merges)

    def down(self, upper: int, lower: int) -> bool:
        """Whether a cell reaches from one row into the other."""
        return any(top <= upper and bottom >= lower for top, _, bottom, _ in self._merges)


def resolve(rows: Sequence[Numbered], at: int, merges: Sequence[tuple[int, ...]] = ()) -> Block:
    """The whole header around the row `at` that was found to name columns."""
    merged = _Merges(merges)
    top = bottom = at
    while bottom + 1 < len(rows) and bottom - at < 2 and _goes_on(rows, bottom, merged):
        bottom += 1
    while top > 0 and at - top < 2 and bottom == at and _is_group(rows, top - 1, merged):
        top -= 1
    if top == bottom:
        return Block(at, at, [name_of(cell) for cell in rows[at][1]])
    return Block(top, bottom, _names(rows, top, bottom, merged))


def _at(cells: Cells, column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _is_group(rows: Sequence[Numbered], upper: int, merged: _Merges) -> bool:
    """Whether the row above the names groups them."""
    (number, above), (below_number, below) = rows[upper], rows[upper + 1]
    words = filled(above)
    if below_number != number + 1 or not words or not all(is_name(cell) or cell.isdigit() for cell in words):
        return False
    width = max(len(below), len(above))
    if merged.down(number, below_number) or merged.across(number, width):
        return True
    names = [cell.casefold() for cell in filled(below)]
    completes = any(_at(above, column) and not _at(below, column) for column in range(width))
    return len(words) > 1 and (len(set(names)) < len(names) or completes)


def _goes_on(rows: Sequence[Numbered], upper: int, merged: _Merges) -> bool:
    """Whether the row under the names has the rest of them."""
    (number, above), (below_number, below) = rows[upper], rows[upper + 1]
    words = filled(below)
    if below_number != number + 1 or not words or not all(is_name(cell) for cell in words):
        return False
    width = max(len(below), len(above))
    if merged.down(number, below_number):
        return True
    gaps = [column for column in range(width) if not _at(above, column) and _at(below, column)]
    blank_below = sum(1 for column in range(width) if _at(above, column) and not _at(below, column))
    if merged.across(number, width):
        return bool(gaps)
    return bool(gaps) and blank_below >= 1 and _values_follow(rows, upper + 2)


def _values_follow(rows: Sequence[Numbered], index: int) -> bool:
    """Whether records come next: something that is no name."""
    return index < len(rows) and any(not is_name(cell) for cell in filled(rows[index][1]))


def _names(rows: Sequence[Numbered], top: int, bottom: int, merged: _Merges) -> list[str]:
    width = max(len(rows[index][1]) for index in range(top, bottom + 1))
    by_number = {rows[index][0]: rows[index][1] for index in range(top, bottom + 1)}
    names = []
    for column in range(width):
        parts: list[str] = []
        for index in range(top, bottom + 1):
            part = _part(rows[index], column, by_number, merged)
            if (
                not part
                and index < bottom
                and any(_at(rows[below][1], column) for below in range(index + 1, bottom + 1))
            ):
                part = _from_left(rows[index], column, merged)
            if part and (not parts or parts[-1] != part):
                parts.append(part)
        names.append(_JOIN.join(parts))
    return names


def _part(row: Numbered, column: int, by_number: dict[int, list[str]], merged: _Merges) -> str:
    anchor = merged.anchor(row[0], column)
    if anchor is not None and anchor[0] in by_number:
        return name_of(_at(by_number[anchor[0]], anchor[1]))
    return name_of(_at(row[1], column))


def _from_left(row: Numbered, column: int, merged: _Merges) -> str:
    """The group a column stands under where nothing says how far groups reach: the last one to the left."""
    if any(merged.anchor(row[0], other) for other in range(column + 1)):
        return ""
    return next((name_of(_at(row[1], other)) for other in range(column, -1, -1) if _at(row[1], other)), "")
