"""Templates: a header and an example that ingest accepts as they are (integration tests drop them)."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from opscopilot.catalogue.recognition import carried
from opscopilot.catalogue.template_book import xlsx_template
from opscopilot.catalogue.templates import csv_template, explained
from opscopilot.manufacturing.entities import registry

CATALOGUE = registry()


@pytest.mark.parametrize("entity", CATALOGUE.names())
def test_a_template_has_a_header_and_one_row_with_every_required_field(entity: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_template(CATALOGUE[entity], CATALOGUE))))
    assert len(rows) == 2
    filled = dict(zip(rows[0], rows[1], strict=True))
    own = [one.name for one in CATALOGUE[entity].fields]
    assert list(filled)[: len(own)] == own
    assert set(filled) == set(carried(CATALOGUE[entity], CATALOGUE))
    assert all(filled[one.name] for one in CATALOGUE[entity].fields if one.required)


@pytest.mark.parametrize("entity", CATALOGUE.names())
def test_a_workbook_has_the_same_and_says_what_belongs_where(entity: str, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(xlsx_template(CATALOGUE[entity], CATALOGUE))
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    names = next(csv.reader(io.StringIO(csv_template(CATALOGUE[entity], CATALOGUE))))
    assert rows[0] == names
    with zipfile.ZipFile(path) as packed:
        comments = packed.read("xl/comments1.xml").decode()
    assert comments.count("<comment ") == len(names)
    assert "Required" in comments


def test_a_code_with_leading_zeros_is_text_in_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(xlsx_template(CATALOGUE["sku"], CATALOGUE))
    header, filled = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    values = dict(zip(header, filled, strict=True))
    assert values["sku_code"] == "00100234"
    assert values["gtin"] == "6291041500213"
    assert values["valid_from"] == date(2026, 9, 30)


def test_a_column_is_explained_with_unit_and_allowed_values() -> None:
    sku = CATALOGUE["sku"]
    assert "one of: finished" in explained(sku.field("type"))
    assert "Empty means finished" in explained(sku.field("type"))
    assert "base unit" in explained(sku.field("reorder_point"))
    assert "In days" in explained(sku.field("lead_time_days"))
    assert explained(sku.field("sku_code")).startswith("Required")
