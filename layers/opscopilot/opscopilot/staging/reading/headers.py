"""Which row of a grid holds the names of its columns, and what they are when they take two rows.

Rows are lists of cells as text, whatever they were read from: lines of a file, rows of a sheet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from opscopilot.catalogue import synonyms

HEADER_WITHIN = 40
"""Names are looked for in this many rows."""
_VALUE = re.compile(r"[-+(€$£]*\s*[0-9][0-9.,' /:-]*\s*[%€)-]*|[0-9]{4}-[0-9]{2}-[0-9]{2}.*")


def filled(cells: Sequence[str]) -> list[str]:
    """Cells that are not blank, trimmed."""
    return [cell.strip() for cell in cells if cell.strip()]


def name_of(cell: str) -> str:
    """A header as it is kept: one line, single blanks."""
    return " ".join(cell.split())


def is_name(cell: str) -> bool:
    """Whether a cell could be a column's name: not a number, an amount or a date."""
    return bool(cell.strip()) and not _VALUE.fullmatch(cell.strip())


def header_index(rows: Sequence[Sequence[str]], wanted: frozenset[str] = frozenset()) -> int | None:
    """The row that names the columns: the one with the most names we know, else the first that looks so.

    `wanted` are keys (synonyms.key) of headers a mapping expects. None where no row looks like names.
    """
    widths = Counter(len(row) for row in rows if len(filled(row)) > 1)
    if not widths:
        only = next((index for index, row in enumerate(rows[:HEADER_WITHIN]) if filled(row)), None)
        return only if only is not None and synonyms.is_known(filled(rows[only])[0]) else None
    width = max(widths.items(), key=lambda item: (item[1], item[0]))[0]
    ranked: list[tuple[int, int, float, int]] = []
    for index, row in enumerate(rows[:HEADER_WITHIN]):
        cells = filled(row)
        if len(cells) < 2:
            continue
        expected = sum(1 for cell in cells if synonyms.key(cell) in wanted)
        known = expected + sum(1 for cell in cells if synonyms.is_known(cell))
        ranked.append((expected, known, header_like(cells, width), -index))
    return _chosen(ranked)


def _chosen(ranked: Sequence[tuple[int, int, float, int]]) -> int | None:
    if not ranked:
        return None
    expected, known, _, at = max(ranked)
    if expected >= 2:
        return -at
    if known >= 2:  # a record may hold words that are names elsewhere: the first row that is nearly as good wins
        return next(-index for _, names, like, index in ranked if names >= 0.6 * known and (like >= 0.5 or index == at))
    likely = [one for one in ranked if one[2] >= 0.6]
    return -max(likely, key=lambda one: (one[1], one[3]))[3] if likely else None


def header_like(cells: Sequence[str], width: int) -> float:
    """How much filled cells look like names: of the full width, different, not numbers or dates (0 to 1)."""
    words = sum(1 for cell in cells if is_name(cell)) / len(cells)
    different = len({cell.casefold() for cell in cells}) / len(cells)
    return words * different * min(len(cells) / max(width, 1), 1.0)
