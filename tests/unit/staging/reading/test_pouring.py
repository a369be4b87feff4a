"""The pass over the text: what is a record, what is left out, what has a wrong width."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from opscopilot.staging.reading.delimited import open_text
from opscopilot.staging.reading.footers import is_footer
from opscopilot.staging.reading.table import Prepared


def prepared(folder: Path, text: str) -> tuple[Prepared, list[list[str]], list[dict[str, Any]]]:
    """The result, the clean rows and the rejected records."""
    path = folder / "text"
    path.write_text(text, encoding="utf-8", newline="")
    (table,) = open_text(path, "x.csv")
    found = table.prepare(folder)
    (part,) = found.parts
    with part.open(encoding="utf-8", newline="") as stream:
        clean = list(csv.reader(stream, delimiter=found.delimiter))
    with found.spool.open(encoding="utf-8", newline="") as stream:
        rejects = [{"record_no": int(row[0]), "raw": json.loads(row[2]), "errors": json.loads(row[3])}
                   for row in csv.reader(stream)]  # fmt: skip
    return found, clean, rejects


def test_blank_and_repeated_header_lines_are_left_out_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    found, clean, _ = prepared(tmp_path, "SKU;Description\n\n1;a\n;\nSKU;Description\n2;b\n")
    assert clean == [["1", "3", "1", "a"], ["2", "6", "2", "b"]]
    assert (found.records, found.blank, found.repeated_headers) == (2, 2, 1)


def test_short_and_long_lines_are_rejected_alone(tmp_path: Path) -> None:
    found, clean, rejects = prepared(tmp_path, "SKU,Description,Unit\n1,a,kg\n2,b\n3,c,kg,extra\n4,d,kg\n")
    assert [row[0] for row in clean] == ["1", "4"]
    assert (found.records, found.rejected) == (4, 2)
    assert [one["record_no"] for one in rejects] == [2, 3]
    assert rejects[0]["raw"] == {"record_no": 2, "source_row": 3, "line": "2,b"}
    (error,) = rejects[0]["errors"]
    assert error["code"] == "wrong_column_count"
    assert "2 cells" in error["message"]
    assert "3 cells" in error["expected"]


def test_trailing_separators_are_no_cells(tmp_path: Path) -> None:
    found, clean, _ = prepared(tmp_path, "SKU,Description\n1,a,\n2,b,,\n")
    assert clean == [["1", "2", "1", "a"], ["2", "3", "2", "b"]]
    assert found.rejected == 0


def test_cells_of_nameless_columns_may_be_missing(tmp_path: Path) -> None:
    _, clean, _ = prepared(tmp_path, "SKU,Description,,\n1,a\n2,b,,\n")
    assert [row[2:] for row in clean] == [["1", "a", "", ""], ["2", "b", "", ""]]


def test_a_total_of_another_width_at_the_end_is_a_footer_and_in_the_middle_a_reject(tmp_path: Path) -> None:
    found, _, rejects = prepared(
        tmp_path, "SKU;Description;Unit\n1;a;kg\nTotal;1\n2;b;kg\nSumme;2\n(2 rows affected)\n"
    )
    assert found.footers == ["Summe;2", "(2 rows affected)"]
    assert [one["raw"]["line"] for one in rejects] == ["Total;1"]
    assert found.records == 3


def test_literal_marks_between_other_separators_reach_the_clean_file_unharmed(tmp_path: Path) -> None:
    _, clean, _ = prepared(tmp_path, 'SKU+|Description\n1+|"All" Purpose\n2+|5" pipe\n')
    assert [row[3] for row in clean] == ['"All" Purpose', '5" pipe']


@pytest.mark.parametrize("cell", ["Total", "TOTAL:", "Grand Total", "Summe", "Gesamtsumme", "Subtotal", "I alt",
                                  "Printed on 30.09.2026", "Page 3 of 4", "(12 rows affected)", "*** End of report ***"])  # fmt: skip
def test_footers(cell: str) -> None:
    assert is_footer(cell)


@pytest.mark.parametrize("cell", ["Total care shampoo", "Sumatra coffee", "00100234", "Summer jam", "Page turner"])
def test_names_that_only_begin_like_footers(cell: str) -> None:
    assert not is_footer(cell)
