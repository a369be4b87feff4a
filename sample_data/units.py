"""Units, numbers and check digits of the sample plant.

Quantities are whole thousandths of their unit (`*_m`), prices and costs whole ten-thousandths of a euro
(`*_e4`), so that every sum is exact.
"""

from __future__ import annotations

from decimal import Decimal

SAP_UNIT = {"KGM": "KG", "EA": "EA", "LTR": "L", "MTR": "M", "XCS": "CS", "TNE": "TO", "XBG": "BAG",
            "XRO": "ROL", "XDR": "DR", "XPX": "PAL"}  # fmt: skip
ODOO_UNIT = {"KGM": "kg", "EA": "Units", "LTR": "L", "MTR": "m", "XCS": "Case"}
SHEET_UNIT = {"KGM": "kg", "EA": "pcs", "LTR": "l", "MTR": "m", "XCS": "case", "XBG": "bag", "XRO": "roll",
              "XDR": "drum", "XPX": "pallet"}  # fmt: skip
WHOLE = frozenset({"EA", "XCS", "XBG", "XRO", "XDR", "XPX"})
PHYSICAL_M = {("TNE", "KGM"): 1_000_000}


def check_digit(digits: str) -> str:
    """The GS1 modulo-10 check digit of `digits` (weights 3, 1 from the right)."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


def gtin13(item: int) -> str:
    """An EAN-13 in 952, the prefix GS1 keeps for demonstrations."""
    body = f"952{item:09d}"
    return body + check_digit(body)


def gtin14(item: int, indicator: int = 1) -> str:
    """The case code of `item`: a GTIN-14 with its own check digit."""
    body = f"{indicator}952{item:09d}"
    return body + check_digit(body)


def qty(milli: int) -> Decimal:
    """Thousandths as a Decimal quantity."""
    return Decimal(milli) / 1000


def money(e4: int) -> Decimal:
    """Ten-thousandths as a Decimal amount."""
    return Decimal(e4) / 10000


def whole(milli: float, uom: str) -> int:
    """`milli` thousandths rounded to what can be counted in `uom`: whole pieces, tenths of kg, l or m."""
    step = 1000 if uom in WHOLE else 100
    return int(milli / step + 0.5) * step


def fixed(value: int, scale: int, places: int) -> str:
    """`value` / 10**scale with `places` decimals and a decimal point; further digits must be zero or are cut."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    text = f"{value:0{scale + 1}d}"
    head, tail = text[:-scale], text[-scale:]
    return f"{sign}{head}.{tail[:places].ljust(places, '0')}"


def sap(value: int, scale: int = 3, places: int = 3) -> str:
    """A number as SAP lists it: decimal point, minus sign behind."""
    return fixed(-value, scale, places) + "-" if value < 0 else fixed(value, scale, places)


def european(value: int, scale: int, places: int) -> str:
    """A number as a European spreadsheet shows it: 1.234,5."""
    head, tail = fixed(value, scale, places).split(".")
    digits = head.lstrip("-")
    groups: list[str] = []
    while digits:
        groups.insert(0, digits[-3:])
        digits = digits[:-3]
    return ("-" if head.startswith("-") else "") + ".".join(groups) + "," + tail
