"""Rows at the end of a report that are no records: totals, counts, remarks."""

from __future__ import annotations

import re

_MOST = 20
_FOOTER = re.compile(
    r"\W*((grand |sub)?totals?|sum|summe|gesamt(summe)?|insgesamt|zwischensumme|totaal|i alt|somme|totale|suma|razem"
    r"|celkem|yhteensä|end of (report|file|list)|ende der liste|\(?\d+ rows?( affected| selected| in set.*)?\)?"
    r"|(printed|created|generated|exported|gedruckt|erstellt)( on| at| by|:| am).*|(page|seite|side) \d+.*"
    r"|(records|rows|datensätze|count|anzahl) ?: ?\d+)\W*", re.IGNORECASE,
)  # fmt: skip


def is_footer(cell: str) -> bool:
    """Whether a line that starts with this cell is a total or a note of the report, not a record."""
    return _FOOTER.fullmatch(cell.strip()) is not None


class Tail:
    """Holds back rows that would be a footer if nothing followed them."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._after_blank = -1
        self.held: list[tuple[int, list[str]]] = []

    def blank(self, row: int) -> None:
        """An empty row stands at `row`."""
        self._after_blank = row

    def holds(self, row: int, cells: list[str]) -> bool:
        """Whether the row may be a footer: it says so and most of its cells are empty, or it is a lone remark."""
        filled = 0
        for cell in cells:
            if cell:
                filled += 1
                if filled > 0.6 * self._width:
                    return False
        first = next((cell for cell in cells if cell.strip()), "")
        lone = filled == 1 and self._width > 2 and (bool(self.held) or self._after_blank == row - 1)
        if not (lone or is_footer(first)) or len(self.held) >= _MOST:
            return False
        self.held.append((row, cells))
        return True

    def release(self) -> list[tuple[int, list[str]]]:
        """A record follows: what was held are records too."""
        held, self.held = self.held, []
        return held
