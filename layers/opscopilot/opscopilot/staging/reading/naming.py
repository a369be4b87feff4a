"""The names of the columns of delimited text: found under a preamble, in one row or several, or not there at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from opscopilot.catalogue import synonyms
from opscopilot.staging.reading import stacking
from opscopilot.staging.reading.headers import filled, header_index, is_name, name_of
from opscopilot.staging.reading.scanner import Record
from opscopilot.staging.reading.table import Note

WITHIN = 60
_UNIT = re.compile(
    r"[\[(].*[\])]|[-–%°€$£#]|°[cf]|k?g|mg|t|lbs?|oz|[mck]?l|gal|[cmk]?m[²³23]?|in|ft|pcs?\.?|ea|each|stk\.?|st\.?|stück|"
    r"box|pal(let)?s?|units?|h|hrs?|hours?|min|sec|s|days?|tage?|kwh|[a-z]{1,4}/[a-z]+|eur|usd|gbp|nok|sek|dkk|chf|jpy|pln|"
    r"(n?var)?char2?( ?\(.*\))?|string|text|(big|small)?int(eger)?|number( ?\(.*\))?|numeric( ?\(.*\))?|"
    r"decimal( ?\(.*\))?|float|double|real|date|datetime|time(stamp)?|bool(ean)?|uuid|key|required|optional|mandatory",
    re.IGNORECASE,
)  # fmt: skip
_NOTHING = frozenset(("", "-", "--", "n/a", "na", "null", "none", "nan", "?", "."))
_YEAR = re.compile(r"(19|20)\d\d")
_DAY = re.compile(r"(19|20)\d\d-\d\d(-\d\d)?|\d\d?\.\d\d?\.(19|20)\d\d")


@dataclass(frozen=True)
class Names:
    """The header among the sampled records: rows `top` to `bottom` (indexes; both -1 where there is none), the
    index of the first record under it, and the name of each column."""

    top: int
    bottom: int
    body: int
    names: tuple[str, ...]
    notes: tuple[Note, ...] = ()


def find(
    records: Sequence[Record], width: int, wanted: frozenset[str], merges: Sequence[tuple[int, ...]] = ()
) -> Names:
    """The header of a table whose records usually have `width` cells; `merges` are merged cells (top, left, bottom,
    right) by index of row and column."""
    rows = [one.cells for one in records]
    start = next((index for index, row in enumerate(rows) if len(filled(row)) > 1), 0)
    at = header_index(rows[start:], wanted)
    at = None if at is None else at + start
    if at is None:  # a row of the full width may be names though some are numbers: years, sizes
        full = next((index for index, row in enumerate(rows[:WITHIN]) if len(filled(row)) == width), None)
        at = full if full is not None and _votes(rows, full)[0] > _votes(rows, full)[1] else None
    if at is None or at >= WITHIN or _is_data(rows, at, wanted):
        return _without(records, width)
    block = stacking.resolve(list(enumerate(rows)), at, merges)
    names, top, bottom, notes = list(block.names), block.top, block.bottom, []
    if top == bottom and top > 0 and _groups(rows[top - 1], rows[top]):
        top, names = top - 1, _grouped(rows[top - 1], names)
    elif top == bottom:
        names, bottom = _second_row(rows, bottom, names)
    body = bottom + 1
    if body < len(rows) and _are_units(rows, body):
        shown = " | ".join(filled(rows[body]))[:200]
        notes.append(Note("info", "units_row", "The row under the column names holds units or types; it was left "
                          "out.", shown))  # fmt: skip
        body += 1
    if top < bottom:
        notes.append(Note("info", "header_rows", f"The column names stand in {bottom - top + 1} rows; they were "
                          f"joined.", " | ".join(names)[:200]))  # fmt: skip
    names, more = _as_wide_as_body(rows[body:], names)
    return Names(top, bottom, body, tuple(name_of(one) for one in names), (*notes, *more))


def _without(records: Sequence[Record], width: int) -> Names:
    body = next((index for index, one in enumerate(records) if len(one.cells) == width and filled(one.cells)), 0)
    note = Note(
        "warning", "no_header", "The file has no line with column names; the columns are numbered, and the first "
        "record is kept.", records[body].text[:200] if body < len(records) else None,
    )  # fmt: skip
    return Names(-1, -1, body, tuple(f"column {index + 1}" for index in range(width)), (note,))


def _column(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index].strip() for row in rows if index < len(row) and row[index].strip().lower() not in _NOTHING]


def _valued(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers or dates."""
    return bool(cells) and sum(not is_name(cell) for cell in cells) >= 0.8 * len(cells)


def _form(cell: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell))


def _is_data(rows: Sequence[Sequence[str]], at: int, wanted: frozenset[str]) -> bool:
    """Whether the row that looked like names is the first record: its cells are what stands under them."""
    head = rows[at]
    cells = filled(head)
    known = sum(1 for cell in cells if synonyms.key(cell) in wanted) * 2 + sum(map(synonyms.is_known, cells))
    if known >= (0.3 if all(map(is_name, cells)) else 0.6) * len(cells) and known >= 2:
        return False
    for_names, for_data = _votes(rows, at)
    return for_data > for_names


def _votes(rows: Sequence[Sequence[str]], at: int) -> tuple[float, float]:
    """What speaks for a row of names, and what for a record like those under it."""
    head = rows[at]
    cells = filled(head)
    body = [row for row in rows[at + 1 :] if len(row) == len(head) and filled(row)][:100]
    years = sum(1 for cell in cells if _YEAR.fullmatch(cell))
    days = {cell for cell in cells if _DAY.fullmatch(cell)}
    for_names = for_data = 0.0
    for index, cell in enumerate(head):
        name, column = cell.strip(), _column(body, index)
        if not name or not column:
            continue
        if years > 1 and _YEAR.fullmatch(name):
            for_names += 0.0 if all(map(_YEAR.fullmatch, column)) else 1.0
            continue
        if len(days) > 1 and name in days:
            for_names += 0.0 if any(map(_DAY.fullmatch, column)) else 1.0
            continue
        forms = Counter(map(_form, column))
        form, often = forms.most_common(1)[0]
        if _valued(column):
            for_names, for_data = for_names + is_name(name), for_data + 1.5 * (not is_name(name))
        elif len(column) > 1 and name in column:
            for_data += 1.0
        elif "9" in form and often >= 0.8 * len(column):
            for_data, for_names = for_data + (_form(name) == form), for_names + 0.7 * ("9" not in _form(name))
    return for_names, for_data


def _groups(above: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row groups the names under it, and they need that: each of its words but one spans several names.

    Names we know all by themselves are better left alone.
    """
    places = [index for index, cell in enumerate(above) if cell.strip()]
    if len(above) != len(names) or len(places) < 2 or not all(is_name(above[index]) for index in places):
        return False
    spans = [after - index for index, after in zip(places, [*places[1:], len(above)], strict=True)]
    known = sum(map(synonyms.is_known, filled(names)))
    return sum(span > 1 for span in spans) > 1 and places[-1] > 1 and known < 0.7 * len(filled(names))


def _grouped(above: Sequence[str], names: Sequence[str]) -> list[str]:
    group, found = "", []
    for cell, name in zip(above, names, strict=True):
        group = name_of(cell) or group
        found.append(f"{group} / {name}" if group and name else group or name)
    return found


def _second_row(rows: Sequence[Sequence[str]], at: int, names: list[str]) -> tuple[list[str], int]:
    """Names and last row of a header whose further rows are as full as its first: words over columns of figures."""
    bottom = at
    while bottom - at < 2 and bottom + 2 < len(rows):
        below, body = rows[bottom + 1], [row for row in rows[bottom + 2 :] if len(row) == len(rows[at])][:100]
        words = filled(below)
        if len(below) != len(rows[at]) or not all(map(is_name, words)) or not body or _are_units(rows, bottom + 1):
            break
        figures = [index for index in range(len(below)) if _valued(_column(body, index))]
        told = [below[index].strip().lower() for index in figures]
        if len(figures) < 2 or _NOTHING.intersection(told) or len(set(told)) < min(len(told), 2) or len(words) < 3:
            break
        bottom += 1
        names = [
            " / ".join(dict.fromkeys(part for part in (upper, name_of(lower)) if part))
            for upper, lower in zip(names, below, strict=True)
        ]
    return names, bottom


def _are_units(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a row holds units or types and nothing else."""
    words = filled(rows[at])
    if not words or not all(_UNIT.fullmatch(word) for word in words):
        return False
    body = [row for row in rows[at + 1 :] if filled(row)][:50]
    over = [index for index, cell in enumerate(rows[at]) if cell.strip() and _valued(_column(body, index))]
    return bool(over) and (len(words) > 1 or len(words) == len(over))


def _as_wide_as_body(body: Sequence[Sequence[str]], names: list[str]) -> tuple[list[str], list[Note]]:
    """Where nearly all records have more cells than there are names, the rest are columns without a name."""
    some = [row for row in body if filled(row)]
    widths = Counter(len(row) for row in some)
    if not widths or len(some) < 2:
        return names, []
    width, count = widths.most_common(1)[0]
    if width <= len(names) or count < 0.9 * len(some):
        return names, []
    extra = width - len(names)
    if not any(cell.strip() for row in some if len(row) == width for cell in row[len(names) :]):
        return names, []
    counted = [row[0].strip() for row in some if len(row) == width]
    first = extra == 1 and len(set(counted)) == len(counted) and _rising(counted)
    named = ["", *names] if first else names + [""] * extra
    where = (
        "The first column has" if first else f"The last {extra} columns have" if extra > 1 else "The last column has"
    )
    return named, [Note("warning", "columns_without_name", f"{where} no name in the header.", " | ".join(names)[:200])]


def _rising(cells: Sequence[str]) -> bool:
    """Whether the cells number the rows."""
    return all(cell.isdigit() for cell in cells) and [int(cell) for cell in cells] == list(
        range(int(cells[0]), int(cells[0]) + len(cells))
    )
