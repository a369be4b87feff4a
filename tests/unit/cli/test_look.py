"""`ops look`: how a file would be read, printed for people, as JSON, as plain CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from local.cli.app import app

STOCK = (
    "Stock list\n\nItem No;Description;Quantity;Location\n007;Jam, red;12,5;WH1\n008;Honey;5;WH1;x\n"
    "009;Oil;7,25;WH2\nTotal;;19,75;\n"
)


def run(path: Path, *options: str, code: int = 0) -> str:
    """What the command prints."""
    answer = CliRunner().invoke(app, ["look", str(path), *options])
    assert answer.exit_code == code, answer.output
    return answer.stdout


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    path = tmp_path / "stock.csv"
    path.write_text(STOCK, encoding="cp1252")
    return path


def test_json_says_how_the_file_is_read_and_what_it_is(stock: Path) -> None:
    told: dict[str, Any] = json.loads(run(stock, "--json", "--rows", "1"))
    (one,) = told["tables"]
    assert one["read_as"] | {"delimiter": ";", "header_row": 3} == one["read_as"]
    assert (one["records"], one["rows"]) == (3, [["007", "Jam, red", "12,5", "WH1"]])
    assert [(odd["row"], odd["text"]) for odd in one["odd"]] == [(5, "008;Honey;5;WH1;x")]
    assert (one["preamble"], one["footers"]) == (["Stock list"], ["Total 19,75"])
    assert one["recognised"][0]["entity"] == "inventory_snapshot"
    assert one["recognised"][0]["columns"]["Item No"] == "sku_code"


def test_csv_is_the_table_and_nothing_else(stock: Path) -> None:
    assert list(csv.reader(io.StringIO(run(stock, "--csv")))) == [
        ["Item No", "Description", "Quantity", "Location"], ["007", "Jam, red", "12,5", "WH1"], ["009", "Oil", "7,25", "WH2"],
    ]  # fmt: skip


def test_what_is_no_table_is_said(tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_text("Dear Lars\nplease find attached\nthe numbers.\n")
    assert json.loads(run(path, "--json", code=1))["refused"] == "not_a_table"
