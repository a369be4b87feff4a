"""Field types: what a value is, how Postgres keeps it, how people are told what would be right."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Spec(NamedTuple):
    """A type's column in Postgres, and its description for a person who has to correct a cell."""

    pg: str
    expected: str
    example: str


class Type(Enum):
    """Everything a field can be."""

    CODE = Spec("text", "a code of at most 64 characters, kept exactly as written", "00100234")
    TEXT = Spec("text", "text", "Strawberry jam 340 g")
    ENUM = Spec("text", "one of the listed values", "")
    INT = Spec("integer", "a whole number", "14")
    QTY = Spec("numeric(18,6)", "a number such as 1250.5", "1250.5")
    PRICE = Spec("numeric(19,6)", "a price such as 2.35", "2.35")
    MONEY = Spec("numeric(19,4)", "an amount such as 1250.00", "1250.00")
    RATIO = Spec("numeric(9,6)", "a ratio between 0 and 1, or a percentage with %", "0.95")
    DATE = Spec("date", "a date such as 2026-09-30", "2026-09-30")
    INSTANT = Spec("timestamptz", "a date and time such as 2026-09-30 14:05", "2026-09-30 14:05")
    TIME = Spec("time", "a time of day such as 07:00", "07:00")
    WEEKDAYS = Spec("text", "weekdays such as Mon-Fri or 1-5 (Monday is 1)", "1-5")
    BOOL = Spec("boolean", "yes or no", "yes")
    UOM = Spec("varchar(3)", "a unit such as kg, EA or XCS", "KGM")
    CURRENCY = Spec("char(3)", "an ISO 4217 currency such as EUR", "EUR")
    COUNTRY = Spec("char(2)", "an ISO 3166 country such as DK", "DK")
    GTIN = Spec("text", "a GTIN of 8, 12, 13 or 14 digits with a right check digit", "6291041500213")
    GLN = Spec("text", "a GLN of 13 digits with a right check digit", "9520067000016")

    SSCC = Spec("text", "an SSCC of 18 digits with a right check digit", "095200670000001235")

    @property
    def is_number(self) -> bool:
        """Whether values are Decimal numbers."""
        return self in (Type.QTY, Type.PRICE, Type.MONEY, Type.RATIO)

    @property
    def is_text(self) -> bool:
        """Whether values are kept as text."""
        return self in (Type.CODE, Type.TEXT, Type.ENUM, Type.UOM, Type.CURRENCY, Type.COUNTRY, Type.GTIN,
                        Type.GLN, Type.SSCC, Type.WEEKDAYS)  # fmt: skip
