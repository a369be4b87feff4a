"""XLSB: the binary form of XLSX. Records of a type, a length and a body, streamed ([MS-XLSB] 2.1.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from opscopilot.staging.reading.books import formats, xml
from opscopilot.staging.reading.books.formats import Format
from opscopilot.staging.reading.books.package import Package
from opscopilot.staging.reading.books.strings import Strings
from opscopilot.staging.reading.books.xlsx import SheetInfo
from opscopilot.staging.reading.grid import MAX_COLUMNS, MAX_MERGES, Merge, Met, Row
from opscopilot.staging.refusal import Refused

_MAX_RECORD = 4 << 20
_ROW, _CELLS, _ITEM, _FORMAT, _STYLE = 0, range(1, 12), 19, 44, 47
_STYLES_BEGIN, _STYLES_END, _PROPERTIES, _SHEET, _MERGE, _SHEET_DATA_END = 617, 618, 153, 156, 176, 146
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip


def records(stream: IO[bytes], file_name: str) -> Iterator[tuple[int, bytes]]:
    """Type and body of each record."""
    read = stream.read
    with xml.guarded(file_name):
        while first := read(1):
            kind = first[0]
            if kind & 0x80:
                kind = (kind & 0x7F) | (read(1)[0] & 0x7F) << 7
            size = shift = 0
            while shift < 28:
                byte = read(1)[0]
                size |= (byte & 0x7F) << shift
                shift += 7
                if not byte & 0x80:
                    break
            if size > _MAX_RECORD:
                raise Refused(
                    "unsafe_file",
                    f"'{file_name}' claims a record of {size >> 20} MB inside. Save it as XLSX and drop that.",
                )
            body = read(size)
            if len(body) < size:
                raise EOFError("it ends in the middle of a record")
            yield kind, body


def _wide(body: bytes, at: int) -> tuple[str, int]:
    """A string with its length in front, and where it ends."""
    (length,) = struct.unpack_from("<I", body, at)
    if length == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + 2 * length
    return body[at + 4 : end].decode("utf-16-le", "replace"), end


class Xlsb:
    """An open binary workbook."""

    def __init__(self, package: Package, folder: Path) -> None:
        self.package = package
        self.since_1904 = False
        self.sheets: list[SheetInfo] = []
        main = package.main("xl/workbook.bin")
        relations = package.relations(main)
        try:
            self._list_sheets(main, relations)
            parts = dict(relations.values())
            self.formats = self._styles(parts.get("styles", ""))
            self.strings = Strings(folder / "strings")
            if parts.get("sharedStrings", "") in package:
                with package.open(parts["sharedStrings"]) as stream:
                    for kind, body in records(stream, package.file_name):
                        if kind == _ITEM:
                            self.strings.append(_wide(body, 1)[0].replace("\r\n", "\n"))
        except (struct.error, IndexError) as error:
            raise damaged(package.file_name) from error

    def _list_sheets(self, main: str, relations: dict[str, tuple[str, str]]) -> None:
        with self.package.open(main) as stream:
            for kind, body in records(stream, self.package.file_name):
                if kind == _PROPERTIES:
                    self.since_1904 = bool(body[0] & 1)
                elif kind == _SHEET:
                    own, end = _wide(body, 8)
                    name, _ = _wide(body, end)
                    hidden = struct.unpack_from("<I", body)[0] != 0
                    self.sheets.append(SheetInfo(name, hidden, *relations.get(own, ("", ""))))

    def _styles(self, part: str) -> list[Format]:
        codes, found, inside = dict(formats.BUILT_IN), [], False
        if part not in self.package:
            return []
        with self.package.open(part) as stream:
            for kind, body in records(stream, self.package.file_name):
                if kind == _FORMAT:
                    codes[struct.unpack_from("<H", body)[0]] = _wide(body, 2)[0]
                elif kind in (_STYLES_BEGIN, _STYLES_END):
                    inside = kind == _STYLES_BEGIN
                elif kind == _STYLE and inside:
                    found.append(struct.unpack_from("<H", body, 2)[0])
        return [formats.understood(codes.get(number, "General")) for number in found]


def damaged(file_name: str) -> Refused:
    """The refusal of a file whose records make no sense."""
    return Refused(
        "damaged_file",
        f"'{file_name}' is damaged: a record in it is too short or missing. Save it as XLSX and drop that.",
    )


class XlsbGrid:
    """One worksheet."""

    def __init__(self, book: Xlsb, info: SheetInfo) -> None:
        self._book, self._info = book, info
        self.name = info.name

    def rows(self, met: Met) -> Iterator[Row]:
        """The rows that are in the file."""
        package = self._book.package
        current: Row | None = None
        try:
            with package.open(self._info.part) as stream:
                for kind, body in records(stream, package.file_name):
                    if kind == _ROW:
                        if current is not None:
                            yield current
                        current = Row(struct.unpack_from("<I", body)[0] + 1, [])
                        met.row = current.number
                    elif kind in _CELLS and current is not None:
                        self._cell(kind, body, current.cells, met)
                    elif kind == _SHEET_DATA_END:
                        break
                else:
                    raise damaged(package.file_name)
        except (struct.error, IndexError) as error:
            raise damaged(package.file_name) from error
        if current is not None:
            yield current

    def _cell(self, kind: int, body: bytes, cells: list[str], met: Met) -> None:
        column, style = struct.unpack_from("<II", body)
        if kind == 1 or column >= MAX_COLUMNS:
            return
        value = self._value(kind, body, style & 0xFFFFFF, met)
        if len(cells) <= column:
            cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = value

    def _value(self, kind: int, body: bytes, style: int, met: Met) -> str:
        book = self._book
        if kind in (2, 5, 9):
            number = _rk(body) if kind == 2 else struct.unpack_from("<d", body, 8)[0]
            form = book.formats[style] if style < len(book.formats) else formats.PLAIN
            return formats.render(number, form, met.lost, since_1904=book.since_1904)
        if kind in (3, 11):
            text = _ERRORS.get(body[8], "#ERROR!")
            met.add("error_cells", text)
            return text
        if kind in (4, 10):
            return "true" if body[8] else "false"
        if kind == 7:
            return book.strings[struct.unpack_from("<I", body, 8)[0]]
        return _wide(body, 8)[0].replace("\r\n", "\n")

    def merges(self) -> list[Merge]:
        """Merged cells."""
        found: list[Merge] = []
        package = self._book.package
        with package.open(self._info.part) as stream:
            for kind, body in records(stream, package.file_name):
                if kind == _MERGE and len(body) >= 16:
                    top, bottom, left, right = struct.unpack_from("<IIII", body)
                    if len(found) < MAX_MERGES:
                        found.append(Merge(top + 1, left, bottom + 1, right))
        return sorted(found)


def _rk(body: bytes) -> float:
    """A number in 30 bits: whole or the upper part of a double, maybe a hundredfold."""
    (packed,) = struct.unpack_from("<i", body, 8)
    value = (
        float(packed >> 2) if packed & 2 else struct.unpack("<d", bytes(4) + struct.pack("<I", packed & 0xFFFFFFFC))[0]
    )
    return float(value / 100 if packed & 1 else value)
