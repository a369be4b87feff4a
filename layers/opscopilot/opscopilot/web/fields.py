"""Numbers on the wire: Decimal in, plain decimal text out ("408", "0.05"), never a float (P-19)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer, WithJsonSchema


def plain(value: Decimal) -> str:
    """`value` without exponent and without trailing zeros: 408.000000 is "408", 1E+2 is "100"."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _number(description: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": "decimal", "description": description, "examples": [example]})


_text = PlainSerializer(plain, return_type=str, when_used="json")
Quantity = Annotated[Decimal, _text, _number("A quantity in the unit beside it.", "408.5")]
Price = Annotated[Decimal, _text, _number("A price per base unit in the currency beside it.", "12.41")]
Amount = Annotated[Decimal, _text, _number("An amount in the currency beside it.", "20092679.17")]
Ratio = Annotated[Decimal, _text, _number("A ratio, 0 to 1.", "0.0023628")]
PositiveQuantity = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6), _text]
