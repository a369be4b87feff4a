"""Workbooks of every format: the sheets that hold tables, and why the others were left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from opscopilot.catalogue import synonyms
from opscopilot.staging.reading import beneath
from opscopilot.staging.reading.books.html import HtmlPage
from opscopilot.staging.reading.books.ods import Ods, OdsGrid
from opscopilot.staging.reading.books.package import Package
from opscopilot.staging.reading.books.spreadsheetml import XmlBook, XmlGrid
from opscopilot.staging.reading.books.xls import Xls, XlsGrid
from opscopilot.staging.reading.books.xlsb import Xlsb, XlsbGrid
from opscopilot.staging.reading.books.xlsx import SheetInfo, Xlsx, XlsxGrid
from opscopilot.staging.reading.grid import Grid, GridTable, Met
from opscopilot.staging.reading.sniff import Kind, decoded, is_page
from opscopilot.staging.reading.table import Note, ReadLimits, Table
from opscopilot.staging.refusal import Refused


@dataclass
class Found:
    """Tables, and notes about what beside them was left out."""

    tables: list[Table] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


Sheets = Sequence[tuple[SheetInfo, Callable[[], Grid]]]


def open_workbook(
    path: Path, kind: Kind, file_name: str, folder: Path, limits: ReadLimits, wanted: frozenset[str]
) -> Found:
    """The tables of a workbook, one per sheet. Raises Refused where there is none."""
    if kind is Kind.HTML:
        return _page(path, file_name, wanted)
    sheets = _sheets(path, kind, file_name, folder, limits)
    if len(sheets) > limits.max_members:
        raise Refused(
            "too_many_tables",
            f"'{file_name}' has {len(sheets):,} sheets; at most {limits.max_members:,} are read. Split the workbook.",
        )
    return _Choice(file_name, str(kind), wanted).of(sheets)


def _sheets(path: Path, kind: Kind, file_name: str, folder: Path, limits: ReadLimits) -> Sheets:
    match kind:
        case Kind.XLSX:
            xlsx = Xlsx(Package(path, file_name, limits), folder)
            return [(info, lambda info=info: XlsxGrid(xlsx, info)) for info in xlsx.sheets]  # type: ignore[misc]
        case Kind.XLSB:
            xlsb = Xlsb(Package(path, file_name, limits), folder)
            return [(info, lambda info=info: XlsbGrid(xlsb, info)) for info in xlsb.sheets]  # type: ignore[misc]
        case Kind.XLS:
            xls = Xls(path, file_name)
            return [(info, lambda info=info: XlsGrid(xls, info)) for info in xls.sheets]  # type: ignore[misc]
        case Kind.XML_SHEET:
            book = XmlBook(path, file_name)
            return [(info, lambda info=info: XmlGrid(book, info)) for info in book.sheets]  # type: ignore[misc]
        case _:
            ods = _ods(path, kind, file_name, limits)
            return [(info, lambda info=info: OdsGrid(ods, info)) for info in ods.sheets]  # type: ignore[misc]


def _ods(path: Path, kind: Kind, file_name: str, limits: ReadLimits) -> Ods:
    if kind is Kind.FLAT_ODS:
        return Ods(lambda: path.open("rb"), file_name)
    package = Package(path, file_name, limits)
    locked = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal locked
        locked = locked or name == "encryption-data"

    if "META-INF/manifest.xml" in package:
        package.parse("META-INF/manifest.xml", start)
    if locked:
        raise Refused("encrypted_file", f"'{file_name}' is protected by a password. Save it without one and drop that.")

    @contextmanager
    def content() -> Iterator[IO[bytes]]:
        with package.open("content.xml") as stream:
            yield stream

    return Ods(content, file_name)


def _page(path: Path, file_name: str, wanted: frozenset[str]) -> Found:
    with path.open("rb") as stream:
        head = decoded(stream.read(1 << 16))
    page = HtmlPage(path, file_name)
    grids = page.grids() if is_page(head) or "<tr" in head.lower() else []
    if not grids:
        what = (
            "a web page without a table (maybe a login or error page)"
            if is_page(head)
            else "XML that is no spreadsheet"
        )
        raise Refused("not_a_table", f"'{file_name}' is {what}. Export the list as CSV or XLSX and drop that file.")
    infos = [(SheetInfo(grid.name, False, "worksheet", ""), lambda grid=grid: grid) for grid in grids]
    return _Choice(file_name, "html", wanted).of(infos)


class _Choice:
    """Goes through the sheets and keeps those that hold tables."""

    def __init__(self, file_name: str, kind: str, wanted: frozenset[str]) -> None:
        self._file_name, self._kind, self._wanted = file_name, kind, wanted
        self._notes: list[Note] = []
        self._refusals: list[Refused] = []

    def of(self, sheets: Sheets) -> Found:
        """The tables, the strongest reason to refuse if there is none."""
        tables = [table for info, opening in sheets for table in self._open(info, opening)]
        full = [table for table in tables if not table.empty]
        for table in tables if full else ():
            if table.empty:
                self._skip(table.name, "it has column names but no rows")
        kept = self._without_remarks(full or tables[:1])
        if not kept:
            raise self._refusals[0] if self._refusals else self._nothing(sheets)
        return Found(list(kept), self._notes)

    def _open(self, info: SheetInfo, opening: Callable[[], Grid]) -> list[GridTable]:
        if info.hidden:
            self._skip(info.name, "it is hidden; unhide it if it is to be read")
            return []
        if info.kind != "worksheet":
            self._skip(info.name, "it is a chart or a macro, not a table")
            return []
        grid = opening()
        try:
            return beneath.tables_of(grid, self._file_name, {"format": self._kind}, self._wanted)
        except Refused as refusal:
            if refusal.code != "no_header":
                raise
            if any(any(cell.strip() for cell in row.cells) for row in grid.rows(Met())):
                self._refusals.append(refusal)
                self._skip(info.name, "no row of it names columns")
            else:
                self._skip(info.name, "it is empty")
            return []

    def _skip(self, sheet: str, why: str) -> None:
        """Say that a sheet is left out."""
        self._notes.append(Note("info", "sheet_skipped", f"Sheet '{sheet}' was not read: {why}.", sheet))

    def _without_remarks(self, tables: list[GridTable]) -> list[GridTable]:
        """Beside a table whose names we know, a sheet of two columns with none of them is an explanation."""
        known = [
            sum(1 for name in table.headers if synonyms.is_known(name) or synonyms.key(name) in self._wanted)
            for table in tables
        ]
        if max(known, default=0) < 2:
            return tables
        kept = []
        for table, names in zip(tables, known, strict=True):
            if names == 0 and len(table.headers) <= 2:
                self._skip(table.name, "it holds remarks, not a table")
            else:
                kept.append(table)
        return kept

    def _nothing(self, sheets: Sheets) -> Refused:
        if any(info.hidden for info, _ in sheets):
            return Refused(
                "no_header",
                f"'{self._file_name}' has a table in hidden sheets only, if at all. Unhide the sheet that is to be read.",
            )
        return Refused(
            "empty_file", f"'{self._file_name}' has no sheet with anything in it. Export it again and check it."
        )
