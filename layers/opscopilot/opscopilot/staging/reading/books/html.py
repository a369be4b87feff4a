"""Tables of a web page, as many ERPs and report servers write under the name .xls. Nothing in it is run."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from opscopilot.staging.reading.books.xml import MAX_TEXT
from opscopilot.staging.reading.grid import MAX_COLUMNS, Merge, Met, Row
from opscopilot.staging.refusal import Refused

_BLOCK = 1 << 16
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_MAX_TABLES = 200
_STUCK = 4 << 20


def encoding_of(head: bytes) -> str:
    """The encoding the page states, or what its bytes say."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    stated = _CHARSET.search(head)
    if stated:
        try:
            name = codecs.lookup(stated.group(1).decode()).name
            return "cp1252" if name in ("iso8859-1", "ascii") else "utf-8" if name.startswith("utf-16") else name
        except LookupError:
            pass
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


class _Page(HTMLParser):
    """Rows of the tables that hold no other table; `done` has (table, row)."""

    def __init__(self, file_name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[tuple[int, Row]] = []
        self.merges: dict[int, list[Merge]] = {}
        self.count = 0
        self._file_name = file_name
        self._open: list[int] = []
        self._row: dict[int, int] = {}
        self._cells: list[str] = []
        self._down: dict[int, tuple[int, str]] = {}
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._length = 0
        self._mute = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        if tag == "table":
            self._end_row()
            self._open.append(self.count)
            self._row[self.count] = 0
            self.count += 1
        elif tag in ("script", "style"):
            self._mute += 1
        elif not self._open:
            return
        elif tag == "tr":
            self._end_row()
            self._row[self._open[-1]] += 1
        elif tag in ("td", "th"):
            self._end_cell()
            given = dict(attrs)
            self._cell, self._length = [], 0
            self._span = (_count(given.get("colspan")), _count(given.get("rowspan")))
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag in ("script", "style"):
            self._mute = max(self._mute - 1, 0)
        elif tag == "table" and self._open:
            self._end_row()
            self._down = {}
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._cell is None or self._mute:
            return
        self._length += len(data)
        if self._length > MAX_TEXT:
            raise Refused(
                "not_a_table",
                f"'{self._file_name}' has a cell of more than {MAX_TEXT >> 20} million characters. Export the table as CSV or XLSX.",
            )
        self._cell.append(data)

    def _from_above(self) -> None:
        """Cells that reach down into this row from the ones above."""
        while (held := self._down.get(len(self._cells))) is not None and len(self._cells) < MAX_COLUMNS:
            left, text = held
            column = len(self._cells)
            if left > 1:
                self._down[column] = (left - 1, text)
            else:
                del self._down[column]
            self._cells.append(text)

    def _end_cell(self) -> None:
        if self._cell is None or not self._open:
            return
        lines = ("".join(self._cell)).replace("\u00a0", " ").split("\n")
        text = "\n".join(one for one in (" ".join(line.split()) for line in lines) if one)
        self._cell = None
        self._from_above()
        across, down = self._span
        table, column = self._open[-1], len(self._cells)
        row = self._row[table]
        if across > 1 or down > 1:
            self._merged(table, Merge(row, column, row + down - 1, column + across - 1))
        self._cells += [text, *[""] * (across - 1)][: MAX_COLUMNS - column]
        if down > 1:
            for index in range(across):
                self._down[column + index] = (down - 1, text if index == 0 else "")

    def _merged(self, table: int, merge: Merge) -> None:
        known = self.merges.setdefault(table, [])
        if merge.top <= 60 and len(known) < 1000:
            known.append(merge)

    def _end_row(self) -> None:
        self._end_cell()
        if self._open and self._cells:
            self._from_above()
            table = self._open[-1]
            self.done.append((table, Row(self._row[table], self._cells)))
        self._cells = []


def _count(text: str | None) -> int:
    return min(max(int(text), 1), 1000) if text and text.strip().isdigit() else 1


class HtmlPage:
    """A page; `tables` says how many tables it has and how many rows each, up to a limit."""

    def __init__(self, path: Path, file_name: str) -> None:
        self.path, self.file_name = path, file_name
        with path.open("rb") as stream:
            self.encoding = encoding_of(stream.read(_BLOCK))

    def read(self) -> Iterator[tuple[_Page, list[tuple[int, Row]]]]:
        """Blocks of rows of all tables, in order of the page."""
        page = _Page(self.file_name)
        with self.path.open(encoding=self.encoding, errors="replace", newline=None) as stream:
            while block := stream.read(_BLOCK):
                page.feed(block)
                if len(page.rawdata) > _STUCK:
                    raise Refused(
                        "unsafe_file",
                        f"'{self.file_name}' has an HTML tag of more than {_STUCK >> 20} MB. Export it as CSV.",
                    )
                yield page, page.done
                page.done.clear()
        page.close()
        page._end_row()
        yield page, page.done

    def grids(self) -> list[HtmlGrid]:
        """The tables with at least two rows of at least two cells, or one column and more rows."""
        rows: dict[int, int] = {}
        for _, done in self.read():
            for table, row in done:
                if len(row.cells) > 1 and table < _MAX_TABLES:
                    rows[table] = rows.get(table, 0) + 1
        good = [table for table, count in rows.items() if count > 1]
        return [HtmlGrid(self, table, f"table {place + 1}") for place, table in enumerate(sorted(good))]


class HtmlGrid:
    """One table of a page."""

    def __init__(self, page: HtmlPage, index: int, name: str) -> None:
        self._page, self._index = page, index
        self.name = name
        self._merges: list[Merge] = []

    def rows(self, met: Met) -> Iterator[Row]:
        """The rows of this table."""
        for page, done in self._page.read():
            self._merges = page.merges.get(self._index, [])
            for table, row in done:
                if table == self._index:
                    met.row = row.number
                    yield row

    def merges(self) -> list[Merge]:
        """Cells with colspan or rowspan among the rows read so far."""
        return self._merges
