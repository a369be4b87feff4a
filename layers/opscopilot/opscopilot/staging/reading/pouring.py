"""From scanned text to part files: blank and repeated lines left out, odd records set aside, the rest copied."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from opscopilot.staging.reading.footers import is_footer
from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.parts import PartWriter
from opscopilot.staging.reading.scanner import Record, Run
from opscopilot.staging.reading.table import Prepared
from opscopilot.staging.rejects import Spool

_TAIL = 3
"""So many lines at the end may be totals of the full width."""
_MOST_HELD = 20
_RULES = "-=_+*"


def blanks_of(layout: Layout) -> str:
    """What a line without any record may be made of."""
    return layout.inner + layout.quote + ' \t"\u00a0\x0c\x1a\ufeff'


def blank_or_rule(text: str, blanks: str) -> bool:
    """Whether a line holds nothing but blanks, separators and drawn lines."""
    if text.strip(blanks + _RULES + "|:"):
        return False
    if not text.strip(blanks):
        return True
    return any(rule * 2 in text for rule in _RULES) and not _alone_in_cell(text)


def _alone_in_cell(text: str) -> bool:
    """Whether a cell holds a single dash or the like, as cells without a value do."""
    return re.search(r"(?:^|[^-=_+*:])[-=_+*](?![-=_+*:])", text) is not None and "-+-" not in text and "+-" not in text


class Pouring:
    """Writes one table's records into part files in `folder`."""

    def __init__(self, layout: Layout, headers: tuple[str, ...], folder: Path, part_bytes: int | None) -> None:
        self._layout, self._headers, self._width = layout, headers, len(headers)
        self._named = max((index + 1 for index, name in enumerate(headers) if name), default=0)
        sign = layout.inner
        self._blanks = blanks_of(layout)
        self._drawn = self._blanks + _RULES + "|:"
        self._suspects = frozenset(self._drawn) | {""}
        self._repeats = (sign.join(headers), '"' + f'"{sign}"'.join(headers) + '"')
        self._writer = PartWriter(folder, part_bytes, sign)
        self._held: list[Record] = []
        self._tail: Run | None = None
        self._blank_row = -1
        self.found = Prepared(self._writer.parts, folder / "widths.csv", sign)

    def run(self, items: Iterable[Run | Record], *, untidy: bool) -> Prepared:
        """Copy everything; what was met."""
        found = self.found
        found.untidy = untidy
        with found.spool.open("w", encoding="utf-8", newline="") as stream, self._writer:
            spool = Spool(stream)
            for item in items:
                if isinstance(item, Run):
                    self._run(item, spool)
                else:
                    self._one(item, spool)
            self._end()
        found.records, found.multiline = self._writer.number, self._writer.multiline
        return found

    # --- lines as they stand -----------------------------------------------------------------------------------

    def _run(self, run: Run, spool: Spool) -> None:
        heads = {line[:1] for line in run.lines}
        if "\x0c" in heads:  # pages begin with a form feed
            run = Run(run.row, [line.lstrip("\x0c") for line in run.lines])
        if not self._suspects.isdisjoint(heads) or any(one in run.lines for one in self._repeats):
            for piece in self._worth(run):
                self._copy(piece, spool)
        else:
            self._copy(run, spool)

    def _worth(self, run: Run) -> list[Run]:
        """The run without its blank lines, rules and repeated headers."""
        row, lines = run
        pieces, start = [], 0
        for index, line in enumerate(lines):
            if not line.strip(self._drawn) and blank_or_rule(line, self._blanks):
                self.found.blank += 1
                self._blank_row = row + index
            elif line in self._repeats:
                self.found.repeated_headers += 1
            else:
                continue
            if index > start:
                pieces.append(Run(row + start, lines[start:index]))
            start = index + 1
        if start < len(lines):
            pieces.append(Run(row + start, lines[start:]))
        return pieces

    def _copy(self, run: Run, spool: Spool) -> None:
        self._flush(spool)
        row, lines = run
        keep = max(len(lines) - _TAIL, 0)
        if keep:
            self._writer.write_plain(lines[:keep] if keep < len(lines) else lines, row)
        self._tail = Run(row + keep, lines[keep:])

    def _flush(self, spool: Spool) -> None:
        """A record follows: what was held back are records too."""
        if self._tail is not None:
            self._writer.write_plain(self._tail.lines, self._tail.row)
            self._tail = None
        for record in self._held:
            self._reject(record, spool)
        self._held.clear()

    def _end(self) -> None:
        """Nothing follows: totals among the last lines are no records."""
        footers = [one.text for one in self._held]
        if self._tail is not None:
            row, lines = self._tail
            while lines and (total := self._total(lines[-1])):
                footers.insert(0, total)
                lines.pop()
            self._writer.write_plain(lines, row)
        self.found.footers = footers

    def _total(self, line: str) -> str:
        """What a line of totals says; empty for a record."""
        cells = [cell.strip(' "') for cell in line.split(self._layout.inner)]
        some = [cell for cell in cells if cell]
        return " ".join(some) if some and is_footer(some[0]) and len(some) < self._width else ""

    # --- records taken apart -----------------------------------------------------------------------------------

    def _one(self, record: Record, spool: Spool) -> None:
        if blank_or_rule(record.text, self._blanks + self._layout.delimiter):
            self.found.blank += 1
            self._blank_row = record.row
            return
        fitted = self._fit(record)
        if fitted is None:
            self._odd(record, spool)
        elif tuple(" ".join(cell.split()) for cell in fitted) == self._headers:
            self.found.repeated_headers += 1
        else:
            self._flush(spool)
            self._writer.write(record.row, fitted)

    def _fit(self, record: Record) -> list[str] | None:
        """Cells in the header's width: empty ones at the end may be too many or missing; else None."""
        width, cells = self._width, record.cells
        if record.broken:
            return None
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if self._named <= len(cells) <= width:
            return cells + [""] * (width - len(cells))
        return None

    def _odd(self, record: Record, spool: Spool) -> None:
        """A record of a wrong width: a report's footer if nothing follows it, else a reject."""
        some = [cell for cell in record.cells if cell.strip()]
        remark = len(some) == 1 and self._width > 2 and (bool(self._held) or self._blank_row == record.row - 1)
        if not record.broken and (remark or is_footer(some[0] if some else "")) and len(self._held) < _MOST_HELD:
            self._held.append(record)
            return
        self._flush(spool)
        self._reject(record, spool)

    def _reject(self, record: Record, spool: Spool) -> None:
        width = self._width
        if record.broken:
            message = f"A quotation mark in line {record.row} opens or closes in the wrong place."
        else:
            message = f"Line {record.row} has {len(record.cells)} cells; the header has {width}."
        error = {
            "field": None, "code": "wrong_column_count", "message": message, "raw_value": record.text[:200],
            "expected": f"{width} cells separated by '{self._layout.delimiter}', text with the separator in quotes",
        }  # fmt: skip
        spool.add(self._writer.take(), {"source_row": record.row, "line": record.text[:20_000]}, [error])
        self.found.rejected += 1
