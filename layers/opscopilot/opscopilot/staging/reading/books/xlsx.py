"""XLSX, XLSM and their templates: sheets streamed row by row with what their number formats mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from opscopilot.staging.reading.books import formats, xml
from opscopilot.staging.reading.books.formats import Format, Kind
from opscopilot.staging.reading.books.package import Package
from opscopilot.staging.reading.books.strings import Strings
from opscopilot.staging.reading.grid import MAX_COLUMNS, MAX_MERGES, Merge, Met, Row

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_DIGITS = "0123456789"
Render = Callable[[str, Met], str]


class SheetInfo(NamedTuple):
    """A sheet as the workbook lists it. `kind` worksheet, chartsheet, dialogsheet …"""

    name: str
    hidden: bool
    kind: str
    part: str


class Xlsx:
    """An open workbook. `folder` takes what does not fit in memory."""

    def __init__(self, package: Package, folder: Path) -> None:
        self.package = package
        self.since_1904 = False
        self.sheets: list[SheetInfo] = []
        main = package.main("xl/workbook.xml")
        relations = package.relations(main)
        self._list_sheets(main, relations)
        parts = dict(relations.values())
        self.formats = self._styles(parts["styles"]) if parts.get("styles", "") in package else []
        self._strings_part = parts.get("sharedStrings", "")
        self._strings: Strings | None = None
        self._spill = folder / "strings"

    def _list_sheets(self, main: str, relations: dict[str, tuple[str, str]]) -> None:
        def start(name: str, given: dict[str, str]) -> None:
            if name == "workbookPr":
                self.since_1904 = given.get("date1904", "0") in ("1", "true", "on")
            elif name == "sheet":
                own = next((value for key, value in given.items() if key.endswith(":id")), "")
                kind, part = relations.get(own, ("", ""))
                hidden = given.get("state", "visible") != "visible"
                self.sheets.append(SheetInfo(given.get("name", ""), hidden, kind, part))

        self.package.parse(main, start)

    def _styles(self, part: str) -> list[Format]:
        codes = dict(formats.BUILT_IN)
        found: list[int] = []
        inside = False

        def start(name: str, given: dict[str, str]) -> None:
            nonlocal inside
            if name == "numFmt":
                codes[int(given.get("numFmtId", "0"))] = given.get("formatCode", "General")
            elif name == "cellXfs":
                inside = True
            elif name == "xf" and inside:
                found.append(int(given.get("numFmtId", "0")))

        def end(name: str) -> None:
            nonlocal inside
            if name == "cellXfs":
                inside = False

        self.package.parse(part, start, end)
        return [formats.understood(codes.get(number, "General")) for number in found]

    @property
    def strings(self) -> Strings:
        """The shared texts, read when first needed."""
        if self._strings is None:
            self._strings = Strings(self._spill)
            if self._strings_part in self.package:
                self._read_strings(self._strings)
        return self._strings

    def _read_strings(self, strings: Strings) -> None:
        text = xml.Text(self.package.file_name)
        parts: list[str] = []
        phonetic = False

        def start(name: str, _: dict[str, str]) -> None:
            nonlocal phonetic
            if name == "t" and not phonetic:
                text.begin()
            elif name == "si":
                parts.clear()
            elif name == "rPh":
                phonetic = True

        def end(name: str) -> None:
            nonlocal phonetic
            if name == "t" and text.on:
                parts.append(text.take())
            elif name == "rPh":
                phonetic = False
            elif name == "si":
                strings.append(unescaped("".join(parts)))

        self.package.parse(self._strings_part, start, end, text)

    def renderers(self) -> list[Render]:
        """How each cell style writes a number."""
        return [
            _plain if form.kind is Kind.PLAIN else partial(_formatted, form, self.since_1904) for form in self.formats
        ]


def _plain(raw: str, met: Met) -> str:
    if len(raw) < 16 and raw.isdigit() and raw.isascii():
        return raw
    return _number(raw, formats.PLAIN, False, met)


def _formatted(form: Format, since_1904: bool, raw: str, met: Met) -> str:
    return _number(raw, form, since_1904, met)


def _number(raw: str, form: Format, since_1904: bool, met: Met) -> str:
    try:
        value = float(raw)
    except ValueError:
        return raw.strip()
    return formats.render(value, form, met.lost, since_1904=since_1904)


def unescaped(text: str) -> str:
    """Characters that XML cannot hold are written _x000D_."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text).replace("\0", "").replace("\r\n", "\n")


def column_of(letters: str) -> int:
    """A → 0, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


class XlsxGrid:
    """One worksheet."""

    def __init__(self, book: Xlsx, sheet: SheetInfo) -> None:
        self._book, self._sheet = book, sheet
        self.name = sheet.name
        self._merges: list[Merge] | None = None

    def rows(self, met: Met) -> Iterator[Row]:
        """The rows that have cells."""
        reader = _SheetReader(self._book, met)
        package = self._book.package
        with package.open(self._sheet.part) as stream:
            for _ in xml.pump(stream, package.file_name, reader.start, reader.end, reader.text):
                if reader.done:
                    yield from reader.done
                    reader.done.clear()

    def merges(self) -> list[Merge]:
        """Merged cells; they stand at the end of the part."""
        if self._merges is None:
            self._merges = sorted(self._find_merges())
        return self._merges

    def _find_merges(self) -> set[Merge]:
        found: set[Merge] = set()
        rest = b""
        with xml.guarded(self._book.package.file_name), self._book.package.open(self._sheet.part) as stream:
            while (block := stream.read(1 << 20)) and len(found) < MAX_MERGES:
                block = rest + block
                for left, top, right, bottom in _MERGE.findall(block) if b"mergeCell" in block else ():
                    found.add(Merge(int(top), column_of(left.decode()), int(bottom), column_of(right.decode())))
                rest = block[-200:]
        return found


class _SheetReader:
    """Handlers of the sheet's XML. `done` holds finished rows."""

    def __init__(self, book: Xlsx, met: Met) -> None:
        self.text = xml.Text(book.package.file_name)
        self.done: list[Row] = []
        self._met = met
        self._strings = book.strings
        self._render: list[Render] = book.renderers()
        self._columns: dict[str, int] = {}
        self._cells: list[str] = []
        self._row = self._column = 0
        self._kind = self._style = self._value = ""
        self._formula = False

    def start(self, name: str, given: dict[str, str]) -> None:
        """A tag opens."""
        if name == "c":
            self._kind, self._style = given.get("t", "n"), given.get("s", "0")
            self._value, self._formula = "", False
            ref = given.get("r")
            if ref is None:
                self._column += 1
            else:
                letters = ref.rstrip(_DIGITS)
                column = self._columns.get(letters)
                if column is None:
                    column = self._columns[letters] = column_of(letters.replace("$", "").upper())
                self._column = column
        elif name == "v" or name == "t":
            self.text.begin()
        elif name == "row":
            self._row = int(given.get("r") or self._row + 1)
            self._met.row = self._row
            self._cells, self._column = [], -1
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._kind = "phonetic"

    def end(self, name: str) -> None:
        """A tag closes."""
        if name == "v":
            self._value = self.text.take()
        elif name == "c":
            self._put()
        elif name == "t":
            if self._kind == "phonetic":
                self.text.take()
            else:
                self._value += self.text.take()
        elif name == "rPh":
            self._kind = "inlineStr"
        elif name == "row":
            self.done.append(Row(self._row, self._cells))

    def _put(self) -> None:
        value, kind, cells, column = self._value, self._kind, self._cells, self._column
        if not value:
            if self._formula and kind != "str":
                self._met.add("not_calculated", "formula")
            return
        if kind == "s":
            value = self._strings[int(value)] if value.isdigit() else ""
        elif kind == "n":
            style = int(self._style)
            value = self._render[style](value, self._met) if style < len(self._render) else _plain(value, self._met)
        else:
            value = self._other(kind, value)
        gap = column - len(cells)
        if gap == 0:
            cells.append(value)
        elif gap > 0 and column < MAX_COLUMNS:
            cells.extend([""] * gap)
            cells.append(value)
        elif gap < 0 <= column:
            cells[column] = value

    def _other(self, kind: str, value: str) -> str:
        if kind == "b":
            return "true" if value in ("1", "true") else "false"
        if kind == "e":
            self._met.add("error_cells", value)
            return value
        return formats.iso(value) if kind == "d" else unescaped(value)
