"""What EPCs say: URNs of every scheme, GS1 Digital Links with their check digits, and others' identifiers."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscopilot.kernel.gs1 import valid_gtin
from opscopilot.staging.epcis.keys import Key, WrongKey, parse


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("urn:epc:id:sgtin:0614141.107346.2017", {"gtin": "10614141073464", "serial": "2017", "assigner": "0614141"}),
        ("urn:epc:class:lgtin:4012345.012345.0007-A", {"gtin": "04012345123456", "lot": "0007-A"}),
        ("urn:epc:class:lgtin:08600031303.00.abc12320250825", {"gtin": "00860003130308", "lot": "abc12320250825"}),
        ("urn:epc:class:lgtin:4012345.012345.A%2F7.1", {"lot": "A/7.1"}),
        ("urn:epc:idpat:sgtin:4012345.066666.*", {"gtin": "04012345666663", "serial": None}),
        ("urn:epc:idpat:sgtin:4012345.*.*", {"gtin": None}),
        ("urn:epc:id:sscc:0614141.1234567890", {"sscc": "106141412345678908"}),
        ("urn:epc:id:sgln:0614141.00777.0", {"gln": "0614141007776", "serial": None}),
        ("urn:epc:id:sgln:0614141.07346.1234", {"gln": "0614141073467", "serial": "1234"}),
        ("urn:epc:id:pgln:0614141.00777", {"gln": "0614141007776"}),
        ("urn:epc:id:grai:4012345.55555.987", {"scheme": "grai", "gtin": None}),
        ("https://id.gs1.org/01/04012345123456/10/998877", {"gtin": "04012345123456", "lot": "998877"}),
        ("https://brand.example/some/01/4012345123456/22/2/21/S%201?17=261200", {"gtin": "04012345123456", "serial": "S 1"}),
        ("https://id.gs1.org/00/106141412345678908", {"sscc": "106141412345678908"}),
        ("https://id.gs1.org/414/0614141007776/254/dock", {"gln": "0614141007776", "serial": "dock"}),
        ("https://id.gs1.org/8003/04012345000778765", {"scheme": "grai"}),
        ("urn:gdst:example.org:product:lot:class:processor01.tunafillets.2025121114333454",
         {"scheme": "gdst", "lot": "2025121114333454", "item": "tunafillets", "assigner": "processor01"}),
        ("urn:gdst:example.org:location:loc:processor01.0", {"scheme": "gdst", "lot": None}),
        ("https://shop.example/products/01/jam", {"scheme": "uri", "gtin": None}),
        ("geo:42.698334,23.319941", {"scheme": "uri"}),
    ],
)  # fmt: skip
def test_the_parts_of_an_identifier(text: str, parts: dict[str, Any]) -> None:
    found = parse(text)
    assert {name: getattr(found, name) for name in parts} == parts


@pytest.mark.parametrize(
    ("text", "code", "right"),
    [
        ("https://id.gs1.org/01/04012345123457/10/A", "bad_check_digit", "04012345123456"),
        ("https://id.gs1.org/01/401234512", "bad_check_digit", "8 or 12 or 13 or 14 digits"),
        ("https://id.gs1.org/00/106141412345678900", "bad_check_digit", "106141412345678908"),
        ("https://id.gs1.org/414/0614141007777", "bad_check_digit", "0614141007776"),
        ("urn:epc:id:sgtin:0614141.1.2017", "bad_epc", "13 digits together"),
        ("urn:epc:class:lgtin:40123A5.012345.1", "bad_epc", "13 digits together"),
        ("urn:epc:id:sscc:0614141", "bad_epc", "17 digits together"),
    ],
)
def test_digits_that_cannot_be_right_say_what_would_be(text: str, code: str, right: str) -> None:
    with pytest.raises(WrongKey) as caught:
        parse(text)
    assert (caught.value.code, right in caught.value.right) == (code, True)


@given(st.integers(6, 12), st.text("0123456789", min_size=13, max_size=13).filter(lambda one: one.strip("0") != ""))
def test_every_gtin_of_a_urn_has_its_check_digit(length: int, digits: str) -> None:
    prefix, item = digits[:length], digits[length:]
    key = parse(f"urn:epc:class:lgtin:{prefix}.{item}.L")
    assert key.gtin is not None
    assert key.gtin.strip("0") == "" or valid_gtin(key.gtin)
    assert key.gtin[:-1] == item[0] + prefix + item[1:]
    assert parse(f"https://id.gs1.org/01/{key.gtin}/10/L").gtin == key.gtin or key.gtin.strip("0") == ""


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    for shape in (
        "{}",
        "urn:epc:id:sgtin:{}",
        "urn:epc:class:lgtin:{}",
        "https://x.y/01/{}",
        "urn:gdst:x:product:lot:{}",
    ):
        with contextlib.suppress(WrongKey):
            assert isinstance(parse(shape.format(text)), Key)
