"""Changes as sentences; what stands in the data is only shown."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.staging.change_words import plural, sentence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"what": "added", "entity": "sku", "count": 1200}, "1,200 new skus"),
        ({"what": "on_hand_moved", "entity": "inventory_snapshot", "count": 14,
          "examples": [{"key": "00100", "uom": "EA", "from": "40", "to": "12"}]},
         "on-hand of 14 items moved (00100: 40 → 12 EA)"),
        ({"what": "fell_below_reorder_point", "entity": "inventory_snapshot", "count": 2,
          "examples": [{"key": "A", "uom": "EA", "from": "9", "to": "4", "reorder_point": "5"}]},
         "2 items fell below their reorder point (A: 9 → 4 EA, reorder point 5)"),
        ({"what": "confirmed_later", "entity": "purchase_order_line", "count": 1,
          "examples": [{"key": "PO1/10", "from": "2026-09-01", "to": "2026-09-05", "days": 4}]},
         "1 purchase order line is confirmed for later (PO1/10: 2026-09-01 → 2026-09-05, 4 days)"),
        ({"what": "status_changed", "entity": "work_order", "count": 3,
          "examples": [{"from": "released", "to": "completed", "count": 3}]},
         "3 work orders changed their status (released → completed, 3 of them)"),
        ({"what": "demand_added", "entity": "sales_order_line", "count": 5,
          "examples": [{"uom": "EA", "lines": 5, "open_qty": "120"}]},
         "5 sales order lines added demand (120 EA in 5 lines)"),
        ({"what": "deactivated", "entity": "supplier", "count": 2},
         "2 suppliers were deactivated: the full extract no longer has them"),
        ({"what": "something_new", "count": 3, "examples": [{"a": 1, "b": None}]}, "3 × something new (a 1)"),
        ({"what": "switched_off", "entity": "sku", "count": 1, "examples": [{"key": "{n} {things}"}]},
         "1 sku was switched off ({n} {things})"),
        ({}, "0 × "),
    ],
)  # fmt: skip
def test_sentences(change: dict[str, Any], said: str) -> None:
    assert sentence(change) == said


def test_plurals() -> None:
    assert [plural("inventory", 2), plural("sku_uom", 1), plural("box", 3)] == ["inventories", "sku uom", "boxes"]
