"""Codes, barcodes and closed sets as files write them."""

from __future__ import annotations

import pytest

from opscopilot.catalogue import validation
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing import transactions
from opscopilot.manufacturing.entities import registry
from tests.unit.catalogue.columns import column

CODE, LOT = Field("sku_code", Type.CODE, required=True), Field("lot_code", Type.CODE)
GTIN, GLN, SSCC = Field("gtin", Type.GTIN), Field("gln", Type.GLN), Field("sscc", Type.SSCC)
UOM, BOOL = Field("uom", Type.UOM), Field("active", Type.BOOL)
COUNTRY, CURRENCY = Field("country", Type.COUNTRY), Field("currency", Type.CURRENCY)


@pytest.mark.parametrize(
    "code",
    ["007", "00100234", "0", "1E10", "5E3", "12E", "1.5", "00012.50", "629104150021", "06291041500213", "2026", "20260930",
     "43659", "A-1/2", "1-2", "3/4", "TRUE", "NULL-1", "12,5", "+49", "-5", "=A1", "MAR-26A", "SEP", "10:30", "äöü"],
)  # fmt: skip
def test_p22_codes_survive_as_they_are_written(code: str) -> None:
    assert column(CODE, [code]).read == [code]


@pytest.mark.parametrize(
    "code",
    ["1.23457E+12", "1,23457E+12", "6E+15", "#REF!", "#N/A", "#WERT!", "2019-07-13", "2019-07-13 00:00:00", "7/13/2019",
     "1-Mar", "Mar-01", "1-Mar-26", "00:00.0"],
)  # fmt: skip
def test_p22_codes_that_a_spreadsheet_turned_into_something_else_are_refused(code: str) -> None:
    found = column(CODE, [code])
    assert found.read == ["damaged_code?"]
    told = validation.explain(found.check, "damaged_code", code, "SKUs")
    assert "as text" in told["expected"]


def test_a_lot_may_be_a_date_and_no_lot_is_no_lot() -> None:
    assert column(LOT, ["2026-09-30", "1-Mar", "n/a", "-", "None"]).read == ["2026-09-30", "1-Mar", None, None, None]
    assert column(CODE, ["N/A", "-"]).read == ["required_missing?"] * 2


@pytest.mark.parametrize(
    ("cell", "read"),
    [("6291041500213", "6291041500213"), ("06291041500213", "06291041500213"), ("16291041500210", "16291041500210"),
     ("036000241457", "036000241457"), ("96385074", "96385074"), ("6291041-500213", "6291041500213"),
     ("6 291041 500213", "6291041500213"), ("(01)06291041500213", "06291041500213"), ("6291041500213.0", "6291041500213"),
     ("6291041500214", "bad_check_digit?"), ("16291041500213", "bad_check_digit?"), ("36000241457", "bad_check_digit?"),
     ("0000000000000", "bad_check_digit?"), ("6.29104E+12", "bad_check_digit?"), ("62910415002131", "bad_check_digit?"),
     ("ABC", "bad_check_digit?"), ("n/a", None)],
)  # fmt: skip
def test_p23_barcodes_are_right_to_the_last_digit(cell: str, read: str) -> None:
    assert column(GTIN, [cell]).read == [read]


def test_a_barcode_without_its_leading_zero_is_told_what_it_was() -> None:
    found = column(GTIN, ["36000241457"])
    assert "036000241457" in validation.explain(found.check, "bad_check_digit", "36000241457", "SKUs")["expected"]


@pytest.mark.parametrize(
    ("field", "cell", "read"),
    [(SSCC, "095200670000001235", "095200670000001235"), (SSCC, "(00)095200670000001235", "095200670000001235"),
     (SSCC, "095200670000001236", "bad_check_digit?"), (SSCC, "95200670000001235", "bad_check_digit?"),
     (GLN, "9520067000016", "9520067000016"), (GLN, "9520067000017", "bad_check_digit?"),
     (GLN, "(414)9520067000016", "9520067000016"), (GLN, "629104150021", "bad_check_digit?")],
)  # fmt: skip
def test_logistic_units_and_places_have_check_digits_too(field: Field, cell: str, read: str) -> None:
    assert column(field, [cell]).read == [read]


@pytest.mark.parametrize(
    ("cell", "code"),
    [("kg", "KGM"), ("KGS", "KGM"), ("Kilogramm", "KGM"), ("kilogrammes", "KGM"), ("g", "GRM"), ("Gramm", "GRM"), ("t", "TNE"),
     ("Tonnen", "TNE"), ("lbs", "LBR"), ("pounds", "LBR"), ("oz.", "ONZ"), ("Ltr", "LTR"), ("litros", "LTR"), ("cl", "CLT"),
     ("dl", "DLT"), ("gal", "GLL"), ("GAL", "GLL"), ("fl oz", "OZA"), ("Stk", "H87"), ("Stck", "H87"), ("St.", "H87"),
     ("PCE", "H87"), ("pcs", "H87"), ("PZ", "H87"), ("pièce", "H87"), ("uds", "H87"), ("szt", "H87"), ("ea", "EA"), ("each", "EA"),
     ("Dz", "DZN"), ("Dutzend", "DZN"), ("douzaine", "DZN"), ("CTN", "XCT"), ("Karton", "XCT"), ("CS", "XCS"), ("Kiste", "XCS"),
     ("BX", "XBX"), ("caja", "XBX"), ("PAL", "XPX"), ("Palette", "XPX"), ("Beutel", "XBG"), ("Sack", "XSA"), ("Flasche", "XBO"),
     ("Dose", "XCX"), ("Fass", "XDR"), ("Glas", "XJR"), ("Rolle", "XRO"), ("Eimer", "XBJ"), ("tray", "XPU"), ("m²", "MTK"),
     ("m³", "MTQ"), ("Std", "HUR"), ("yd", "YRD"), ("xcs", "XCS"), ("KGM", "KGM"), ("n/a", "uom_unknown?"), ("QQQ", "uom_unknown?")],
)  # fmt: skip
def test_units_in_every_language(cell: str, code: str) -> None:
    assert column(UOM, [cell]).read == [code]


@pytest.mark.parametrize(
    ("field", "cell", "read"),
    [(BOOL, "Ja", "true"), (BOOL, "VRAI", "true"), (BOOL, "sì", "true"), (BOOL, "nein", "false"), (BOOL, "0", "false"),
     (BOOL, "perhaps", "bad_bool?"), (COUNTRY, "de", "DE"), (COUNTRY, "Deutschland", "DE"), (COUNTRY, "Allemagne", "DE"),
     (COUNTRY, "España", "ES"), (COUNTRY, "NA", "NA"), (COUNTRY, "Atlantis", "bad_enum?"), (CURRENCY, "eur", "EUR"),
     (CURRENCY, "€", "EUR"), (CURRENCY, "zł", "PLN"), (CURRENCY, "US$", "USD"), (CURRENCY, "$", "bad_enum?"),
     (CURRENCY, "kr", "bad_enum?"), (CURRENCY, "XXQ", "bad_enum?")],
)  # fmt: skip
def test_yes_and_no_countries_and_currencies(field: Field, cell: str, read: str) -> None:
    assert column(field, [cell]).read == [read]


@pytest.mark.parametrize(
    ("entity", "cell", "status"),
    [("work_order", "REL", "in_progress"), ("work_order", "FREI", "in_progress"), ("work_order", "TECO", "completed"),
     ("work_order", "In Bearbeitung", "in_progress"), ("work_order", "Planifié", "scheduled"), ("work_order", "annule", "cancelled"),
     ("work_order", "In Process", "in_progress"), ("work_order", "Partially_Built", "in_progress"), ("work_order", "On Hold", "on_hold"),
     ("work_order", "clôturé", "closed"), ("work_order", "In corso", "in_progress"), ("work_order", "NOT_STARTED", "created"),
     ("sales_order", "Pending Fulfillment", "confirmed"), ("sales_order", "Partially Fulfilled", "partial"),
     ("sales_order", "To Deliver and Bill", "confirmed"), ("sales_order", "teilweise geliefert", "partial"),
     ("sales_order", "C", "completed"), ("sales_order", "Devis", "draft"), ("sales_order", "confermato", "confirmed"),
     ("sales_order", "Storniert", "cancelled"), ("purchase_order", "Pending Receipt", "confirmed"),
     ("purchase_order", "To Receive and Bill", "confirmed"), ("purchase_order", "Closed Short", "closed"),
     ("purchase_order", "Bestellt", "sent"), ("purchase_order", "parcialmente recibido", "partially_received"),
     ("purchase_order", "Fully Billed", "closed"), ("purchase_order", "lost", "bad_enum?")],
)  # fmt: skip
def test_what_systems_call_a_status(entity: str, cell: str, status: str) -> None:
    assert column(registry()[entity].field("status"), [cell]).read == [status]


@pytest.mark.parametrize(
    ("field", "cell", "meant"),
    [(transactions.WORK_ORDER.field("status"), "complted", "completed"), (UOM, "kartn", "XCT"), (COUNTRY, "Germny", "DE")],
)  # fmt: skip
def test_near_matches_are_asked_about(field: Field, cell: str, meant: str) -> None:
    found = column(field, [cell])
    told = validation.explain(found.check, str(found.codes[0]), cell, "Things")
    assert "did you mean" in told["expected"]
    assert meant in told["expected"]
    assert cell in told["message"]
