"""Units: exact factors, and the refusal to guess (A2, P-17, P-18)."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.uom import ALIASES, DISCRETE, UNITS, canonical, convert, factor, label, spellings

PACKS = sorted(code for code, unit in UNITS.items() if unit.dimension.startswith("pack:"))


def test_a2_three_cases_of_twelve_jars_of_340_g() -> None:
    jars = convert(D(3), "XCS", "EA", {"XCS": D(12)})
    assert convert(jars * D(340), "GRM", "KGM") == D("12.24")


def test_a2_250_lb_by_the_exact_factor() -> None:
    assert convert(D(250), "LBR", "KGM") == D("113.3980925")


@pytest.mark.parametrize(
    ("code", "reference", "holds"),
    [("LBR", "KGM", "0.45359237"), ("ONZ", "GRM", "28.349523125"), ("GLL", "LTR", "3.785411784"),
     ("INH", "MMT", "25.4"), ("FOT", "INH", "12"), ("TNE", "KGM", "1000"), ("HUR", "MIN", "60")],
)  # fmt: skip
def test_a2_factors_of_rec_20_are_exact(code: str, reference: str, holds: str) -> None:
    assert convert(D(1), code, reference) == D(holds)


@settings(deadline=None)
@given(st.integers(1, 10**6), st.sampled_from([code for code in sorted(UNITS) if code not in PACKS]))
def test_a2_a_factor_without_end_is_not_rounded_before_the_quantity_is_known(count: int, code: str) -> None:
    """`count` of the unit, written in its reference unit, is `count` of the unit again: to the last digit."""
    alike = [one for one, unit in UNITS.items() if unit.dimension == UNITS[code].dimension and unit.factor == 1]
    reference = alike[0] if alike else code
    assert convert(convert(D(count), code, reference), reference, code) == count


@pytest.mark.parametrize("code", PACKS)
def test_p18_a_package_holds_nobody_knows_how_many_pieces(code: str) -> None:
    """One carton, dozen pack or can is a different number of pieces for every item: never 1, never 12."""
    for counted in DISCRETE:
        assert factor(code, counted) is None
        with pytest.raises(ValidationFailed) as caught:
            convert(D(1), code, counted)
        assert caught.value.code == "uom_conversion_missing"
        assert caught.value.value == code
        assert "sku_uom" in (caught.value.expected or "")
        assert convert(D(2), code, counted, {code: D(6)}) == 12


def test_p18_a_factor_for_another_package_does_not_help() -> None:
    with pytest.raises(ValidationFailed):
        convert(D(1), "XCT", "EA", {"XCS": D(12)})


@pytest.mark.parametrize(
    ("one", "other"), [("KGM", "EA"), ("KGM", "LTR"), ("MTR", "MTK"), ("P1", "EA"), ("HUR", "KGM")]
)
def test_p17_different_dimensions_are_never_turned_into_each_other(one: str, other: str) -> None:
    with pytest.raises(ValidationFailed):
        convert(D(1), one, other)


def test_p17_physics_wins_over_a_wrong_factor_of_the_item() -> None:
    assert convert(D(1), "TNE", "KGM", {"TNE": D(1)}) == 1000


def test_an_unknown_code_converts_to_itself_only() -> None:
    assert factor("ZZZ", "ZZZ") == 1
    assert factor("ZZZ", "KGM") is None
    assert label("ZZZ") == "ZZZ"
    assert label("KGM") == "kg"


@pytest.mark.parametrize(
    ("written", "code"),
    [("kg", "KGM"), ("KG", "KGM"), (" Kg. ", "KGM"), ("ST", "H87"), ("St.", "H87"), ("Stück", "H87"), ("EA", "EA"),
     ("CS", "XCS"), ("CTN", "XCT"), ("KAR", "XCT"), ("GAL", "GLL"), ("DZ", "DZN"), ("CAN", "XCX"), ("kgm", "KGM")],
)  # fmt: skip
def test_spellings_of_real_systems(written: str, code: str) -> None:
    assert canonical(written) == code


@pytest.mark.parametrize("written", ["", "fortnight", "KG/M", "1"])
def test_p18_a_spelling_nobody_knows_stays_unknown(written: str) -> None:
    assert canonical(written) is None


def test_codes_that_are_deleted_in_rec_20_are_never_given_out() -> None:
    assert not {"CS", "CT", "PK", "PA", "BX"} & (set(UNITS) | set(ALIASES.values()))


def test_every_alias_leads_to_a_unit_and_every_code_fits_its_column() -> None:
    assert set(ALIASES.values()) <= set(UNITS)
    assert all(alias == alias.lower() for alias in ALIASES)
    assert all(1 <= len(code) <= 3 for code in UNITS)
    assert all(canonical(written) == code for written, code in spellings().items())
