"""What the corpus cannot show: rows of the source, parts, notes with examples, memory, and mappings that pass through."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from opscopilot.staging.reading import open_tables
from opscopilot.staging.reading.api import read_table, read_tables
from opscopilot.staging.reading.books.formats import Format, Kind, understood
from opscopilot.staging.reading.books.strings import Strings
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused
from tests.corpus.books import xlsx
from tests.corpus.sheets import book, merged

EPCIS = (
    '<!-- from the line -->\n<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" '
    'creationDate="2026-01-01T00:00:00Z"><EPCISBody><EventList><ObjectEvent><eventTime>2026-01-01T00:00:00Z</eventTime>'
    "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc></epcList>"
    "<action>OBSERVE</action></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"
)


def wrote(folder: Path, body: bytes, name: str = "stock.xlsx") -> Path:
    """The body as a file."""
    (folder / name).write_bytes(body)
    return folder / name


def test_rows_are_those_of_the_sheet(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Report"], [], ["SKU", "Qty"], ["a", 1], [], ["b", 2]]
    table = read_table(wrote(tmp_path, xlsx(*rows)))
    assert (table.read_as["header_row"], table.source_rows, table.blank) == (3, [4, 6], 0)


def test_a_header_of_several_rows_says_which(tmp_path: Path) -> None:
    body = book(merged("A1:A2", "B1:C1"), A=[["SKU", "Stock", None], [None, "Qty", "Value"], ["007", 1, 2]])
    table = read_table(wrote(tmp_path, body))
    assert table.read_as["header_rows"] == [1, 2]
    assert "header_rows" in {note.code for note in table.notes}


def test_p22_digits_that_excel_lost_are_told_with_their_row(tmp_path: Path) -> None:
    table = read_table(wrote(tmp_path, xlsx(["SKU", "Box"], ["a", 5], ["b", 376104250021234567])))
    (note,) = [one for one in table.notes if one.code == "digits_lost"]
    assert note.level == "warning"
    assert "row 3: 3.76104250021235E+17" in note.message
    assert "15 digits" in note.message


def test_a_long_sheet_is_cut_into_parts_at_records(tmp_path: Path) -> None:
    body = xlsx(["SKU", "Remark"], *[[f"{number:05}", "a\nb"] for number in range(500)])
    (table,) = open_tables(wrote(tmp_path, body), "stock.xlsx", tmp_path, ReadLimits())
    prepared = table.prepare(tmp_path, 2_000)
    assert (prepared.records, prepared.multiline) == (500, True)
    assert len(prepared.parts) > 3
    whole = "".join(part.read_text() for part in prepared.parts)
    assert whole.startswith('1,2,00000,"a\nb"\n')
    assert all(part.read_text().endswith('b"\n') for part in prepared.parts)


def test_texts_that_many_cells_share_go_to_disk_when_they_are_many(tmp_path: Path) -> None:
    strings = Strings(tmp_path / "spilled")
    tracemalloc.start()
    for number in range(40_000):
        strings.append(f"{number}" + "ø" * 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80 << 20
    assert (strings[0][:2], strings[39_999][:6], strings[40_000], strings[-1]) == ("0ø", "39999ø", "", "")
    assert len(strings) == 40_000
    strings.close()
    assert not (tmp_path / "spilled").exists()


def test_a_large_sheet_is_read_in_little_memory(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, [f"name {column}" for column in range(12)])
        for row in range(1, 2_001):
            sheet.write_row(row, 0, [f"text {row} {column}" for column in range(12)])
    source = wrote(tmp_path, out.getvalue())
    tracemalloc.start()
    (table,) = open_tables(source, "stock.xlsx", tmp_path, ReadLimits())
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    prepared = table.prepare(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert prepared.records == 2_000
    assert peak - held < 4 << 20


def test_what_knows_its_fields_keeps_its_mapping_in_any_packing(tmp_path: Path) -> None:
    source = wrote(tmp_path, gzip.compress(EPCIS.encode()), "events.xml.gz")
    tables: Any = open_tables(source, "events.xml.gz", tmp_path, ReadLimits())
    assert [table.name for table in tables] == ["events", "items"]
    assert [table.mapping.entity for table in tables] == ["trace_event", "trace_event_item"]
    (plain,) = open_tables(wrote(tmp_path, b"SKU,Qty\n1,2\n"), "x.csv", tmp_path, ReadLimits())
    assert getattr(plain, "mapping", None) is None


def test_sheets_and_their_members_are_named(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.title = "Märkte"
    made.create_sheet("B")
    for sheet in made.worksheets:
        sheet.append(["SKU", "Qty"])
        sheet.append(["a", 1])
    made.save(tmp_path / "two.xlsx")
    assert [table.name for table in read_tables(tmp_path / "two.xlsx")] == ["Märkte", "B"]


def test_too_many_tables_say_how_many_are_read(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["SKU", "Qty"], ["a", 1]]
    body = book(A=rows, B=rows, C=rows)
    with pytest.raises(Refused) as caught:
        open_tables(wrote(tmp_path, body), "stock.xlsx", tmp_path, ReadLimits(max_members=2))
    assert caught.value.code == "too_many_tables"
    assert "at most 2" in caught.value.message


@pytest.mark.parametrize(
    ("code", "kind", "mask"),
    [
        ("General", Kind.PLAIN, ""), ("@", Kind.PLAIN, ""), ("#,##0.00", Kind.PLAIN, ""), ("0", Kind.PLAIN, ""),
        ("00000", Kind.CODE, "00000"), ('"SO-"0000', Kind.CODE, "SO-0000"), ("000\\-00", Kind.CODE, "000-00"),
        ("0.00", Kind.PLAIN, ""), ("0.0%", Kind.PERCENT, ""), ("yyyy-mm-dd", Kind.DATE, ""), ("mmm-yy", Kind.DATE, ""),
        ("d/m/yyyy h:mm", Kind.DATETIME, ""), ("h:mm AM/PM", Kind.TIME, ""), ("[h]:mm", Kind.ELAPSED, ""),
        ("[$-F800]dddd, mmmm dd, yyyy", Kind.DATE, ""), ('[Red]0.00;"years" 0', Kind.PLAIN, ""), ("0.00E+00", Kind.PLAIN, ""),
        ('0 "days"', Kind.PLAIN, ""), ("[<=99999]00000;00000-0000", Kind.CODE, "00000"), ("_-* #,##0.00_-", Kind.PLAIN, ""),
    ],
)  # fmt: skip
def test_number_formats(code: str, kind: Kind, mask: str) -> None:
    assert understood(code) == Format(kind, mask)
