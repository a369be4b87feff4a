"""SpreadsheetML 2003: the XML that many ERPs call .xls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from opscopilot.staging.reading.books import formats, xml
from opscopilot.staging.reading.books.formats import Format, Kind
from opscopilot.staging.reading.books.xlsx import SheetInfo
from opscopilot.staging.reading.grid import MAX_COLUMNS, MAX_MERGES, Merge, Met, Row

_NAMED = {
    "general": "General", "percent": "0.00%", "short date": "yyyy-mm-dd", "long date": "yyyy-mm-dd",
    "medium date": "yyyy-mm-dd", "general date": "yyyy-mm-dd hh:mm", "short time": "hh:mm", "long time": "hh:mm:ss",
    "medium time": "hh:mm",
}  # fmt: skip
"""Formats that have a name instead of a code."""


class XmlBook:
    """An open workbook of one XML file."""

    def __init__(self, path: Path, file_name: str) -> None:
        self.path, self.file_name = path, file_name
        self.sheets: list[SheetInfo] = []
        self.styles: dict[str, Format] = {}
        self._style = ""
        self._text = xml.Text(file_name)
        with path.open("rb") as stream:
            xml.parse(stream, file_name, self._start, self._end, self._text)

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "Style":
            self._style = given.get("ss:ID", "")
        elif name == "NumberFormat":
            code = given.get("ss:Format", "General")
            self.styles[self._style] = formats.understood(_NAMED.get(code.lower(), code))
        elif name == "Worksheet":
            self.sheets.append(SheetInfo(given.get("ss:Name", ""), False, "worksheet", str(len(self.sheets))))
        elif name == "Visible" and self.sheets:
            self._text.begin()

    def _end(self, name: str) -> None:
        if name == "Visible" and self._text.on and self._text.take() != "SheetVisible":
            self.sheets[-1] = self.sheets[-1]._replace(hidden=True)


class XmlGrid:
    """One worksheet."""

    def __init__(self, book: XmlBook, info: SheetInfo) -> None:
        self._book, self._index = book, int(info.part)
        self.name = info.name
        self._merges: list[Merge] = []

    def rows(self, met: Met) -> Iterator[Row]:
        """The rows that are in the file."""
        reader = _Reader(self._book, self._index, met)
        self._merges = reader.merges
        with self._book.path.open("rb") as stream:
            for _ in xml.pump(stream, self._book.file_name, reader.start, reader.end, reader.text):
                yield from reader.done
                reader.done.clear()
                if reader.sheet > self._index:
                    return

    def merges(self) -> list[Merge]:
        """Merged cells among the rows read so far."""
        return self._merges


class _Reader:
    """Handlers for one worksheet of the file."""

    def __init__(self, book: XmlBook, index: int, met: Met) -> None:
        self.text = xml.Text(book.file_name)
        self.done: list[Row] = []
        self.merges: list[Merge] = []
        self.sheet = -1
        self._wanted, self._met, self._styles = index, met, book.styles
        self._row = self._column = 0
        self._cells: list[str] = []
        self._kind = ""
        self._own: dict[str, str] = {}
        self._row_style = ""

    def start(self, name: str, given: dict[str, str]) -> None:
        """A tag opens."""
        if name == "Worksheet":
            self.sheet, self._row = self.sheet + 1, 0
        elif self.sheet != self._wanted:
            return
        elif name == "Row":
            self._row = int(given.get("ss:Index", self._row + 1))
            self._met.row, self._cells, self._column = self._row, [], -1
            self._row_style = given.get("ss:StyleID", "")
        elif name == "Cell":
            self._own = given
            self._column = int(given.get("ss:Index", self._column + 2)) - 1
        elif name == "Data":
            self._kind = given.get("ss:Type", "String")
            self.text.begin()
        elif name == "Comment":
            self._kind = "comment"

    def end(self, name: str) -> None:
        """A tag closes."""
        if self.sheet != self._wanted:
            return
        if name == "Data" and self.text.on:
            value = self.text.take()
            if value and self._kind != "comment" and 0 <= self._column < MAX_COLUMNS:
                self._cells += [""] * (self._column + 1 - len(self._cells))
                self._cells[self._column] = self._value(value)
        elif name == "Cell":
            across, down = int(self._own.get("ss:MergeAcross", "0")), int(self._own.get("ss:MergeDown", "0"))
            if (across or down) and len(self.merges) < MAX_MERGES:
                self.merges.append(Merge(self._row, self._column, self._row + down, self._column + across))
            self._column += across
        elif name == "Row":
            self.done.append(Row(self._row, self._cells))

    def _value(self, raw: str) -> str:
        if self._kind == "Number":
            form = self._styles.get(self._own.get("ss:StyleID", self._row_style), formats.PLAIN)
            try:
                return formats.render(float(raw), form, self._met.lost)
            except ValueError:
                return raw
        if self._kind == "DateTime":
            when = formats.iso(raw.removesuffix(".000"))
            form = self._styles.get(self._own.get("ss:StyleID", self._row_style), formats.PLAIN)
            if form.kind is Kind.TIME:
                return when[11:]
            return when.removesuffix(" 00:00:00") if form.kind is not Kind.DATETIME else when
        if self._kind == "Boolean":
            return "true" if raw.strip() == "1" else "false"
        if self._kind == "Error":
            self._met.add("error_cells", raw)
        return raw
