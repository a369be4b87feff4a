"""The robustness corpus, everything but delimited text: workbooks, pages, JSON, Parquet, archives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import xlwt
import zstandard

Rows = Sequence[Sequence[Any]]
TABLE = (("SKU", "Qty"), ("007", "1"), ("008", "2"))
CSV = b"SKU,Qty\n007,1\n008,2\n"


@dataclass(frozen=True)
class Case:
    """A file, and its tables (headers first) or the code of the refusal. `notes` must be told, `bad` records set aside."""

    name: str
    body: bytes
    tables: tuple[tuple[tuple[str, ...], ...], ...] = ()
    refused: str = ""
    notes: frozenset[str] = frozenset()
    bad: int = 0
    names: tuple[str, ...] = ()


def good(name: str, body: bytes | str, *tables: Rows, notes: Sequence[str] = (), bad: int = 0, names: Sequence[str] = ()) -> Case:  # fmt: skip
    """A file that is read."""
    raw = body if isinstance(body, bytes) else body.encode()
    return Case(name, raw, tuple(tuple(tuple(row) for row in one) for one in tables), "", frozenset(notes), bad, tuple(names))  # fmt: skip


def bad(name: str, body: bytes | str, code: str) -> Case:
    """A file that is refused."""
    return Case(name, body if isinstance(body, bytes) else body.encode(), refused=code)


def xlsx(*rows: Sequence[Any], formats: dict[str, str] | None = None, change: Callable[[Any], None] | None = None) -> bytes:  # fmt: skip
    """A workbook of one sheet; `formats` of cells, `change` what else is done to it."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    for cell, code in (formats or {}).items():
        sheet[cell].number_format = code
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(*rows: Sequence[Any], formats: dict[tuple[int, int], str] | None = None) -> bytes:
    """The same in the old format."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            code = (formats or {}).get((row, column))
            style = xlwt.easyxf(num_format_str=code) if code else xlwt.XFStyle()
            sheet.write(row, column, value, style)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(members: dict[str, bytes]) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def patched(body: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A zip with one part changed."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed({**parts, part: change(parts[part])})


def tar(members: dict[str, bytes]) -> bytes:
    """A tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def ods(rows: str, start: str = "", display: str = "true") -> bytes:
    """A document of LibreOffice with the rows given as XML."""
    content = (
        '<?xml version="1.0"?>' + start + '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="t" xmlns:text="x" xmlns:style="s"><office:automatic-styles><style:style style:name="ta1">'
        f'<style:table-properties table:display="{display}"/></style:style></office:automatic-styles><office:body>'
        f'<office:spreadsheet><table:table table:name="A" table:style-name="ta1">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )  # fmt: skip
    return packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()})


def _cell(text: str, more: str = "") -> str:
    return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"


def _row(*cells: str) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


ODS = _row(_cell("SKU"), _cell("Qty")) + _row(_cell("007"), _cell("1")) + _row(_cell("008"), _cell("2"))
REPEATED = (
    _row(_cell("SKU"), _cell("Qty"))
    + _row(_cell("007"), _cell("1", 'office:value-type="float" office:value="1"'))
    + _row(_cell("008"), _cell("2"), '<table:table-cell table:number-columns-repeated="16382"/>')
    + '<table:table-row table:number-rows-repeated="1048573"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)  # fmt: skip


def sheet_xml(rows: str, style: str = "", start: str = "") -> str:
    """SpreadsheetML 2003."""
    return (
        f'<?xml version="1.0"?>{start}<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        f'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles><Style ss:ID="z">{style}</Style></Styles>'
        f'<Worksheet ss:Name="A"><Table>{rows}</Table></Worksheet></Workbook>'
    )


def _data(*cells: tuple[str, str]) -> str:
    inner = "".join(f'<Cell ss:StyleID="z"><Data ss:Type="{kind}">{text}</Data></Cell>' for kind, text in cells)
    return f"<Row>{inner}</Row>"


XML_ROWS = _data(("String", "SKU"), ("String", "Qty")) + _data(("String", "007"), ("Number", "1"))


def parquet(sql: str) -> bytes:
    """What DuckDB writes for a query."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
        target = Path(folder) / "x.parquet"
        db.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet)")
        return target.read_bytes()


def _merged(book: Any) -> None:
    for area in ("A1:A2", "B1:C1"):
        book.active.merge_cells(area)


def _hidden(book: Any) -> None:
    other = book.create_sheet("Old")
    other.append(["SKU", "Qty"])
    other.append(["x", 1])
    other.sheet_state = "hidden"
    book.create_sheet("Empty")


def _second(book: Any) -> None:
    other = book.create_sheet("More")
    other.append(["SKU", "Qty"])
    other.append(["009", 3])


def _1904(book: Any) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book.epoch = CALENDAR_MAC_1904


def _one(value: Any, code: str = "General") -> bytes:
    return xlsx(["SKU", "Qty"], ["a", value], formats={"B2": code})


def _cells() -> list[Case]:
    """One cell of a workbook, stored and formatted so, and what it says."""
    cases: list[tuple[str, Any, str, str]] = [
        ("zeros", 42, "00000", "00042"), ("zeros and dash", 4201, "0000-00", "0042-01"), ("prefix", 7, '"SO-"00000', "SO-00007"),
        ("whole", 5.0, "0.00", "5"), ("currency", 1234.5, '"€"#,##0.00', "1234.5"), ("percent", 0.05, "0%", "5%"),
        ("percent of a part", 0.125, "0.0%", "12.5%"), ("gtin 13", 4006381333931, "General", "4006381333931"),
        ("gtin 14", 14006381333938, "0.00E+00", "14006381333938"), ("small", 0.00001, "General", "0.00001"),
        ("sum of floats", 0.1 + 0.2, "General", "0.3"), ("true", True, "General", "true"), ("day", date(2024, 1, 2), "dd/mm/yyyy", "2024-01-02"),
        ("us day", date(2024, 1, 2), "mm/dd/yy", "2024-01-02"), ("moment", datetime.fromisoformat("2024-01-02T10:30:00"), "dd.mm.yyyy hh:mm", "2024-01-02 10:30:00"),
        ("clock", time(8, 30), "h:mm", "08:30:00"), ("elapsed", 1.25, "[h]:mm", "30:00:00"), ("text keeps zeros", "0042", "@", "0042"),
        ("negative", -3.5, "#,##0.00;[Red](#,##0.00)", "-3.5"), ("serial that is no date", 45292, "General", "45292"),
        ("month name", date(2024, 3, 1), "[$-407]mmmm yyyy", "2024-03-01"), ("damaged by mm:ss.0", datetime.fromisoformat("2024-01-02T00:00:00"), "mm:ss.0", "2024-01-02 00:00:00"),
    ]  # fmt: skip
    return [
        good(f"cell {name}.xlsx", _one(value, code), [("SKU", "Qty"), ("a", text)]) for name, value, code, text in cases
    ]


def _workbooks() -> list[Case]:
    plain = xlsx(["SKU", "Qty"], ["007", 1], ["008", 2])
    return [
        good("plain.xlsx", plain, TABLE), good("named.csv", plain, TABLE), good("packed.xlsx.gz", gzip.compress(plain), TABLE),
        good("packed.xlsx.zst", zstandard.compress(plain), TABLE),
        good("digits.xlsx", _one(376104250021234567), [("SKU", "Qty"), ("a", "3.76104250021235E+17")], notes=["digits_lost"]),
        good("error.xlsx", _one("#N/A"), [("SKU", "Qty"), ("a", "#N/A")], notes=["error_cells"]),
        good("formula.xlsx", xlsx(["SKU", "Qty"], ["a", "=1+1"], ["b", 2]), [("SKU", "Qty"), ("a", ""), ("b", "2")], notes=["not_calculated"]),
        good("1904.xlsx", xlsx(["SKU", "Day"], ["a", date(2024, 1, 2)], formats={"B2": "yyyy-mm-dd"}, change=_1904), [("SKU", "Day"), ("a", "2024-01-02")]),
        good("hidden.xlsx", xlsx(["SKU", "Qty"], ["007", 1], ["008", 2], change=_hidden), TABLE, notes=["sheet_skipped"]),
        good("two.xlsx", xlsx(["SKU", "Qty"], ["007", 1], ["008", 2], change=_second), TABLE, [("SKU", "Qty"), ("009", "3")], names=["Sheet", "More"]),
        good("merged.xlsx", xlsx(["SKU", "Stock", None], [None, "Qty", "Value"], ["007", 1, 2], change=_merged), [("SKU", "Stock / Qty", "Stock / Value"), ("007", "1", "2")]),
        good("preamble.xlsx", xlsx(["Stock list"], [], ["SKU", "Description", "Unit", "Qty"], ["007", "Jam", "kg", 1], ["Total", None, None, 1]), [("SKU", "Description", "Unit", "Qty"), ("007", "Jam", "kg", "1")]),
        good("blanks.xlsx", xlsx([None, None, "SKU", None, "Qty"], [], [None, None, "007", None, 1], []), [("SKU", "Qty"), ("007", "1")]),
        good("lines.xlsx", xlsx(["SKU", "Name"], ["007", "a\nb"]), [("SKU", "Name"), ("007", "a\nb")]),
        good("plain.xls", xls(["SKU", "Qty"], ["007", 1], ["008", 2]), TABLE),
        good("zeros.xls", xls(["SKU", "Qty"], [7, 0.05], formats={(1, 0): "000", (1, 1): "0%"}), [("SKU", "Qty"), ("007", "5%")]),
        good("day.xls", xls(["SKU", "Day"], ["a", date(2024, 1, 2)], formats={(1, 1): "dd/mm/yyyy"}), [("SKU", "Day"), ("a", "2024-01-02")]),
        good("plain.ods", ods(ODS), TABLE), good("repeated.ods", ods(REPEATED), TABLE),
        good("zeros.ods", ods(_row(_cell("SKU"), _cell("Qty")) + _row(_cell("007", 'office:value-type="float" office:value="7"'), _cell("5%", 'office:value-type="percentage" office:value="0.05"'))), [("SKU", "Qty"), ("007", "5%")]),
        good("plain.xml", sheet_xml(XML_ROWS), [("SKU", "Qty"), ("007", "1")]), good("erp.xls", sheet_xml(XML_ROWS), [("SKU", "Qty"), ("007", "1")]),
        good("zeros.xml", sheet_xml(_data(("String", "SKU"), ("String", "Qty")) + _data(("Number", "7"), ("Number", "12")), '<NumberFormat ss:Format="000"/>'), [("SKU", "Qty"), ("007", "012")]),
        good("page.xls", "<html><script>x<y</script><table><tr><th>SKU<th>Qty<tr><td>007<td>1<tr><td>008<td>2</table></html>", TABLE),
        good("span.html", "<table><tr><th rowspan=2>SKU</th><th colspan=2>Stock</th></tr><tr><th>Qty</th><th>Value</th></tr><tr><td>007</td><td>1</td><td>2</td></tr></table>", [("SKU", "Stock / Qty", "Stock / Value"), ("007", "1", "2")]),
        good("tabs.xls", "SKU\tQty\n007\t1\n008\t2\n".encode("utf-16"), TABLE),
    ]  # fmt: skip


def _json() -> list[Case]:
    order = '{"no":"S1","customer":{"code":"C"},"lines":[{"sku":"A","qty":1},{"sku":"B","qty":2.50}]}'
    lines = [("no", "customer.code", "sku", "qty"), ("S1", "C", "A", "1"), ("S1", "C", "B", "2.50")]
    two = '[{"SKU":"007","Qty":1},{"SKU":"008","Qty":2}]'
    return [
        good("array.json", two, TABLE), good("gz.json.gz", gzip.compress(two.encode()), TABLE), good("bom.json", "\ufeff" + two, TABLE),
        good("wide.json", two.encode("utf-16"), TABLE), good("order.json", order, lines), good("orders.json", f"[{order}]", lines),
        good("odata4.json", f'{{"@odata.context":"x","value":{two}}}', TABLE), good("odata2.json", f'{{"d":{{"results":{two}}}}}', TABLE),
        good("data.json", f'{{"data":{two},"total":2}}', TABLE), good("single.json", '{"SKU":"007","Qty":1}', TABLE[:2]),
        good("rows.json", '[["SKU","Qty"],["007",1],["008",2]]', TABLE), good("split.json", '{"columns":["SKU","Qty"],"data":[["007",1],["008",2]]}', TABLE),
        good("columns.json", '{"SKU":["007","008"],"Qty":[1,2]}', TABLE), good("exponent.json", '[{"SKU":"007","Qty":1e3}]', [("SKU", "Qty"), ("007", "1000")]),
        good("nan.json", '[{"SKU":"NaN","Qty":NaN}]', [("SKU", "Qty"), ("NaN", "NaN")]), good("huge.json", f'[{{"SKU":{"9" * 40},"Qty":1}}]', [("SKU", "Qty"), ("9" * 40, "1")]),
        good("twice.json", '[{"a":"1","a":"2","b":1},{"a":"3","b":4}]', [("a", "b"), ("3", "4")], bad=1),
        good("many2one.json", '[{"product_id":[7,"Jam"],"ref":false},{"product_id":false,"ref":"x"}]', [("product_id", "product_id/id", "ref"), ("Jam", "7", ""), ("", "", "x")]),
        good("clash.json", '[{"id":1,"lines":[{"id":2}]}]', [("id", "lines.id"), ("1", "2")]),
        good("shopify.json", '{"orders":[{"name":"#1","tags":["a","b"],"line_items":[{"sku":"A"},{"sku":"B"}]}]}', [("name", "tags", "sku"), ("#1", "a, b", "A"), ("#1", "a, b", "B")]),
        good("lines.ndjson", '{"SKU":"007","Qty":1}\n{"SKU":bad\n{"SKU":"008","Qty":2}\n', TABLE, bad=1),
        good("moment.json", '[{"SKU":"a","Day":"/Date(1492041600000)/"}]', [("SKU", "Day"), ("a", "2017-04-13 00:00:00")]),
        bad("cut.json", two[:-5], "damaged_file"), bad("deep.json", "[" * 5000 + "]" * 5000, "unsafe_file"), bad("words.json", '["a","b"]', "not_a_table"),
    ]  # fmt: skip


def _others() -> list[Case]:
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    plain = xlsx(["SKU", "Qty"], ["007", 1])
    types = parquet("SELECT '007' SKU, 1.50::DECIMAL(9,2) a, 2.0::DOUBLE b, 1e-7::DOUBLE c, DATE '2024-01-02' d, [1, 2] e, {'x': 1} f, NULL::INT g, TIMESTAMPTZ '2024-01-02 03:04:05+02' h")  # fmt: skip
    return [
        good("types.parquet", types, [("SKU", "a", "b", "c", "d", "e", "f", "g", "h"), ("007", "1.50", "2", "0.0000001", "2024-01-02", "[1, 2]", '{"x": 1}', "", "2024-01-02 01:04:05+00:00")]),
        bad("cut.parquet", types[:100], "damaged_file"), good("one.zip", packed({"a.csv": CSV}), TABLE), good("bz2.csv.bz2", bz2.compress(CSV), TABLE),
        good("xz.csv.xz", lzma.compress(CSV), TABLE), good("zst.csv.zst", zstandard.compress(CSV), TABLE), good("tar.tar.gz", gzip.compress(tar({"a.csv": CSV})), TABLE),
        good("junk.zip", packed({"__MACOSX/._a.csv": b"x", "data/a.csv": CSV, "readme.txt": b"hi", "x.pdf": b"%PDF"}), TABLE, notes=["member_skipped"]),
        good("several.zip", packed({"a.csv": CSV, "b.csv.gz": gzip.compress(CSV), "c.xlsx": plain}), TABLE, TABLE, TABLE[:2], names=["a.csv", "b.csv.gz", "c.xlsx"]),
        bad("nested.zip", packed({"a.zip": packed({"a.csv": CSV})}), "nested_archive"), bad("path.zip", packed({"../a.csv": CSV}), "unsafe_archive"),
        bad("drive.zip", packed({"C:\\a.csv": CSV}), "unsafe_archive"), bad("nothing.zip", packed({"readme.txt": b"hi"}), "not_a_table"),
        bad("cut.zip", packed({"a.csv": CSV})[:-30], "damaged_file"), bad("cut.gz", gzip.compress(CSV * 99)[:-20], "damaged_gzip"),
        bad("laughs.xlsx", patched(plain, "xl/worksheets/sheet1.xml", lambda body: laughs + body), "unsafe_file"),
        bad("laughs.ods", ods(ODS, '<!DOCTYPE l [<!ENTITY a "x">]>'), "unsafe_file"), bad("hidden.ods", ods(ODS, display="false"), "no_header"),
        bad("word.docx", packed({"[Content_Types].xml": b"", "word/document.xml": b""}), "not_a_table"), bad("x.pdf", "%PDF-1.7", "not_a_table"),
        bad("x.png", b"\x89PNG\r\n", "not_a_table"), bad("x.db", b"SQLite format 3\0", "not_a_table"), bad("login.html", "<html><body>Log in</body></html>", "not_a_table"),
        bad("old.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "damaged_file"), bad("locked.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted_file"),
        bad("empty.xlsx", xlsx(), "empty_file"), bad("zero.xlsx", b"", "empty_file"),
    ]  # fmt: skip


CASES = [*_cells(), *_workbooks(), *_json(), *_others()]
