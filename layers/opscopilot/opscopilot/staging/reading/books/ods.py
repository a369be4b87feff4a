"""ODS and flat ODS (LibreOffice, Google, many ERPs): sheets streamed, repeated cells counted and not written out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO

from opscopilot.staging.reading.books import formats, xml
from opscopilot.staging.reading.books.xlsx import SheetInfo
from opscopilot.staging.reading.grid import MAX_COLUMNS, MAX_MERGES, Merge, Met, Row

_MAX_ROWS = 1 << 20
_CLOCK = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_CODE = re.compile(r"0\d+|\d+(?:[-/ .]\d+)+")
Opening = Callable[[], AbstractContextManager[IO[bytes]]]


class Ods:
    """An open document; `opening` gives its content.xml, from the start each time."""

    def __init__(self, opening: Opening, file_name: str) -> None:
        self.opening, self.file_name = opening, file_name
        self.sheets: list[SheetInfo] = []
        self._hidden: set[str] = set()
        self._list_sheets()

    def _list_sheets(self) -> None:
        style = ""

        def start(name: str, given: dict[str, str]) -> None:
            nonlocal style
            if name == "style:style":
                style = given.get("style:name", "")
            elif name == "style:table-properties" and given.get("table:display") == "false":
                self._hidden.add(style)
            elif name == "table:table":
                hidden = given.get("table:style-name", "") in self._hidden
                self.sheets.append(SheetInfo(given.get("table:name", ""), hidden, "worksheet", str(len(self.sheets))))

        with self.opening() as stream:
            for _ in xml.pump(stream, self.file_name, start, lambda _: None, xml.Text(self.file_name), bare=False):
                pass


class OdsGrid:
    """One sheet."""

    def __init__(self, book: Ods, info: SheetInfo) -> None:
        self._book, self._index = book, int(info.part)
        self.name = info.name
        self._merges: list[Merge] = []

    def rows(self, met: Met) -> Iterator[Row]:
        """The rows with something in them."""
        reader = _Reader(self._book.file_name, self._index, met)
        self._merges = reader.merges
        with self._book.opening() as stream:
            for _ in xml.pump(stream, self._book.file_name, reader.start, reader.end, reader.text, bare=False):
                for number, cells, times in reader.done:
                    for again in range(min(times, _MAX_ROWS - number + 1)):
                        yield Row(number + again, cells)
                reader.done.clear()
                if reader.over:
                    return

    def merges(self) -> list[Merge]:
        """Merged cells among the rows read so far."""
        return self._merges


class _Reader:
    """Handlers of content.xml for one of its sheets. `done` holds rows, with how often each stands there."""

    def __init__(self, file_name: str, index: int, met: Met) -> None:
        self.text = xml.Text(file_name)
        self.done: list[tuple[int, list[str], int]] = []
        self.merges: list[Merge] = []
        self.over = False
        self._met, self._wanted, self._table = met, index, -1
        self._depth = 0
        self._row = 0
        self._times = 1
        self._cells: list[str] = []
        self._cell: dict[str, str] | None = None
        self._shown: list[str] = []
        self._remark = 0
        self._column = 0

    def start(self, name: str, given: dict[str, str]) -> None:
        """A tag opens."""
        if name == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._table += 1
                self._row = 0
        elif self._table != self._wanted or self._depth != 1:
            return
        elif name == "table:table-row":
            self._row += 1
            self._met.row = self._row
            self._times = int(given.get("table:number-rows-repeated", "1"))
            self._cells, self._column = [], 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._cell, self._shown = given, []
        elif name == "office:annotation":
            self._remark += 1
        elif name == "text:p" and self._cell is not None and not self._remark:
            self.text.begin()
        elif name in ("text:s", "text:tab", "text:line-break") and self.text.on:
            count = min(int(given.get("text:c", "1")), 1000) if name == "text:s" else 1
            self.text.add({"text:s": " ", "text:tab": "\t"}.get(name, "\n") * count)

    def end(self, name: str) -> None:
        """A tag closes."""
        if name == "table:table":
            self._depth -= 1
            self.over = self.over or (self._depth == 0 and self._table == self._wanted)
        elif self._table != self._wanted or self._depth != 1:
            return
        elif name == "text:p" and self.text.on:
            self._shown.append(self.text.take())
        elif name == "office:annotation":
            self._remark -= 1
        elif name in ("table:table-cell", "table:covered-table-cell") and self._cell is not None:
            self._put(self._cell)
            self._cell = None
        elif name == "table:table-row":
            if any(self._cells):
                self.done.append((self._row, self._cells, self._times))
            self._row += self._times - 1

    def _put(self, given: dict[str, str]) -> None:
        times = int(given.get("table:number-columns-repeated", "1"))
        value = self._value(given)
        across = int(given.get("table:number-columns-spanned", "1"))
        down = int(given.get("table:number-rows-spanned", "1"))
        if (across > 1 or down > 1) and len(self.merges) < MAX_MERGES:
            self.merges.append(Merge(self._row, self._column, self._row + down - 1, self._column + across - 1))
        if value and self._column < MAX_COLUMNS:
            self._cells += [""] * (self._column - len(self._cells))
            self._cells += [value] * min(times, MAX_COLUMNS - self._column)
        self._column += times

    def _value(self, given: dict[str, str]) -> str:
        shown = "\n".join(self._shown)
        stored = given.get("office:value", "")
        match given.get("office:value-type", given.get("calcext:value-type", "")):
            case "float" | "currency":
                return self._number(stored, shown)
            case "percentage":
                return _rendered(stored, formats.Format(formats.Kind.PERCENT), self._met)
            case "date":
                return formats.iso(given.get("office:date-value", shown))
            case "time":
                return _time(given.get("office:time-value", shown))
            case "boolean":
                return given.get("office:boolean-value", shown).lower()
            case _:
                if shown.startswith("#") and given.get("calcext:value-type") == "error":
                    self._met.add("error_cells", shown)
                return shown or given.get("office:string-value", "")

    def _number(self, stored: str, shown: str) -> str:
        """The number; as it is shown where its format makes a code of it (00042)."""
        if _CODE.fullmatch(shown) and stored.isdigit():
            digits = re.sub(r"\D", "", shown)
            if digits.startswith("0") and digits.lstrip("0") == stored.lstrip("0"):
                return shown
        return _rendered(stored, formats.PLAIN, self._met) if stored else shown


def _rendered(stored: str, form: formats.Format, met: Met) -> str:
    try:
        return formats.render(float(stored), form, met.lost)
    except ValueError:
        return stored


def _time(text: str) -> str:
    found = _CLOCK.fullmatch(text)
    return ":".join(part.zfill(2) for part in found.groups()) if found else text
