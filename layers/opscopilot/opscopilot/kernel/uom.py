"""Units of measure: UN/CEFACT Rec 20 common codes (packages: Rec 21 with prefix X), aliases and exact factors.

Only physical dimensions convert by themselves. Everything that is counted or packed (case, carton, dozen,
gallon can) needs the SKU's own factor, because "1 carton" is a different number of pieces for every item
(P-18). Cases, cartons and packs must not be sent as CS, CT, PK: those codes are deleted in Rec 20.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from opscopilot.kernel.errors import ValidationFailed


class Unit(NamedTuple):
    """A unit: dimension, and how many of the dimension's reference unit it holds."""

    dimension: str
    factor: Decimal
    label: str


def _u(dimension: str, factor: str, label: str) -> Unit:
    return Unit(dimension, Decimal(factor), label)


UNITS: dict[str, Unit] = {
    "KGM": _u("mass", "1", "kg"), "GRM": _u("mass", "0.001", "g"), "TNE": _u("mass", "1000", "t"),
    "LBR": _u("mass", "0.45359237", "lb"), "ONZ": _u("mass", "0.028349523125", "oz"),
    "MGM": _u("mass", "0.000001", "mg"), "DTN": _u("mass", "100", "dt"),
    "LTR": _u("volume", "1", "l"), "MLT": _u("volume", "0.001", "ml"), "HLT": _u("volume", "100", "hl"),
    "GLL": _u("volume", "3.785411784", "gal"), "MTQ": _u("volume", "1000", "m³"),
    "CLT": _u("volume", "0.01", "cl"), "DLT": _u("volume", "0.1", "dl"), "OZA": _u("volume", "0.0295735295625", "fl oz"),
    "QTL": _u("volume", "0.946352946", "qt"), "PTL": _u("volume", "0.473176473", "pt"),
    "GLI": _u("volume", "4.54609", "gal (UK)"), "STN": _u("mass", "907.18474", "ton (US)"),
    "YRD": _u("length", "0.9144", "yd"), "FTK": _u("area", "0.09290304", "ft²"),
    "MTR": _u("length", "1", "m"), "CMT": _u("length", "0.01", "cm"), "MMT": _u("length", "0.001", "mm"),
    "INH": _u("length", "0.0254", "in"), "FOT": _u("length", "0.3048", "ft"), "KMT": _u("length", "1000", "km"),
    "MTK": _u("area", "1", "m²"), "CMK": _u("area", "0.0001", "cm²"),
    "EA": _u("count", "1", "ea"), "H87": _u("count", "1", "pc"), "C62": _u("count", "1", "one"),
    "DZN": _u("pack:DZN", "1", "dozen"), "PR": _u("pack:PR", "1", "pair"), "SET": _u("pack:SET", "1", "set"),
    "XCS": _u("pack:XCS", "1", "case"), "XCT": _u("pack:XCT", "1", "carton"), "XPK": _u("pack:XPK", "1", "package"),
    "XPX": _u("pack:XPX", "1", "pallet"), "XBX": _u("pack:XBX", "1", "box"), "XCX": _u("pack:XCX", "1", "can"),
    "XBO": _u("pack:XBO", "1", "bottle"), "XBG": _u("pack:XBG", "1", "bag"), "XRO": _u("pack:XRO", "1", "roll"),
    "XDR": _u("pack:XDR", "1", "drum"), "XSA": _u("pack:XSA", "1", "sack"), "XPA": _u("pack:XPA", "1", "packet"),
    "XJR": _u("pack:XJR", "1", "jar"), "XTU": _u("pack:XTU", "1", "tube"), "XTN": _u("pack:XTN", "1", "tin"),
    "XBJ": _u("pack:XBJ", "1", "bucket"), "XCR": _u("pack:XCR", "1", "crate"), "XPU": _u("pack:XPU", "1", "tray"),
    "XSH": _u("pack:XSH", "1", "sachet"), "XBE": _u("pack:XBE", "1", "bundle"), "XKG": _u("pack:XKG", "1", "keg"),
    "XBA": _u("pack:XBA", "1", "barrel"), "XPL": _u("pack:XPL", "1", "pail"), "XST": _u("pack:XST", "1", "sheet"),
    "GRO": _u("pack:GRO", "1", "gross"), "MIL": _u("pack:MIL", "1", "thousand"), "CEN": _u("pack:CEN", "1", "hundred"),
    "CEL": _u("temperature", "1", "°C"), "P1": _u("ratio", "0.01", "%"), "MIN": _u("time", "60", "min"),
    "HUR": _u("time", "3600", "h"), "DAY": _u("time", "86400", "d"),
}  # fmt: skip
"""The codes we accept. Facts of Rec 20 rev 17 and Rec 21."""

ALIASES: dict[str, str] = {
    "kg": "KGM", "kgs": "KGM", "kilogram": "KGM", "kilo": "KGM", "g": "GRM", "gr": "GRM", "gram": "GRM",
    "t": "TNE", "to": "TNE", "tonne": "TNE", "lb": "LBR", "lbs": "LBR", "oz": "ONZ", "mg": "MGM",
    "l": "LTR", "lt": "LTR", "litre": "LTR", "liter": "LTR", "ml": "MLT", "hl": "HLT", "gal": "GLL",
    "gallon": "GLL", "m3": "MTQ", "m": "MTR", "meter": "MTR", "metre": "MTR", "cm": "CMT", "mm": "MMT",
    "in": "INH", "inch": "INH", "ft": "FOT", "m2": "MTK", "each": "EA", "unit": "EA", "units": "EA",
    "ea": "EA", "pc": "H87", "pcs": "H87", "pce": "H87", "piece": "H87", "st": "H87", "stk": "H87",
    "stück": "H87", "stueck": "H87", "nos": "H87", "dz": "DZN", "dozen": "DZN", "dzn": "DZN", "pair": "PR",
    "pr": "PR", "cs": "XCS", "case": "XCS", "kar": "XCT", "ctn": "XCT", "carton": "XCT", "ct": "XCT",
    "pk": "XPK", "pak": "XPK", "pack": "XPK", "pal": "XPX", "pallet": "XPX", "box": "XBX", "bx": "XBX",
    "can": "XCX", "btl": "XBO", "bottle": "XBO", "bag": "XBG", "bg": "XBG", "roll": "XRO", "rol": "XRO",
    "rl": "XRO", "drum": "XDR", "dr": "XDR", "sack": "XSA", "set": "SET", "%": "P1", "h": "HUR", "hr": "HUR",
    "std": "HUR", "min": "MIN", "day": "DAY", "tag": "DAY",
    # more of English, then German, French, Spanish, Italian, Danish, Polish
    "kilogramme": "KGM", "pound": "LBR", "ounce": "ONZ", "ton": "TNE", "mt": "TNE", "milligram": "MGM", "ltr": "LTR",
    "ltrs": "LTR", "millilitre": "MLT", "milliliter": "MLT", "cl": "CLT", "dl": "DLT", "fl oz": "OZA", "fl.oz": "OZA",
    "floz": "OZA", "fl. oz": "OZA", "qt": "QTL", "quart": "QTL", "pint": "PTL", "us gal": "GLL", "imp gal": "GLI",
    "short ton": "STN", "yd": "YRD", "yard": "YRD", "foot": "FOT", "feet": "FOT", "sqm": "MTK", "m²": "MTK", "qm": "MTK",
    "cm²": "CMK", "m³": "MTQ", "cbm": "MTQ", "ft²": "FTK", "sqft": "FTK", "un": "EA", "u": "EA", "pz": "H87",
    "pza": "H87", "no": "H87", "item": "H87", "gross": "GRO", "gro": "GRO", "thousand": "MIL", "hundred": "CEN",
    "jar": "XJR", "tube": "XTU", "tin": "XTN", "bucket": "XBJ", "crate": "XCR", "tray": "XPU", "sachet": "XSH",
    "bundle": "XBE", "bdl": "XBE", "keg": "XKG", "barrel": "XBA", "bbl": "XBA", "pail": "XPL", "sheet": "XST", "plt": "XPX",
    "pll": "XPX", "packet": "XPA", "package": "XPK", "hour": "HUR", "hrs": "HUR", "minute": "MIN",
    "kilogramm": "KGM", "gramm": "GRM", "tonnen": "TNE", "stck": "H87", "stücke": "H87", "teil": "H87", "einheit": "EA",
    "dutzend": "DZN", "dtz": "DZN", "paar": "PR", "karton": "XCT", "kartons": "XCT", "krt": "XCT", "kiste": "XCS",
    "kisten": "XCS", "ki": "XCS", "packung": "XPK", "palette": "XPX", "paletten": "XPX", "schachtel": "XBX", "beutel": "XBG",
    "tüte": "XBG", "flasche": "XBO", "fl": "XBO", "dose": "XCX", "dosen": "XCX", "glas": "XJR", "gläser": "XJR",
    "fass": "XDR", "fässer": "XDR", "eimer": "XBJ", "eim": "XBJ", "rolle": "XRO", "rollen": "XRO", "säcke": "XSA",
    "schale": "XPU", "bund": "XBE", "satz": "SET", "stunde": "HUR", "stunden": "HUR", "tage": "DAY",
    "gramme": "GRM", "pièce": "H87", "piece(s)": "H87", "pce(s)": "H87", "unité": "EA", "douzaine": "DZN", "boîte": "XBX",
    "boite": "XBX", "caisse": "XCS", "bouteille": "XBO", "carton(s)": "XCT", "sachet(s)": "XSH", "fût": "XDR", "seau": "XBJ",
    "rouleau": "XRO", "heure": "HUR", "jour": "DAY",
    "kilogramo": "KGM", "kilo(s)": "KGM", "gramo": "GRM", "tonelada": "TNE", "litro": "LTR", "pieza": "H87", "ud": "H87",
    "uds": "H87", "unidad": "EA", "unidades": "EA", "docena": "DZN", "par": "PR", "caja": "XBX", "cartón": "XCT",
    "paquete": "XPK", "palé": "XPX", "pallet(s)": "XPX", "botella": "XBO", "bolsa": "XBG", "saco": "XSA", "lata": "XCX",
    "tarro": "XJR", "bidón": "XDR", "cubo": "XBJ", "rollo": "XRO", "hora": "HUR", "día": "DAY",
    "chilogrammo": "KGM", "grammo": "GRM", "tonnellata": "TNE", "litri": "LTR", "pezzo": "H87", "pezzi": "H87", "nr": "H87",
    "unità": "EA", "dozzina": "DZN", "scatola": "XBX", "cartone": "XCT", "cassa": "XCS", "pacco": "XPK", "bancale": "XPX",
    "bottiglia": "XBO", "sacco": "XSA", "barattolo": "XJR", "lattina": "XCX", "rotolo": "XRO", "fusto": "XDR", "ora": "HUR",
    "dusin": "DZN", "kasse": "XCS", "æske": "XBX", "pakke": "XPK", "palle": "XPX", "flaske": "XBO", "pose": "XBG",
    "sæk": "XSA", "dåse": "XCX", "spand": "XBJ", "rulle": "XRO", "time": "HUR", "styk": "H87", "szt": "H87", "op": "XPK",
}  # fmt: skip

DISCRETE = frozenset({"EA", "H87", "C62"})


def canonical(raw: str) -> str | None:
    """The code for a unit as a system or a person wrote it, or None when we do not know it."""
    return _SPELLINGS.get(raw.strip().lower().rstrip("."))


def spellings() -> dict[str, str]:
    """Every accepted spelling (lower case) and the code it stands for."""
    return dict(_SPELLINGS)


def _all_spellings() -> dict[str, str]:
    """Codes, aliases, and the plurals of aliases that are words ('cartons', 'boxes')."""
    words = {word: code for word, code in ALIASES.items() if len(word) > 2 and word.isalpha()}
    plurals = {word + ("es" if word[-1] in "sxz" else "s"): code for word, code in words.items()}
    return plurals | ALIASES | {code.lower(): code for code in UNITS}


_SPELLINGS = _all_spellings()


def label(code: str) -> str:
    """The unit as people print it."""
    unit = UNITS.get(code)
    return unit.label if unit else code


def factor(from_uom: str, to_uom: str) -> Decimal | None:
    """How many `to_uom` one `from_uom` is by physics alone; None when only the SKU can know (never assume 1)."""
    if from_uom == to_uom:
        return Decimal(1)
    source, target = UNITS.get(from_uom), UNITS.get(to_uom)
    if source is None or target is None or source.dimension != target.dimension:
        return None
    return source.factor / target.factor


def convert(quantity: Decimal, from_uom: str, to_uom: str, sku_factors: dict[str, Decimal] | None = None) -> Decimal:
    """`quantity` in `to_uom`: physics first, then the SKU's factors to its base unit; else ValidationFailed.

    `sku_factors` maps a package unit to how many `to_uom` one of it holds. Formula A2; never chains roundings.
    """
    if factor(from_uom, to_uom) is not None:
        if from_uom == to_uom:
            return quantity
        # Divided last: 1 / 0.45359237 has no end, so a rounded factor would carry its error into the quantity.
        return quantity * UNITS[from_uom].factor / UNITS[to_uom].factor
    known = (sku_factors or {}).get(from_uom)
    if known is None:
        raise ValidationFailed(
            f"There is no factor from {from_uom} to {to_uom} for this item.",
            code="uom_conversion_missing", field="uom", value=from_uom,
            expected=f"a row in the unit-factor file (sku_uom) saying how many {to_uom} one {from_uom} holds",
        )  # fmt: skip
    return quantity * known
