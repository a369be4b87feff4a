"""What an EPC says: the GTIN, lot, serial, SSCC or GLN inside a URN or a GS1 Digital Link.

A URN has no check digit (it is computed here); a Digital Link has one, which must be right. Identifiers of other
schemes are kept as written, without parts.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from opscopilot.kernel.gs1 import check_digit, valid_gtin, valid_key


class WrongKey(ValueError):
    """An identifier that contradicts its own scheme; `right` says what would do."""

    def __init__(self, code: str, message: str, right: str) -> None:
        super().__init__(message)
        self.code = code
        self.right = right


class Key(NamedTuple):
    """The parts of an identifier. `assigner` is the GS1 company prefix, or the party, that gave the number out."""

    scheme: str
    gtin: str | None = None
    lot: str | None = None
    serial: str | None = None
    sscc: str | None = None
    gln: str | None = None
    item: str | None = None
    assigner: str | None = None


_URN = re.compile(r"urn:epc:(id|class|idpat):([a-z0-9]+):(.+)", re.IGNORECASE)
_LINK = {
    "01": "gtin", "00": "sscc", "414": "gln", "417": "gln", "8003": "grai", "8004": "giai", "8006": "itip",
    "253": "gdti", "255": "gcn", "401": "ginc", "402": "gsin", "8010": "cpid", "8017": "gsrnp", "8018": "gsrn",
}  # fmt: skip
_AI = re.compile(r"\d{2,4}")


def parse(text: str) -> Key:
    """The parts of an EPC, an EPC class or a location; WrongKey when its digits cannot be right."""
    urn = _URN.fullmatch(text)
    if urn:
        return _urn(urn[2].lower(), urn[3], text)
    if text.startswith("urn:gdst:"):
        return _gdst(text)
    if text.startswith(("http://", "https://")):
        return _link(text)
    return Key("uri")


def _urn(scheme: str, body: str, text: str) -> Key:
    parts = [unquote(part) for part in body.split(".")]
    if scheme in ("sgtin", "lgtin"):
        gtin = _gtin(parts, text)
        # A lot or serial may itself hold a dot.
        last = ".".join(parts[2:]) if len(parts) > 2 else ""
        rest = None if last in ("", "*") else last
        lot, serial = (rest, None) if scheme == "lgtin" else (None, rest)
        return Key(scheme, gtin=gtin, lot=lot, serial=serial, assigner=parts[0])
    if scheme == "sscc":
        body17 = _digits(parts, 17, text)
        return Key(scheme, sscc=_checked(parts[1][0] + parts[0] + parts[1][1:], body17), assigner=parts[0])
    if scheme in ("sgln", "pgln"):
        serial = parts[2] if len(parts) > 2 and parts[2] not in ("0", "*") else None
        return Key(scheme, gln=_checked("".join(parts[:2]), _digits(parts, 12, text)), serial=serial, assigner=parts[0])
    return Key(scheme, assigner=parts[0] if parts[0].isdigit() else None)


def _gtin(parts: list[str], text: str) -> str | None:
    if len(parts) > 1 and "*" in parts[1]:
        return None  # a pattern over all items of a company
    _digits(parts, 13, text)
    body = parts[1][0] + parts[0] + parts[1][1:]
    return body + str(check_digit(body))


def _digits(parts: list[str], length: int, text: str) -> int:
    """How many digits the first two parts have, which must be `length`."""
    two = "".join(parts[:2])
    if len(parts) < 2 or not (two.isascii() and two.isdigit()) or len(two) != length or not parts[1]:
        raise WrongKey(
            "bad_epc", f"'{text}' is no identifier of its scheme.",
            f"company prefix and reference of {length} digits together",
        )  # fmt: skip
    return length


def _checked(body: str, _length: int) -> str:
    return body + str(check_digit(body))


def _gdst(text: str) -> Key:
    """Seafood's own identifiers: party.item.lot for lots, party.item for products."""
    found = re.fullmatch(r"urn:gdst:[^:]+:(product|location|party)(?::(lot|serial))?(?::(?:class|obj|loc))?:(.+)", text)
    if found is None or found[1] != "product":
        return Key("gdst")
    parts = [unquote(part) for part in found[3].split(".", 2)]
    party, item = parts[0], parts[1] if len(parts) > 1 else None
    last = parts[2] if len(parts) > 2 else None
    lot, serial = (last, None) if found[2] == "lot" else (None, last)
    return Key("gdst", lot=lot, serial=serial, item=item, assigner=party)


def _link(text: str) -> Key:
    parts = [unquote(part) for part in urlsplit(text).path.split("/") if part]
    for place, ai in enumerate(parts[:-1]):
        kind, value = _LINK.get(ai), parts[place + 1]
        if kind is None or not (value.isascii() and value[:1].isalnum()) or (kind in _CHECKED and not value.isdigit()):
            continue
        more = {one: other for one, other in zip(parts[place + 2 :: 2], parts[place + 3 :: 2], strict=False)
                if _AI.fullmatch(one)}  # fmt: skip
        return _of_link(kind, value, more, text)
    return Key("uri")


_CHECKED = {"gtin": (8, 12, 13, 14), "sscc": (18,), "gln": (13,)}


def _of_link(kind: str, value: str, more: dict[str, str], text: str) -> Key:
    if kind not in _CHECKED:
        return Key(kind)
    right = valid_gtin(value) if kind == "gtin" else valid_key(value, frozenset(_CHECKED[kind]))
    if not right:
        fits = len(value) in _CHECKED[kind]
        digits = " or ".join(map(str, _CHECKED[kind]))
        raise WrongKey(
            "bad_check_digit", f"'{value}' in '{text}' is not a valid {kind.upper()}.",
            f"{value[:-1]}{check_digit(value[:-1])}, if its other digits are right" if fits else f"{digits} digits",
        )  # fmt: skip
    if kind == "gtin":
        return Key("gtin", gtin=value.zfill(14), lot=more.get("10"), serial=more.get("21"))
    if kind == "sscc":
        return Key("sscc", sscc=value)
    return Key("gln", gln=value, serial=more.get("254"))
