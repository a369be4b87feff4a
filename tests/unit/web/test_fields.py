"""Numbers on the wire, cursors, correlation ids."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import BaseModel

from opscopilot.web.fields import Quantity, plain
from opscopilot.web.middleware import correlation_id
from opscopilot.web.problems import from_exception


class Row(BaseModel):
    """A row with a quantity."""

    quantity: Quantity


@pytest.mark.parametrize(
    ("value", "text"),
    [("408.000000", "408"), ("0.100000", "0.1"), ("1E+2", "100"), ("-0.000", "0"), ("1200", "1200"), ("0E-6", "0"),
     ("12345678901234.123456", "12345678901234.123456")],
)  # fmt: skip
def test_decimals_leave_as_plain_text(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text
    assert Row(quantity=Decimal(value)).model_dump(mode="json") == {"quantity": text}


def test_a_tenth_and_two_tenths() -> None:
    assert plain(Row(quantity="0.1").quantity + Row(quantity="0.2").quantity) == "0.3"


def test_correlation_ids_are_taken_only_when_they_look_like_one() -> None:
    given = "0190C3D0-0000-7000-8000-000000000001"
    assert correlation_id(given) == given.lower()
    for strange in (None, "", "1\nforged log line", "x" * 36):
        assert correlation_id(strange) != strange


def test_unknown_errors_tell_nothing_about_our_inside() -> None:
    assert "secret" not in from_exception(RuntimeError("secret table name")).detail
