"""A kept record under the file's own headers; cells that a spreadsheet would run, shielded and restored."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.staging.corrections import Corrected, decoded
from opscopilot.staging.kept_rows import Kept, RowLayout, column_names, defused, restored

CELLS = st.text(alphabet=st.characters(codec="utf-8"), max_size=12) | st.text("'=+-@\t1. ", max_size=6)


@given(CELLS)
@example("'=1+1")
@example("''=1")
@example("-12.50")
@example("+49 171 5")
@example("@SUM(A1)")
@example("\t=x")
def test_every_cell_comes_back_as_it_was(cell: str) -> None:
    assert restored(defused(cell)) == cell


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "'=1"])
def test_a_formula_is_shielded(cell: str) -> None:
    assert defused(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-12.50", "+3", "-1.234,50", "-1 234", "-1.5e3", "-5%", "00100", "Jam", "", "'tis"])
def test_numbers_and_texts_are_left_alone(cell: str) -> None:
    assert defused(cell) == cell


@given(st.lists(st.lists(CELLS.filter(lambda one: "\0" not in one), min_size=2, max_size=2), max_size=5))
def test_p82_a_corrected_file_says_again_what_it_was_given(rows: list[list[str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["_record_no", "_row", "_error", "a", "b"])
    writer.writerows([[str(number), "", "why", *map(defused, row)] for number, row in enumerate(rows, 1)])
    found = dict(Corrected(decoded(out.getvalue().encode())).rows())
    assert found == {number: dict(zip("ab", row, strict=True)) for number, row in enumerate(rows, 1)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_save_is_read(encoding: str, delimiter: str) -> None:
    text = f"_record_no{delimiter}name\n7{delimiter}Süßmost\n"
    assert dict(Corrected(decoded(text.encode(encoding))).rows()) == {7: {"name": "Süßmost"}}


@pytest.mark.parametrize(
    "text", ["", "name\nx\n", "_record_no,a\n0,x\n", "_record_no,a\n-1,x\n", "_record_no,a\n1,x\n1,y\n",
             "_record_no,a\n1,x,y\n", "_record_no,a\n²,x\n", "_record_no,a\n99999999999,x\n"],
)  # fmt: skip
def test_what_is_no_correction_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        list(Corrected(io.StringIO(text)).rows())


def layout(**columns: str) -> RowLayout:
    mapping = {"pattern": "*", "entity": "sku", "columns": columns}
    return RowLayout.of_recipe({"headers": ["Artikel", "", "Preis", "Preis"], "mapping": mapping})


def kept(raw: dict[str, Any], status: str = "invalid", code: str = "bad_number") -> Kept:
    return Kept(3, {"record_no": 3, "source_row": 4, **raw}, [{"code": code}], status)


def test_columns_without_a_name_or_with_the_same_one_get_names() -> None:
    assert column_names(["A", "", "A", "A (3)"]) == ("A", "column 2", "A (3)", "A (3) (4)")
    assert column_names(["source_row", "record_no"]) == ("source_row (1)", "record_no (2)"), "ours are not overwritten"


def test_cells_fields_and_lines_are_told_apart() -> None:
    one = layout(sku_code="artikel", unit_cost="Preis")
    cells = {"Artikel": "007", "column 2": None, "Preis": "x", "Preis (4)": "1"}
    assert (one.kind(kept(cells)), one.cells(kept(cells))) == ("cells", ["007", "", "x", "1"])
    fields = {"sku_code": "007", "unit_cost": "1.5"}
    assert (one.kind(kept(fields, "pending")), one.cells(kept(fields))) == ("fields", ["007", "", "1.5", ""])
    line = {"line": "007;x"}
    assert (one.kind(kept(line)), one.cells(kept(line)), one.line(kept(line))) == ("line", [""] * 4, "007;x")


def test_where_headers_are_field_names_the_reason_tells_who_refused_the_record() -> None:
    recipe = {"headers": ["sku_code", "name"], "mapping": {
        "pattern": "*", "entity": "sku", "columns": {"sku_code": "sku_code", "description": "name"}}}  # fmt: skip
    one = RowLayout.of_recipe(recipe)
    assert one.kind(kept({"sku_code": "7", "name": None})) == "cells"
    assert one.kind(kept({"sku_code": "7", "description": "x"}, code="conflicting_duplicate")) == "fields"
    assert one.kind(kept({"sku_code": "7"}, "pending")) == "fields"
