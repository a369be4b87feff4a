"""More of the robustness corpus: sheets as people and report servers lay them out, XLSB, and what archives hold."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import openpyxl
import xlwt

from tests.corpus.books import CSV, TABLE, Case, bad, good, ods, packed, patched, sheet_xml, tar, xlsx

N2, N4 = ("column 1", "column 2"), tuple(f"column {index}" for index in range(1, 5))
ROWS = (
    ["007", "Jam", 1.5, date(2026, 1, 2)],
    ["008", "Oil", 2.5, date(2026, 1, 3)],
    ["009", "Tea", 3, date(2026, 1, 4)],
)
TEXTS = (("007", "Jam", "1.5", "2026-01-02"), ("008", "Oil", "2.5", "2026-01-03"), ("009", "Tea", "3", "2026-01-04"))
HEAD = ("SKU", "Description", "Qty", "Day")
FULL = (HEAD, *TEXTS)


def book(change: Callable[[Any], None] | None = None, **sheets: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of several sheets."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def merged(*areas: str) -> Callable[[Any], None]:
    """Merges cells of the first sheet."""

    def change(made: Any) -> None:
        for area in areas:
            made.worksheets[0].merge_cells(area)

    return change


def _chart(made: Any) -> None:
    made.create_chartsheet("Chart")


def _very_hidden(made: Any) -> None:
    made["Old"].sheet_state = "veryHidden"


def _all_hidden(made: Any) -> None:
    made.create_sheet("Cover")
    made["A"].sheet_state = "hidden"


def _record(kind: int, body: bytes = b"") -> bytes:
    """One record of XLSB."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(body)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 127 else 0)])
        length >>= 7
        if not length:
            return head + size + body


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _cell(column: int, value: object, style: int) -> bytes:
    """A cell: text inline, numbers as doubles or packed, truth and errors in a byte."""
    place = struct.pack("<II", column, style)
    match value:
        case bool():
            return _record(4, place + bytes([value]))
        case str() if value.startswith("#"):
            return _record(3, place + b"\x2a")
        case str():
            return _record(6, place + _wide(value))
        case int():
            return _record(2, place + struct.pack("<i", value << 2 | 2))
        case _:
            return _record(5, place + struct.pack("<d", value))


def xlsb(*rows: Sequence[object], styles: Sequence[int] = (), merge: tuple[int, ...] = (), state: int = 0) -> bytes:
    """A binary workbook of one sheet; `styles` gives the number format of each column, 164 is 00000."""
    sheet = _record(129) + _record(145)
    for number, cells in enumerate(rows):
        sheet += _record(0, struct.pack("<I", number) + bytes(13))
        for column, value in enumerate(cells):
            if value is not None:
                style = column + 1 if number and column < len(styles) else 0
                sheet += _cell(column, value, style)
    sheet += _record(146) + (_record(176, struct.pack("<IIII", *merge)) if merge else b"") + _record(130)
    formats = _record(615, struct.pack("<I", 1)) + _record(44, struct.pack("<H", 164) + _wide("00000")) + _record(616)
    xfs = b"".join(_record(47, struct.pack("<HH", 0, code) + bytes(12)) for code in (0, *styles))
    main = _record(131) + _record(153, bytes(12)) + _record(143)
    main += _record(156, struct.pack("<II", state, 1) + _wide("rId1") + _wide("Data")) + _record(144) + _record(132)
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    return packed({
        "[Content_Types].xml": b"<Types/>", "xl/workbook.bin": main, "xl/worksheets/sheet1.bin": sheet,
        "xl/styles.bin": _record(278) + formats + _record(617) + xfs + _record(618) + _record(279),
        "xl/_rels/workbook.bin.rels": (
            f'<Relationships><Relationship Id="rId1" Type="{kinds}worksheet" Target="worksheets/sheet1.bin"/>'
            f'<Relationship Id="rId2" Type="{kinds}styles" Target="styles.bin"/></Relationships>').encode(),
    })  # fmt: skip


def locked_zip() -> bytes:
    """A zip whose member says that it is encrypted."""
    body = bytearray(packed({"a.csv": CSV}))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(magic) + at] |= 1
    return bytes(body)


def packed_by(method: int) -> bytes:
    """A zip packed another way."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.csv", CSV)
    return out.getvalue()


def linked() -> bytes:
    """A tar with a link out of it beside a table."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("b.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        info = tarfile.TarInfo("a.csv")
        info.size = len(CSV)
        archive.addfile(info, io.BytesIO(CSV))
    return out.getvalue()


def twins() -> bytes:
    """A zip with two members of one name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.filelist.append(archive.filelist[0])
    return out.getvalue()


def _old(*sheets: tuple[str, int, Sequence[Sequence[Any]]]) -> bytes:
    made = xlwt.Workbook()
    for name, state, rows in sheets:
        sheet = made.add_sheet(name)
        sheet.visibility = state
        for number, cells in enumerate(rows):
            for column, value in enumerate(cells):
                sheet.write(number, column, value)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _layouts() -> list[Case]:
    under: list[list[Any]] = [[], ["Stock"], ["Location", "Bin", "Stock"], ["L1", "B1", 5], ["L2", "B2", 6]]
    return [
        good("no header.xlsx", book(A=ROWS), [N4, *TEXTS], notes=["no_header"]),
        good("words only.xlsx", book(A=[["jam", "red", "glass"]] * 8), [("column 1", "column 2", "column 3"), *[("jam", "red", "glass")] * 8], notes=["no_header"]),
        good("title, no header.xlsx", book(A=[["Report of May"], [], *ROWS]), [N4, *TEXTS], notes=["no_header"]),
        good("properties above.xlsx", book(A=[["Plant", "1000"], ["User", "LARS"], [], HEAD, *ROWS]), FULL),
        good("title over everything.xlsx", book(merged("A1:D1"), A=[["Items"], HEAD, *ROWS]), FULL),
        good("years.xlsx", book(A=[["SKU", 2024, 2025], ["a", 1, 2], ["b", 4, 5]]), [("SKU", "2024", "2025"), ("a", "1", "2"), ("b", "4", "5")]),
        good("months.xlsx", book(A=[["SKU", date(2026, 1, 1), date(2026, 2, 1)], ["a", 1, 2], ["b", 4, 5]]), [("SKU", "2026-01-01", "2026-02-01"), ("a", "1", "2"), ("b", "4", "5")]),
        good("units.xlsx", book(A=[["SKU", "Weight", "Price"], [None, "kg", "EUR"], ["a", 1, 2], ["b", 4, 5]]), [("SKU", "Weight", "Price"), ("a", "1", "2"), ("b", "4", "5")], notes=["units_row"]),
        good("groups.xlsx", book(merged("B1:C1", "D1:E1"), A=[[None, "Plan", None, "Actual", None], ["Line", "Qty", "Hours", "Qty", "Hours"], ["L1", 1, 2, 3, 4]]), [("Line", "Plan / Qty", "Plan / Hours", "Actual / Qty", "Actual / Hours"), ("L1", "1", "2", "3", "4")]),
        good("merged orders.xlsx", book(merged("A2:A3"), A=[["Order", "SKU", "Qty"], ["SO1", "a", 1], [None, "b", 2], ["SO2", "a", 5]]), [("Order", "SKU", "Qty"), ("SO1", "a", "1"), ("SO1", "b", "2"), ("SO2", "a", "5")]),
        good("orders once.xlsx", book(A=[["Order", "SKU", "Qty"], ["SO1", "a", 1], [None, "b", 2]]), [("Order", "SKU", "Qty"), ("SO1", "a", "1"), ("", "b", "2")]),
        good("merged.html", "<table><tr><th>Order<th>SKU<th>Qty<tr><td rowspan=2>SO1<td>a<td>1<tr><td>b<td>2</table>", [("Order", "SKU", "Qty"), ("SO1", "a", "1"), ("SO1", "b", "2")]),
        good("remark beside.xlsx", book(A=[HEAD, ROWS[0], [*ROWS[1], None, None, "call Lars"], ROWS[2]]), FULL, notes=["cells_outside"]),
        good("blank rows.xlsx", book(A=[HEAD, ROWS[0], [], [], ROWS[1], [], ROWS[2], []]), FULL),
        good("header again.xlsx", book(A=[HEAD, ROWS[0], HEAD, ROWS[1], ROWS[2]]), FULL),
        good("totals and remark.xlsx", book(A=[HEAD, *ROWS, ["Total", None, 7], [], ["Printed on 2026-01-05"]]), FULL),
        good("two tables.xlsx", book(A=[HEAD, *ROWS, *under]), FULL, [("Location", "Bin", "Stock"), ("L1", "B1", "5"), ("L2", "B2", "6")], notes=["several_tables"], names=["A", "A table 2"]),
        good("header only.xlsx", book(A=[HEAD]), [HEAD]), good("column without name.xlsx", book(A=[["SKU", None, "Qty"], ["a", "x", 1], ["b", "y", 2]]), [("SKU", "", "Qty"), ("a", "x", "1"), ("b", "y", "2")]),
        good("unknown names.xlsx", book(A=[["Foo", "Bar"], ["a", 5], ["b", 6]]), [("Foo", "Bar"), ("a", "5"), ("b", "6")]),
        good("quote prefix.xlsx", book(A=[["SKU", "Qty"], ["'007", "=1"], ["0042", "-"]]), [("SKU", "Qty"), ("'007", ""), ("0042", "-")], notes=["not_calculated"]),
        good("broken lines in names.xlsx", book(A=[["SKU\n(code)", "Qty\nplanned"], ["a", 1], ["b", 2]]), [("SKU (code)", "Qty planned"), ("a", "1"), ("b", "2")]),
        good("control signs.xlsx", book(A=[["SKU", "Name"], ["a", "x_x000D_y"], ["b", "z"]]), [("SKU", "Name"), ("a", "x\ry"), ("b", "z")]),
    ]  # fmt: skip


def _sheets() -> list[Case]:
    plain = [HEAD, *ROWS]
    return [
        good("remarks.xlsx", book(Items=plain, Notes=[["Please read"], ["Made by SAP"]]), FULL, notes=["sheet_skipped"]),
        good("explained.xlsx", book(Items=plain, Legend=[["Sign", "Meaning"], ["x", "is stopped"], ["y", "is free"]]), FULL, notes=["sheet_skipped"]),
        good("chart.xlsx", book(_chart, A=plain), FULL, notes=["sheet_skipped"]), good("veryhidden.xlsx", book(_very_hidden, A=plain, Old=plain), FULL, notes=["sheet_skipped"]),
        good("raw beside.xlsx", book(Items=plain, Raw=ROWS), FULL, [N4, *TEXTS], names=["Items", "Raw"]), good("only names.xlsx", book(A=plain, B=[HEAD]), FULL, notes=["sheet_skipped"]),
        bad("allhidden.xlsx", book(_all_hidden, A=plain), "no_header"), bad("letter.xlsx", book(A=[["Dear Lars"], ["see you"]]), "no_header"),
        bad("toomany.xlsx", book(None, **{f"S{index}": [["a"]] for index in range(201)}), "too_many_tables"),
        good("two.xls", _old(("A", 0, [["SKU", "Qty"], ["007", 1], ["008", 2]]), ("Old", 1, [["SKU", "Qty"], ["x", 1]]), ("B", 0, [["SKU", "Qty"], ["009", 3]])), TABLE, [("SKU", "Qty"), ("009", "3")], names=["A", "B"], notes=["sheet_skipped"]),
        good("long.xls", _old(("A", 0, [["GTIN", "Ok"], [4006381333931, True], [4006381333948, False]])), [("GTIN", "Ok"), ("4006381333931", "true"), ("4006381333948", "false")]),
        good("none.xls", _old(("A", 0, [["007", 1.5], ["008", 2.5], ["009", 3.5]])), [N2, ("007", "1.5"), ("008", "2.5"), ("009", "3.5")], notes=["no_header"]),
        bad("empty.xls", _old(("A", 0, [])), "empty_file"), good("gaps.xml", sheet_xml('<Row ss:Index="3"><Cell ss:Index="2"><Data ss:Type="String">SKU</Data></Cell><Cell ss:Index="4"><Data ss:Type="String">Qty</Data></Cell></Row><Row><Cell ss:Index="2"><Data ss:Type="String">a</Data></Cell><Cell ss:Index="4"><Data ss:Type="Number">1</Data></Cell></Row>'), [("SKU", "Qty"), ("a", "1")]),
        good("time.xml", sheet_xml('<Row><Cell><Data ss:Type="String">SKU</Data></Cell><Cell><Data ss:Type="String">Day</Data></Cell></Row><Row><Cell><Data ss:Type="String">a</Data></Cell><Cell><Data ss:Type="DateTime">2024-01-02T00:00:00.000</Data></Cell></Row>'), [("SKU", "Day"), ("a", "2024-01-02")]),
        good("date.ods", ods('<table:table-row><table:table-cell><text:p>SKU</text:p></table:table-cell><table:table-cell><text:p>Day</text:p></table:table-cell></table:table-row><table:table-row table:number-rows-repeated="2"><table:table-cell><text:p>a</text:p><office:annotation><text:p>check</text:p></office:annotation></table:table-cell><table:table-cell office:value-type="date" office:date-value="2024-01-02"><text:p>02.01.24</text:p></table:table-cell></table:table-row>'), [("SKU", "Day"), ("a", "2024-01-02"), ("a", "2024-01-02")]),
        good("ean.ods", ods('<table:table-row><table:table-cell><text:p>EAN</text:p></table:table-cell><table:table-cell><text:p>Qty</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell office:value-type="float" office:value="4006381333931"><text:p>4,01E+12</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="1.5"><text:p>1,50 €</text:p></table:table-cell></table:table-row>'), [("EAN", "Qty"), ("4006381333931", "1.5")]),
    ]  # fmt: skip


def _binary() -> list[Case]:
    plain = xlsb(["SKU", "Qty"], ["007", 1], ["008", 2])
    return [
        good("plain.xlsb", plain, TABLE), good("formats.xlsb", xlsb(["SKU", "Day", "Share"], [42, 45293.0, 0.05], [7, 45294.5, 0.5], styles=(164, 14, 9)), [("SKU", "Day", "Share"), ("00042", "2024-01-02", "5%"), ("00007", "2024-01-03 12:00:00", "50%")]),
        good("kinds.xlsb", xlsb(["SKU", "Ok", "Qty"], ["a", True, "#N/A"], ["b", False, 4006381333931.0]), [("SKU", "Ok", "Qty"), ("a", "true", "#N/A"), ("b", "false", "4006381333931")], notes=["error_cells"]),
        good("digits.xlsb", xlsb(["SKU", "Box"], ["a", 376104250021234567.0], ["b", 1]), [("SKU", "Box"), ("a", "3.76104250021235E+17"), ("b", "1")], notes=["digits_lost"]),
        good("merged.xlsb", xlsb(["Order", "SKU", "Qty"], ["S1", "a", 1], [None, "b", 2], merge=(1, 2, 0, 0)), [("Order", "SKU", "Qty"), ("S1", "a", "1"), ("S1", "b", "2")]),
        bad("hidden.xlsb", xlsb(["SKU", "Qty"], ["a", 1], state=1), "no_header"), bad("cut.xlsb", patched(plain, "xl/worksheets/sheet1.bin", lambda body: body[:-40]), "damaged_file"),
        bad("huge.xlsb", patched(plain, "xl/worksheets/sheet1.bin", lambda body: body[:4] + b"\x06\xff\xff\xff\x7f"), "unsafe_file"), bad("short.xlsb", patched(plain, "xl/workbook.bin", lambda body: _record(156, b"\0")), "damaged_file"),
    ]  # fmt: skip


def _archives() -> list[Case]:
    plain = xlsx(["SKU", "Qty"], ["007", 1], ["008", 2])
    two = book(A=[["SKU", "Qty"], ["007", 1], ["008", 2]], B=[["SKU", "Qty"], ["007", 1], ["008", 2]])
    return [
        bad("locked.zip", locked_zip(), "encrypted_file"), bad("strange.zip", packed_by(zipfile.ZIP_LZMA), "unsafe_archive"), good("bzip.zip", packed_by(zipfile.ZIP_BZIP2), TABLE),
        good("two books.zip", packed({"x/one.xlsx": plain, "x/two.xlsx": two}), TABLE, TABLE, TABLE, names=["x/one.xlsx", "x/two.xlsx › A", "x/two.xlsx › B"]),
        good("twins.zip", twins(), TABLE, TABLE, names=["a.csv", "a.csv (2)"]), good("mixed.zip", packed({"a.csv": CSV, "b.json": b'[{"SKU":"007","Qty":1},{"SKU":"008","Qty":2}]', "c.png": b"\x89PNG\r\n"}), TABLE, TABLE, notes=["member_skipped"]),
        good("letter.zip", packed({"a.csv": CSV, "b.txt": b"Dear Lars\nplease find attached\n"}), TABLE, notes=["member_skipped"]), good("empty member.zip", packed({"a.csv": CSV, "b.csv": b""}), TABLE, notes=["member_skipped"]),
        bad("crc.zip", packed_by(zipfile.ZIP_STORED).replace(b"007,1", b"007,9"), "damaged_file"), bad("many.zip", packed({f"{index}.csv": CSV for index in range(201)}), "too_many_tables"),
        bad("nested in.zip", packed({"a.tar": tar({"a.csv": CSV})}), "nested_archive"), bad("nul.zip", packed({"/etc/a.csv": CSV}), "unsafe_archive"),
        good("linked.tar", linked(), TABLE, notes=["member_skipped"]), bad("path.tar", tar({"../a.csv": CSV}), "unsafe_archive"), bad("cut.tar", tar({"a.csv": CSV * 500})[:3000], "damaged_file"),
        bad("locked.ods", packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"x", "META-INF/manifest.xml": b"<manifest><file-entry><encryption-data/></file-entry></manifest>"}), "encrypted_file"),
        bad("text.odt", packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"x"}), "not_a_table"), bad("some.xml", "<?xml version='1.0'?><orders><order/></orders>", "not_a_table"),
        bad("x.numbers", packed({"Index/Document.iwa": b"x"}), "not_a_table"), bad("x.7z", b"7z\xbc\xaf\x27\x1c", "not_a_table"), bad("x.exe", b"MZ\x90\0\x03\0\0\0", "not_a_table"),
        bad("part.xlsx", patched(plain, "xl/worksheets/sheet1.xml", lambda body: body[: len(body) // 2]), "damaged_file"),
    ]  # fmt: skip


CASES = [*_layouts(), *_sheets(), *_binary(), *_archives()]
