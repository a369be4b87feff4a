"""Tables that stand one under the other in a sheet, each read by itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from opscopilot.staging.reading import sections
from opscopilot.staging.reading.grid import Grid, GridTable, Merge, Met, Row
from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.scanner import Run
from opscopilot.staging.reading.table import Note

_ROWS = 3_000
"""Only in sheets of at most so many rows further tables are looked for: a longer one is a list, not a report."""
_SIGN = "\x1f"


class Stretch:
    """The rows of a grid from `start` up to `end` (None: to the end). Implements grid.Grid."""

    def __init__(self, grid: Grid, name: str, start: int, end: int | None) -> None:
        self._grid, self.name = grid, name
        self._start, self._end = start, end

    def rows(self, met: Met) -> Iterator[Row]:
        """The rows between the two."""
        for row in self._grid.rows(met):
            if self._end is not None and row.number >= self._end:
                return
            if row.number >= self._start:
                yield row

    def merges(self) -> list[Merge]:
        """Those of the whole sheet."""
        return self._grid.merges()


def tables_of(grid: Grid, file_name: str, read_as: dict[str, Any], wanted: frozenset[str]) -> list[GridTable]:
    """The tables of a sheet, seldom more than one. Raises Refused `no_header` where there is none."""
    first = GridTable(grid, file_name, read_as, wanted)
    starts = _starts(grid, first)
    if not starts:
        return [first]
    tables = []
    for number, (start, end) in enumerate(zip([1, *starts], [*starts, None], strict=True), 1):
        name = f"{grid.name} table {number}".strip() if number > 1 else grid.name
        tables.append(GridTable(Stretch(grid, name, start, end), file_name, read_as, wanted))
    where = ", ".join(f"row {start}" for start in starts)
    tables[0].notes += (
        Note("warning", "several_tables", f"The sheet holds {len(tables)} tables, one under the other; further ones "
             f"begin at {where}. Each was read by itself."),
    )  # fmt: skip
    return tables


def _starts(grid: Grid, table: GridTable) -> list[int]:
    """The rows where further tables begin."""
    rows = list(islice(grid.rows(Met()), _ROWS + 1))
    if len(rows) > _ROWS or len(table.headers) < 2:
        return []
    left = table.left
    runs, last = [], table.body_row - 1
    for number, cells in rows:
        if number <= last:
            continue
        if number > last + 1:
            runs.append(Run(number - 1, [""]))
        # A line break in a cell is no end of a record here.
        runs.append(Run(number, [_SIGN.join(" ".join(cell.split()) for cell in cells[left:])]))
        last = number
    found = sections.further(runs, Layout(_SIGN, ""), len(table.headers), table.headers)
    return [one.row for one in found]
