"""Mappings: their form, their match with file names, and what the catalogue says to them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.binding import mapped_headers
from opscopilot.staging.mapping import ColumnSource, SourceMapping

ORDERS: dict[str, Any] = {
    "pattern": "SalesOrderHeader*.csv*", "entity": "sales_order", "source_id": "SalesOrderID",
    "columns": {
        "order_number": "SalesOrderID", "customer_code": {"column": "CustomerID", "by": "source_id"},
        "status": {"column": "Status", "values": {"5": "completed"}}, "currency": {"const": "USD"},
        "requested_date": {"setting": "as_of"}, "channel": {"template": "{Shelf}-{Bin}"},
    },
    "skip_when": [{"column": "Void", "equals": "1"}],
}  # fmt: skip


def mapping(**changes: Any) -> SourceMapping:
    """A mapping of one file."""
    return SourceMapping.model_validate({"plant": {"name": "left alone"}, "files": [{**ORDERS, **changes}]})


def test_a_file_is_found_by_its_name_whatever_the_case() -> None:
    assert mapping().for_file("salesorderheader_2026.CSV.gz") is not None
    assert mapping().for_file("SalesOrderDetail.csv") is None


def test_a_bare_name_is_a_column() -> None:
    found = mapping().for_file("SalesOrderHeader.csv")
    assert found is not None
    assert found.source("order_number") == ColumnSource(column="SalesOrderID")
    assert mapped_headers(found) == ["Void", "SalesOrderID", "CustomerID", "Status", "Shelf", "Bin"]


@pytest.mark.parametrize("source", [{}, {"column": "A", "const": "b"}, {"colum": "A"}, {"setting": "password"}])
def test_a_source_is_exactly_one_thing_we_know(source: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        mapping(columns={"order_number": source})


def test_the_catalogue_names_what_it_does_not_have() -> None:
    mapping().check_against(registry())
    with pytest.raises(ValidationFailed) as caught:
        mapping(columns={"order_numbr": "SalesOrderID"}).check_against(registry())
    assert caught.value.errors[0]["field"] == "files.0.columns.order_numbr"
    assert "order_number" in caught.value.errors[0]["expected"]
    with pytest.raises(ValidationFailed):
        mapping(entity="sales").check_against(registry())


def test_a_lines_mapping_may_name_fields_of_its_document() -> None:
    mapping(entity="sales_order_line", columns={"order_date": "OrderDate", "sku_code": "Product"}).check_against(
        registry()
    )
