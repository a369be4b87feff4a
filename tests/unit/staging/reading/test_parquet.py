"""Parquet: every type as the text a person would have written; damaged, locked and hostile files are refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opscopilot.staging.reading.api import ReadTable, read_table, read_tables
from opscopilot.staging.reading.parquet import open_parquet
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused

TYPES = [
    ("'007'", "007"), ("'Käse, \"fein\"'", 'Käse, "fein"'), ("'a' || chr(10) || 'b'", "a\nb"), ("'a' || chr(0) || 'b'", "ab"),
    ("1.10::DECIMAL(10, 2)", "1.10"), ("12345678901234567890.123::DECIMAL(38, 3)", "12345678901234567890.123"),
    ("7::UTINYINT", "7"), ("'-9223372036854775808'::BIGINT", "-9223372036854775808"), ("NULL::INTEGER", ""),
    ("12.0::DOUBLE", "12"), ("0.1::DOUBLE", "0.1"), ("0.1::FLOAT", "0.1"), ("1e20::DOUBLE", "100000000000000000000"),
    ("1.5e-7::DOUBLE", "0.00000015"), ("1e-30::DOUBLE", "0." + "0" * 29 + "1"), ("'nan'::DOUBLE", ""), ("'inf'::DOUBLE", "inf"),
    ("true", "true"), ("false", "false"), ("DATE '2026-01-05'", "2026-01-05"), ("DATE '0001-01-01'", "0001-01-01"),
    ("TIME '10:00:00'", "10:00:00"), ("TIMESTAMP '2026-01-05 10:00:00.5'", "2026-01-05 10:00:00.5"),
    ("TIMESTAMP_NS '2026-01-05 10:00:00.123456789'", "2026-01-05 10:00:00.123456789"),
    ("TIMESTAMPTZ '2026-01-05 10:00:00+02'", "2026-01-05 08:00:00+00:00"), ("[1, 2]", "[1, 2]"), ("{'a': 1, 'b': 'x'}", '{"a": 1, "b": "x"}'),
    ("[{'q': 1.50::DECIMAL(9, 2)}]", '[{"q": 1.50}]'), ("MAP {'k': 1}", '{"k": 1}'), ("'abc'::BLOB", "abc"), ("'\\xAA\\x00'::BLOB", "AA00"),
    ("'5c6a4d4e-4b7e-4f5e-9a38-0a3c4d4f8d11'::UUID", "5c6a4d4e-4b7e-4f5e-9a38-0a3c4d4f8d11"), ("'b'::ENUM('a', 'b')", "b"),
]  # fmt: skip


def written(path: Path, query: str, options: str = "") -> Path:
    """A Parquet file with what the query gives."""
    with duckdb.connect() as db:
        db.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet{options})")
    return path


def refused(path: Path, limits: ReadLimits | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        read_tables(path, limits=limits)
    assert path.name in caught.value.message
    assert str(path.parent) not in caught.value.message, "places of ours are nobody's business"
    return caught.value


def test_every_type_is_text_without_loss(tmp_path: Path) -> None:
    columns = ", ".join(f"{sql} AS c{index}" for index, (sql, _) in enumerate(TYPES))
    table = read_table(written(tmp_path / "x.parquet", f"SELECT {columns}"))
    found = dict(zip([sql for sql, _ in TYPES], table.rows[0], strict=True))
    assert found == dict(TYPES)
    assert {note.code for note in table.notes} == {"list_kept"}


@pytest.mark.parametrize("packing", ["snappy", "zstd", "gzip", "lz4", "brotli", "uncompressed"])
def test_every_packing_is_read(tmp_path: Path, packing: str) -> None:
    path = written(tmp_path / "x.parquet", "SELECT '00' || i AS sku FROM range(3) t(i)", f", COMPRESSION {packing}")
    assert read_table(path).rows == [["000"], ["001"], ["002"]]


def test_rows_keep_their_order_and_number_over_many_groups(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", "SELECT i AS n FROM range(50_000) t(i)", ", ROW_GROUP_SIZE 2048")
    table = read_table(path)
    assert [int(row[0]) for row in table.rows] == list(range(50_000))
    assert table.source_rows == list(range(1, 50_001))


def test_names_come_as_they_are(tmp_path: Path) -> None:
    path = written(
        tmp_path / "x.parquet", 'SELECT 1 AS "SKU no.", 2 AS "say ""hi""", 3 AS file_row_number, 4 AS "Größe, kg"'
    )
    assert read_table(path).headers == ["SKU no.", 'say "hi"', "file_row_number", "Größe, kg"]


def test_empty_rows_are_none(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", "SELECT * FROM (VALUES ('a'), (NULL), ('b')) t(sku)")
    table = read_table(path)
    assert (table.rows, table.source_rows, table.blank) == ([["a"], ["b"]], [1, 3], 1)


def test_parts_are_cut_between_records(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", "SELECT i AS n, 'text' AS t FROM range(1000) t(i)")
    (tmp_path / "parts").mkdir()
    found = open_parquet(path, path.name, tmp_path, ReadLimits()).prepare(tmp_path / "parts", 2000)
    lines = "".join(part.read_text("utf-8") for part in found.parts).splitlines()
    assert len(found.parts) > 4
    assert lines == [f"{n + 1},{n + 1},{n},text" for n in range(1000)]


def test_a_name_with_signs_of_patterns_is_a_name(tmp_path: Path) -> None:
    written(tmp_path / "ab.parquet", "SELECT 2 AS other")
    path = written(tmp_path / "x.parquet", "SELECT 1 AS sku").rename(tmp_path / "a[b]*'.parquet")
    assert read_table(path).headers == ["sku"]


@pytest.mark.parametrize("head", [b"PARE", b"PAR1"])
def test_encrypted_files_are_refused(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(head + bytes(range(256)) + b"PARE")
    assert refused(tmp_path / "x.parquet").code == "encrypted_file"


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_files_that_break_off_are_refused(tmp_path: Path, keep: float) -> None:
    path = written(tmp_path / "x.parquet", "SELECT i AS n, 'a' || i AS t FROM range(20_000) t(i)")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert refused(path).code == "damaged_file"


def test_a_file_of_marks_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1\x00\x00\x00\x00PAR1")
    assert refused(tmp_path / "x.parquet").code == "damaged_file"


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_damage_ends_in_anything_but_a_table_or_a_refusal(tmp_path: Path, data: st.DataObject) -> None:
    good = tmp_path / "good.parquet"
    if not good.exists():
        written(good, "SELECT i AS n, 'abc' || i AS t, i / 7 AS d FROM range(300) t(i)")
    raw = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(4, len(raw) - 5))] = data.draw(st.integers(0, 255))
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(bytes(raw))
    try:
        tables = read_tables(bad)
    except Refused as refusal:
        ending = refusal.code
    else:
        ending = "table" if len(tables) == 1 else "tables"
    assert ending in ("table", "damaged_file", "encrypted_file", "too_large", "not_a_table")


def test_what_unpacks_to_too_much_is_refused_before_and_while_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", "SELECT i AS n FROM range(200_000) t(i)")
    assert refused(path, ReadLimits(max_text_bytes=50_000)).code == "too_large"
    same = written(tmp_path / "same.parquet", "SELECT repeat('x', 1000) AS t FROM range(20_000) t(i)")
    assert same.stat().st_size < 100_000
    assert refused(same, ReadLimits(max_text_bytes=5_000_000)).code == "too_large"


def test_a_text_too_long_for_a_record_is_refused(tmp_path: Path) -> None:
    found = refused(written(tmp_path / "x.parquet", "SELECT 1 AS n, repeat('x', 3_000_000) AS t"))
    assert found.code == "too_large"
    assert "Row 1" in found.message


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", "SELECT " + ", ".join(f"1 AS c{n}" for n in range(2001)))
    assert refused(path).code == "not_a_table"


CELLS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "text": ("VARCHAR", st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=12)),
    "whole": ("BIGINT", st.integers(-(2**63), 2**63 - 1)),
    "money": ("DECIMAL(38, 4)", st.decimals(-(10**20), 10**20, places=4)),
    "flag": ("BOOLEAN", st.booleans()),
    "day": ("DATE", st.dates()),
    "amount": ("DOUBLE", st.floats(allow_nan=False, allow_infinity=False)),
}  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.fixed_dictionaries({name: st.none() | values for name, (_, values) in CELLS.items()}), min_size=1, max_size=8
    )
)
def test_records_come_back_as_they_were(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    path = tmp_path / "x.parquet"
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE t (no INTEGER, {', '.join(f'{name} {kind}' for name, (kind, _) in CELLS.items())})")
        db.executemany(
            f"INSERT INTO t VALUES (?{', ?' * len(CELLS)})",
            [[n, *(one[name] for name in CELLS)] for n, one in enumerate(records)],
        )
        db.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    table: ReadTable = read_table(path)
    assert table.headers == ["no", *CELLS]
    for number, (row, record) in enumerate(zip(table.rows, records, strict=True)):
        assert row[0] == str(number)
        for cell, name in zip(row[1:], CELLS, strict=True):
            assert same(cell, name, record[name]), (cell, name, record[name])


def same(cell: str, name: str, value: Any) -> bool:
    """Whether a cell says the value."""
    if value is None:
        return cell == ""
    if name == "amount":
        return float(cell) == value and "e" not in cell
    if name == "money":
        return Decimal(cell) == value and cell == format(value, "f").replace("-0.0000", "0.0000")
    if name == "flag":
        return cell == ("true" if value else "false")
    return cell == str(value)
