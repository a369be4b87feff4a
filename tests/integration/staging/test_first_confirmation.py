"""D13: a supplier that confirms again has not delivered on time because of it. Supersessions come by file, too."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.loading import Dock

HEAD = {"po_number": "P1", "supplier_code": "V1", "order_date": "2026-09-01"}
LINE = {**HEAD, "line_no": "1", "sku_code": "1", "ordered_qty": "10", "uom": "EA", "requested_date": "2026-09-20"}


@pytest.fixture
def yard(dock: Dock) -> Dock:
    dock.load("sku", [{"sku_code": code, "description": f"Item {code}", "base_uom": "EA"} for code in ("1", "2")])
    dock.load("supplier", [{"supplier_code": "V1", "name": "Mill"}])
    return dock


def dates(dock: Dock) -> tuple[Any, Any]:
    (row,) = dock.plant.rows("SELECT confirmed_date, original_confirmed_date FROM manufacturing.purchase_order_lines")
    return row["confirmed_date"], row["original_confirmed_date"]


def test_p70_a_second_confirmation_does_not_reset_the_first(yard: Dock) -> None:
    yard.load("purchase_order_line", [LINE])
    assert dates(yard) == (None, None)
    yard.load("purchase_order_line", [{**LINE, "confirmed_date": "2026-09-21"}])
    assert dates(yard) == (date(2026, 9, 21), date(2026, 9, 21))
    yard.load("purchase_order_line", [{**LINE, "confirmed_date": "2026-10-15"}])
    assert dates(yard) == (date(2026, 10, 15), date(2026, 9, 21))
    again = yard.load("purchase_order_line", [{**LINE, "confirmed_date": "2026-10-15"}])
    assert again["duplicate_records"] == 1


def test_p70_a_file_that_knows_the_first_confirmation_is_believed(yard: Dock) -> None:
    both = {**LINE, "confirmed_date": "2026-10-15", "original_confirmed_date": "2026-09-18"}
    yard.load("purchase_order_line", [both])
    assert dates(yard) == (date(2026, 10, 15), date(2026, 9, 18))
    yard.load("purchase_order_line", [{**both, "original_confirmed_date": "", "confirmed_date": "2026-10-20"}])
    assert dates(yard) == (date(2026, 10, 20), date(2026, 9, 18))


def test_a_supersession_comes_by_file(yard: Dock) -> None:
    yard.load("sku_supersession", [{"sku_code": "1", "successor_sku": "2", "valid_from": "2026-10-01"}])
    (row,) = yard.plant.rows("SELECT valid_from, factor, use_up FROM manufacturing.sku_supersessions")
    assert (row["valid_from"], row["factor"], row["use_up"]) == (date(2026, 10, 1), 1, True)
