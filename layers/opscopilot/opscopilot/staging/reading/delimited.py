"""The tables of a delimited text file, whatever separates, quotes, escapes and ends its cells and records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from opscopilot.catalogue import synonyms
from opscopilot.staging.reading import aligned, naming, sections
from opscopilot.staging.reading.headers import is_name
from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.pouring import Pouring, blank_or_rule, blanks_of
from opscopilot.staging.reading.scanner import Record, Run, Scanner
from opscopilot.staging.reading.sniffing import Sample, newline_of, sniff
from opscopilot.staging.reading.table import Note, Prepared, Table
from opscopilot.staging.reading.unpack import TextFile, blocks, probe
from opscopilot.staging.refusal import Refused

_SNIFFED = 1 << 16
_SAMPLE = 50
_EVEN = 0.75
"""Where a separator makes fewer records than this alike, columns that stand under each other are looked for."""
_LINES = 400
_STATED = re.compile(r"\s*\"?sep=(.{1,3}?)\"?\s*", re.IGNORECASE)
_SAID = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}


class DelimitedTable:
    """One table of a text file: see table.Table. It spans the rows from `first` up to `end` (None: to the end)."""

    def __init__(
        self, text: TextFile, layout: Layout, first: int, end: int | None, name: str, wanted: frozenset[str]
    ) -> None:
        self._text, self._end = text, end
        self.layout, self.name = layout, name
        records = [
            one for one in islice(_within(self._scan(layout, first, None), end), _LINES) if isinstance(one, Record)
        ]
        blanks = blanks_of(layout) + layout.delimiter
        ruled = [one._replace(cells=[]) if blank_or_rule(one.text, blanks) else one for one in records]
        found = naming.find(ruled, layout.usual, wanted)
        self.headers = found.names
        top, bottom, body = found.top, found.bottom, found.body
        self.header_row = records[bottom].row if bottom >= 0 else 0
        self.preamble = tuple(one.text for one in records[: top if top >= 0 else body] if one.text.strip())
        self.body_row = records[body].row if body < len(records) else _after(records)
        width = len(self.headers)
        fitting = (one.cells for one in records[body:] if len(one.cells) == width and "".join(one.cells).strip())
        self.sample = tuple(tuple(cells) for cells in islice(fitting, _SAMPLE))
        self.delimiter = layout.delimiter if width > 1 else ","
        self.untidy = text.untidy
        self.notes: tuple[Note, ...] = found.notes
        self.read_as: dict[str, Any] = {
            "format": "delimited", "encoding": text.encoding, "delimiter": layout.delimiter, "quote": layout.quote,
            "escape": layout.escape or ("" if not layout.quote else "doubled"),
            "record_separator": "\r\n" if text.paired else layout.newline, "header_row": self.header_row,
        }  # fmt: skip
        if bottom > top:
            self.read_as["header_rows"] = [records[top].row, self.header_row]

    def _scan(self, layout: Layout, first: int, width: int | None) -> Iterator[Run | Record]:
        return iter(Scanner(blocks(self._text, layout), layout, width, first))

    def items(self) -> Iterator[Run | Record]:
        """What stands under the header."""
        return _within(self._scan(self.layout, self.body_row, len(self.headers)), self._end)

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """See Table.prepare."""
        return Pouring(self.layout, self.headers, folder, part_bytes).run(self.items(), untidy=self._text.untidy)


def _after(records: Sequence[Record]) -> int:
    return records[-1].row + records[-1].text.count("\n") + 1 if records else 1


def _within(items: Iterator[Run | Record], end: int | None) -> Iterator[Run | Record]:
    """The items that begin above row `end`."""
    for item in items:
        if end is not None and item.row >= end:
            return
        if end is not None and isinstance(item, Run) and item.row + len(item.lines) > end:
            yield Run(item.row, item.lines[: end - item.row])
            return
        yield item


def open_text(path: Path, file_name: str, wanted: frozenset[str] = frozenset(), name: str = "") -> list[Table]:
    """The tables in a text file, seldom more than one. `wanted` are keys (synonyms.key) of headers that a mapping
    expects; `name` is the file's name inside a container. Raises Refused for what is no table."""
    text = probe(path, file_name)
    sample, skip = _sample(text), 0
    stated = _STATED.fullmatch(re.split("[\r\n]", sample.text, maxsplit=1)[0])
    if stated:
        skip = 1
        sample = replace(sample, text=re.split("\r\n|\n|\r", sample.text, maxsplit=1)[-1])
    layout = _layout(sample, stated.group(1) if stated else None, file_name)
    first = DelimitedTable(text, layout, 1 + skip, None, name, wanted)
    found = _all(first, text, skip, wanted)
    found[0].notes += _notes(text)
    return list(found)


def _sample(text: TextFile) -> Sample:
    """The first lines, as the file has them."""
    pieces = "\n".join(_first(blocks(text, Layout(newline="\n" if text.newline == "\n" else "\r"))))
    if text.newline == "\r":
        pieces = pieces.translate({10: "\r", 13: "\n"})
    newline = newline_of(pieces[:_SNIFFED])
    if newline == "\r\n" and not text.paired:
        newline = "\n"
    if len(pieces) > _SNIFFED:
        cut = pieces.rfind(newline, 0, _SNIFFED)
        pieces = pieces[: cut if cut > 0 else pieces.find(newline) if newline in pieces else None]
    return Sample(pieces, newline)


def _first(pieces: Iterator[str]) -> Iterator[str]:
    """Enough of the text to see how it is laid out."""
    size = 0
    for piece in pieces:
        yield piece
        size += len(piece)
        if size >= _SNIFFED:
            return


def _layout(sample: Sample, stated: str | None, file_name: str) -> Layout:
    shape = sniff(sample, stated)
    lines = sample.lines()
    if (shape is None or (not stated and shape.share < _EVEN)) and (cuts := aligned.cuts_of(lines)):
        return Layout("  ", "", "", "\n", "\x1f", cuts, len(cuts))
    if shape is not None:
        return shape.layout
    if lines and (synonyms.is_known(lines[0]) or _column_of_values(lines)):
        # One column is a table too when we know its name, or its values.
        return Layout(newline=sample.newline, usual=1)
    raise Refused(
        "not_a_table",
        f"'{file_name}' has no columns: no comma, semicolon, tab or bar separates anything in its lines. "
        f"Export it as CSV with a header line.",
    )


def _column_of_values(lines: Sequence[str]) -> bool:
    """Whether a name stands over numbers or dates, one to a line."""
    return len(lines) > 2 and is_name(lines[0]) and not any(is_name(line.strip(' "')) for line in lines[1:])


def _all(first: DelimitedTable, text: TextFile, skip: int, wanted: frozenset[str]) -> list[DelimitedTable]:
    """The table and those under it, where the file is small enough to look."""
    layout = first.layout
    if text.size > sections.LOOKED_AT or len(first.headers) < 2:
        return [first]
    below = sections.further(first.items(), layout, len(first.headers), first.headers)
    if not below:
        return [first]
    starts = [1 + skip, *(one.row for one in below)]
    ends = [*starts[1:], None]
    widths = [layout.usual, *(one.width for one in below)]
    tables = []
    for number, (start, end, width) in enumerate(zip(starts, ends, widths, strict=True), 1):
        name = f"{first.name} table {number}".strip() if number > 1 else first.name
        tables.append(DelimitedTable(text, replace(layout, usual=width), start, end, name, wanted))
    found = ", ".join(f"line {one.row}" for one in below)
    tables[0].notes += (
        Note("warning", "several_tables", f"The file holds {len(tables)} tables, one under the other; further ones "
             f"begin at {found}. Each was read by itself."),
    )  # fmt: skip
    return tables


def _notes(text: TextFile) -> tuple[Note, ...]:
    found = []
    if text.mixed:
        found.append(Note("warning", "mixed_encoding", "Most of the file is UTF-8, but single characters are not; "
                          "they were read as Western European (cp1252)."))  # fmt: skip
    if text.other:
        found.append(Note("warning", "encoding_unsure", f"The file does not say its encoding; it was read as "
                          f"{text.encoding}, but {text.other} is nearly as likely. Check letters with accents, or "
                          f"export as UTF-8."))  # fmt: skip
    return tuple(found)
