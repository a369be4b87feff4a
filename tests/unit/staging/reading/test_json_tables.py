"""JSON: what holds for every document, where records come from, and how much is held in memory."""

from __future__ import annotations

import csv
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opscopilot.staging.reading import open_tables
from opscopilot.staging.reading.api import read_table, read_tables
from opscopilot.staging.reading.documents.values import to_json
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "whole": st.integers(-(10**30), 10**30),
    "money": st.decimals(-(10**12), 10**12, places=3),
    "flag": st.booleans(),
}
RECORDS = st.lists(
    st.fixed_dictionaries({"no": st.just("1"), **{name: st.none() | values for name, values in CELLS.items()}}),
    min_size=1,
    max_size=8,
)


def as_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def read(path: Path, body: str | bytes, name: str = "x.json") -> Any:
    target = path / name
    target.write_bytes(body if isinstance(body, bytes) else body.encode("utf-8"))
    return read_table(target)


def refusal(path: Path, body: str | bytes, name: str = "x.json") -> Refused:
    with pytest.raises(Refused) as caught:
        read(path, body, name)
    return caught.value


@QUICK
@given(RECORDS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]), st.booleans())
def test_records_come_back_as_they_were(
    tmp_path: Path, records: list[dict[str, Any]], encoding: str, lines: bool
) -> None:
    texts = [to_json({name: one[name] for name in ("no", *CELLS)}) for one in records]
    body = "\n".join(texts) if lines else "[" + ",\n".join(texts) + "]"
    table = read(tmp_path, body.encode(encoding), "x.ndjson" if lines else "x.json")
    assert table.headers == ["no", *CELLS]
    assert table.rows == [[as_cell(one[name]) for name in table.headers] for one in records]
    assert table.source_rows == list(range(1, len(records) + 1))


@QUICK
@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda one: st.lists(one, max_size=4) | st.dictionaries(TEXT, one, max_size=4), max_leaves=20))  # fmt: skip
def test_any_json_is_tables_or_a_refusal_and_every_row_has_the_width_of_its_header(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    try:
        tables = read_tables(path)
    except Refused:
        return
    assert all(len(row) == len(table.headers) for table in tables for row in table.rows)


@QUICK
@given(st.integers(1, 10_000))
def test_a_list_that_breaks_off_is_never_taken(tmp_path: Path, at: int) -> None:
    body = json.dumps([{"sku": f"0{n}", "qty": n, "text": "é {}[]"} for n in range(200)], ensure_ascii=False).encode()
    assert refusal(tmp_path, body[: 1 + at % (len(body) - 1)]).code in ("damaged_file", "no_header", "not_a_table")


@QUICK
@given(st.integers(1, 199), st.sampled_from(["", "{", '{"a": ', "]", '"x"', "{'sku': 1}", '{"sku": "1"} x', "null"]))
def test_a_bad_line_costs_only_itself(tmp_path: Path, at: int, bad: str) -> None:
    lines = [json.dumps({"sku": f"0{n}", "qty": n}) for n in range(200)]
    lines[at] = bad
    table = read(tmp_path, "\n".join(lines), "x.ndjson")
    assert table.source_rows == [n + 1 for n in range(200) if n != at]
    assert [odd.row for odd in table.odd] == ([at + 1] if bad else [])


def test_where_a_document_breaks_is_said(tmp_path: Path) -> None:
    message = refusal(tmp_path, '[{"a": 1}, {"a": 2}, {"a": oops}]').message
    assert "record 3" in message
    assert "Nothing of it was taken" in message


def test_a_reject_says_where_it_stood_and_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_text('{"a": 1}\n{"a": oops}\n{"a": 3}\n', encoding="utf-8")
    (table,) = open_tables(path, path.name, tmp_path, ReadLimits())
    found = table.prepare(tmp_path)
    assert (found.records, found.rejected) == (3, 1)
    assert found.parts[0].read_text("utf-8") == "1,1,1\n3,3,3\n"
    with found.spool.open(encoding="utf-8", newline="") as stream:
        ((number, _, raw, errors),) = csv.reader(stream)
    assert (number, json.loads(raw)) == ("2", {"record_no": 2, "source_row": 2, "line": '{"a": oops}'})
    (error,) = json.loads(errors)
    assert error["code"] == "unreadable_record"
    assert error["raw_value"] == '{"a": oops}'
    assert "Record 2" in error["message"]


def test_lines_of_an_order_have_the_row_of_the_order(tmp_path: Path) -> None:
    table = read(tmp_path, '[{"n": 1, "l": [{"q": 1}, {"q": 2}]}, {"n": 2, "l": [{"q": 3}]}]')
    assert table.source_rows == [1, 1, 2]
    assert table.read_as["rows_of"] == "l"


def test_what_stands_around_the_records_is_told(tmp_path: Path) -> None:
    table = read(tmp_path, '{"total": 2, "next": "https://x/?page=2", "data": [{"a": 1}]}')
    (note,) = [one for one in table.notes if one.code == "left_out"]
    assert "next" in note.message


def test_an_order_is_not_repeated_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opscopilot.staging.reading.documents.table._GROWTH_FROM", 1 << 20)
    body = json.dumps([{"order": "x" * 100_000, "no": 1, "lines": [{"q": n} for n in range(500)]}])
    assert refusal(tmp_path, body).code == "unsafe_file"


def test_a_line_too_long_costs_one_record(tmp_path: Path) -> None:
    body = json.dumps([{"no": n, "lines": [{"q": "x" * (3_000_000 if n == 2 else 3)}, {"q": "y"}]} for n in (1, 2, 3)])
    table = read(tmp_path, body)
    assert [row[0] for row in table.rows] == ["1", "1", "2", "3", "3"]
    assert [odd.row for odd in table.odd] == [2]


def test_parts_are_cut_between_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"n": n, "t": "text"} for n in range(1000)]), encoding="utf-8")
    (tmp_path / "parts").mkdir()
    (table,) = open_tables(path, path.name, tmp_path, ReadLimits())
    found = table.prepare(tmp_path / "parts", 2000)
    assert len(found.parts) > 4
    lines = "".join(part.read_text("utf-8") for part in found.parts).splitlines()
    assert lines == [f"{n + 1},{n + 1},{n},text" for n in range(1000)]


@pytest.mark.parametrize("lines", [False, True])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, lines: bool) -> None:
    def peak(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        path = folder / ("x.ndjson" if lines else "x.json")
        texts = [json.dumps({"sku": f"{n:08}", "text": "x" * 100, "lines": [{"q": n}]}) for n in range(count)]
        path.write_text("\n".join(texts) if lines else "[" + ",\n".join(texts) + "]", encoding="utf-8")
        del texts
        tracemalloc.start()
        (table,) = open_tables(path, path.name, folder, ReadLimits())
        assert table.prepare(folder).records == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small = peak(1_000)
    assert peak(4_000) < small * 1.5 + (1 << 20)
