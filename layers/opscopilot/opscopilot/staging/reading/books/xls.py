"""XLS (Excel 97 and before), read by xlrd: the one reader that knows the number formats of this format."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import xlrd

from opscopilot.staging.reading.books import formats
from opscopilot.staging.reading.books.formats import Format, Kind
from opscopilot.staging.reading.books.xlsx import SheetInfo
from opscopilot.staging.reading.grid import MAX_MERGES, Merge, Met, Row
from opscopilot.staging.refusal import Refused

MAX_BYTES = 128 << 20
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ERRORS = xlrd.error_text_from_code


class Xls:
    """An open workbook of the old format."""

    since_1904: bool

    def __init__(self, path: Path, file_name: str) -> None:
        self.file_name = file_name
        _refuse_others(path, file_name)
        self.book = self._open(path)
        self.since_1904 = self.book.datemode == 1
        visible = self.book._sheet_visibility
        self.sheets = [
            SheetInfo(name, bool(visible[index]) if index < len(visible) else False, "worksheet", str(index))
            for index, name in enumerate(self.book.sheet_names())
        ]

    def _open(self, path: Path) -> Any:
        given = {"on_demand": True, "ragged_rows": True, "logfile": io.StringIO()}
        try:
            try:
                return xlrd.open_workbook(str(path), formatting_info=True, **given)
            except (AssertionError, NotImplementedError, KeyError, IndexError, TypeError):
                # Formats written by other programs are not always as Excel writes them; the values still are.
                return xlrd.open_workbook(str(path), **given)
        except Exception as error:  # a hostile or cut file makes xlrd raise nearly anything
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> Refused:
        name, said = self.file_name, str(error)
        if "encrypted" in said.lower() or "password" in said.lower():
            return Refused("encrypted_file", f"'{name}' is protected by a password. Save it without one and drop that.")
        if "Can't find workbook" in said:
            return Refused(
                "not_a_table",
                f"'{name}' is an old Office document (as Word or Outlook write), not a workbook. Export the table as XLSX or CSV.",
            )
        return Refused(
            "damaged_file",
            f"'{name}' cannot be read as an old Excel workbook ({said[:120] or type(error).__name__}). Open it in Excel, save "
            f"it as XLSX, and drop that.",
        )

    def sheet(self, info: SheetInfo) -> Any:
        """The sheet, read into memory; at most 65,536 rows."""
        try:
            return self.book.sheet_by_index(int(info.part))
        except Exception as error:
            raise self._refusal(error) from error

    def format_of(self, style: int) -> Format:
        """The number format of a cell style."""
        try:
            key = self.book.xf_list[style].format_key
            return formats.understood(self.book.format_map[key].format_str)
        except (AttributeError, IndexError, KeyError):
            return formats.PLAIN


def _refuse_others(path: Path, file_name: str) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise Refused(
            "too_large",
            f"'{file_name}' has {path.stat().st_size >> 20:,} MB; a workbook of the old format is read up to "
            f"{MAX_BYTES >> 20} MB. Save it as XLSX or CSV.",
        )
    rest = b""
    with path.open("rb") as stream:
        if stream.read(4) != b"\xd0\xcf\x11\xe0":
            return
        while block := stream.read(1 << 20):
            if _ENCRYPTED in rest + block:
                raise Refused(
                    "encrypted_file", f"'{file_name}' is protected by a password. Save it without one and drop that."
                )
            rest = block[-len(_ENCRYPTED) :]


class XlsGrid:
    """One worksheet of the old format."""

    def __init__(self, book: Xls, info: SheetInfo) -> None:
        self._book, self._info = book, info
        self.name = info.name

    def rows(self, met: Met) -> Iterator[Row]:
        """All rows."""
        book, sheet = self._book, self._book.sheet(self._info)
        styled = bool(book.book.formatting_info)
        kinds: dict[int, Format] = {}
        lost, render = met.lost, partial(formats.render, since_1904=book.since_1904)
        for index in range(sheet.nrows):
            met.row = index + 1
            types, values = sheet.row_types(index), sheet.row_values(index)
            cells: list[str] = []
            for column, (kind, value) in enumerate(zip(types, values, strict=True)):
                if kind == xlrd.XL_CELL_TEXT:
                    cells.append(str(value))
                elif kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                    style = sheet.cell_xf_index(index, column) if styled else -1
                    form = kinds.get(style) if styled else _unstyled(kind, value)
                    if form is None:
                        form = kinds[style] = book.format_of(style)
                    cells.append(render(value, form, lost))
                elif kind == xlrd.XL_CELL_BOOLEAN:
                    cells.append("true" if value else "false")
                elif kind == xlrd.XL_CELL_ERROR:
                    text = _ERRORS.get(int(value), "#ERROR!")
                    met.add("error_cells", text)
                    cells.append(text)
                else:
                    cells.append("")
            yield Row(index + 1, cells)

    def merges(self) -> list[Merge]:
        """Merged cells; known only with the formats."""
        return sorted(
            Merge(top + 1, left, bottom, right - 1)
            for top, bottom, left, right in self._book.sheet(self._info).merged_cells[:MAX_MERGES]
        )


def _unstyled(kind: int, value: float) -> Format:
    if kind == xlrd.XL_CELL_NUMBER:
        return formats.PLAIN
    return Format(Kind.DATE if value == int(value) else Kind.DATETIME)
