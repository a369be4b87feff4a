"""Days and instants as files write them: the column decides how they are read, one cell never does."""

from __future__ import annotations

import pytest

from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.layouts import LAYOUTS
from opscopilot.catalogue.types import Type
from tests.unit.catalogue.columns import column

DAY, MOMENT = Field("due", Type.DATE), Field("at", Type.INSTANT)
THE_DAY = "2026-09-30"


@pytest.mark.parametrize(
    "cell",
    ["2026-09-30", "2026-9-30", "2026/09/30", "2026.09.30", "20260930", "30.09.2026", "30.9.26", "30/09/2026",
     "09/30/2026", "30-09-2026", "09-30-2026", "09.30.2026", "30092026", "30 Sep 2026", "30-SEP-26", "30-Sep-2026",
     "30SEP2026", "30. September 2026", "30 September 2026", "Sep 30, 2026", "September 30, 2026", "Sept. 30, 2026",
     "Sep-30-2026", "2026-Sep-30", "2026 Sep 30", "30th September 2026", "30 sept. 2026", "30 septembre 2026",
     "30 de septiembre de 2026", "30 settembre 2026", "30 set 2026", "30 de setembro de 2026", "30. sep. 2026",
     "Wed, 30 Sep 2026", "Wednesday, September 30, 2026", "Mittwoch, 30. September 2026", "Mi 30.09.2026",
     "mercredi 30 septembre 2026", "Wed 2026-09-30", "46295", "46295.75", "46295,5", "2026-W40-3", "2026W403",
     "2026年9月30日", "/Date(1790726400000)/", "1790726400", "1790726400000", "2026-09-30 14:05", "2026-09-30T14:05:00Z",
     "30.09.2026 14:05", "30.09.2026 14.05 Uhr", "30 Sep 2026 14:05", "30-SEP-26 02.05.10.123456 PM",
     "Wed Sep 30 2026 14:05:00 GMT+0200 (CEST)", "20260930140500", "20260930T140500Z", "9/30/2026 2:05 PM"],
)  # fmt: skip
def test_every_way_to_write_the_30th_of_september(cell: str) -> None:
    assert column(DAY, [cell]).read == [THE_DAY]


@pytest.mark.parametrize(
    ("name", "number"),
    [("Jan", 1), ("Januar", 1), ("Jänner", 1), ("janv.", 1), ("enero", 1), ("ene", 1), ("gen", 1), ("gennaio", 1),
     ("Februar", 2), ("févr.", 2), ("février", 2), ("febbraio", 2), ("März", 3), ("Mär", 3), ("mars", 3), ("marzo", 3),
     ("avril", 4), ("abr", 4), ("aprile", 4), ("Mai", 5), ("mayo", 5), ("maggio", 5), ("mag", 5), ("maj", 5),
     ("juin", 6), ("junio", 6), ("giugno", 6), ("giu", 6), ("juil.", 7), ("juillet", 7), ("luglio", 7), ("lug", 7),
     ("août", 8), ("AOÛT", 8), ("agosto", 8), ("ago", 8), ("Sept", 9), ("settembre", 9), ("Okt", 10), ("oct", 10),
     ("ottobre", 10), ("octubre", 10), ("outubro", 10), ("nov", 11), ("Dez", 12), ("déc.", 12), ("décembre", 12),
     ("dic", 12), ("dicembre", 12), ("desember", 12), ("mrt", 3), ("MAART", 3)],
)  # fmt: skip
def test_months_by_name_in_every_language(name: str, number: int) -> None:
    assert column(DAY, [f"7 {name} 2026"]).read == [f"2026-{number:02d}-07"]


@pytest.mark.parametrize(
    "cell",
    ["00:00.0", "soon", "31.02.2026", "2026-13-01", "2026-02-30", "30 Foo 2026", "Sep 2026", "31 Sep 2026", "2026-09",
     "2026", "about 30 Sep 2026", "30 Sep 2026 noon", "2026-09-30 25:00", "0026-09-30", "12.5", "2026-W60-1", "19999",
     "70000", "KW 40", "30.09.", "2026-09-30 and 2026-10-01", "1e5"],
)  # fmt: skip
def test_p84_what_is_no_day_is_an_error_and_never_today(cell: str) -> None:
    assert column(DAY, [cell, "2026-09-30", "2026-10-01", "2026-10-02"]).read[0] == "bad_date?"


@pytest.mark.parametrize(
    ("cell", "moment"),
    [("2026-01-30 10:15:00", "2026-01-30T09:15:00+00:00"), ("2026-01-30T10:15:00Z", "2026-01-30T10:15:00+00:00"),
     ("2026-01-30 10:15 GMT", "2026-01-30T10:15:00+00:00"), ("2026-01-30 10:15 UTC+02:00", "2026-01-30T08:15:00+00:00"),
     ("2026-01-30T10:15:07.263-03:30", "2026-01-30T13:45:07.263000+00:00"),
     ("2026-01-30T10:15:00+01:00[Europe/Berlin]", "2026-01-30T09:15:00+00:00"),
     ("30.01.2026 10.15", "2026-01-30T09:15:00+00:00"), ("30.01.2026, 10:15 Uhr", "2026-01-30T09:15:00+00:00"),
     ("30.01.2026 um 10:15 Uhr", "2026-01-30T09:15:00+00:00"), ("1/30/2026 1:05 PM", "2026-01-30T12:05:00+00:00"),
     ("1/30/2026 12:05:10 a.m.", "2026-01-29T23:05:10+00:00"), ("Jan 30, 2026, 1:05 PM", "2026-01-30T12:05:00+00:00"),
     ("30-JAN-26 01.05.10.500000 PM", "2026-01-30T12:05:10.500000+00:00"),
     ("Fri, 30 Jan 2026 10:15:00 +0100", "2026-01-30T09:15:00+00:00"), ("46052.5", "2026-01-30T11:00:00+00:00"),
     ("46052", "2026-01-30T05:00:00+00:00"), ("1769768100", "2026-01-30T10:15:00+00:00"),
     ("1769768100000", "2026-01-30T10:15:00+00:00"), ("20260130101500", "2026-01-30T09:15:00+00:00"),
     ("20260130T1015", "2026-01-30T09:15:00+00:00"), ("2026-01-30", "2026-01-30T05:00:00+00:00"),
     ("30 janvier 2026", "2026-01-30T05:00:00+00:00"), ("2026年1月30日 10:15", "2026-01-30T09:15:00+00:00")],
)  # fmt: skip
def test_instants_with_zones_halves_fractions_and_without(cell: str, moment: str) -> None:
    assert column(MOMENT, [cell]).read == [moment]


@pytest.mark.parametrize(
    ("year", "read"), [("00", "2000"), ("26", "2026"), ("68", "2068"), ("69", "1969"), ("99", "1999")]
)
def test_two_digit_years_turn_at_69_and_the_receipt_says_so(year: str, read: str) -> None:
    found = column(DAY, [f"30.09.{year}", f"30-SEP-{year}"][:1])
    assert found.read == [f"{read}-09-30"]
    assert found.check.day.note == "two_digit_years"
    assert column(DAY, [f"30-SEP-{year}"]).read == [f"{read}-09-30"]


def test_numbers_of_excel_are_days_only_where_the_column_is_full_of_them() -> None:
    found = column(DAY, ["46295", "46296", "46297.25", "n/a", ""])
    assert found.read == ["2026-09-30", "2026-10-01", "2026-10-02", None, None]
    assert (found.check.day.note, found.check.day.samples[0]) == ("excel_serial_dates", "46295")
    assert column(DAY, ["2026-09-30"] * 3 + ["46295"]).read[-1] == "bad_date?"


def test_six_digits_are_read_where_one_order_fits_all_and_refused_where_two_do() -> None:
    assert column(DAY, [f"2609{day:02d}" for day in range(1, 31)]).read[-1] == THE_DAY
    assert column(DAY, [f"{day:02d}0926" for day in range(1, 31)]).read[-1] == THE_DAY
    assert column(DAY, ["260930", "261231"]).check.day.problem == "ambiguous"
    assert column(DAY, ["093026", "123126"]).read == ["2026-09-30", "2026-12-31"]
    assert column(DAY, ["101112"]).check.day.problem == "ambiguous"
    assert column(DAY, ["999999"]).check.day.problem == "mixed"


def test_years_in_front_with_two_digits_show_by_what_hardly_moves() -> None:
    cells = [f"26/09/{day:02d}" for day in range(1, 29)]
    assert column(DAY, cells).read[:2] == ["2026-09-01", "2026-09-02"]
    assert column(DAY, [f"{day:02d}/09/26" for day in range(1, 29)]).read[1] == "2026-09-02"


def test_p84_families_that_share_a_column_are_refused_with_their_samples() -> None:
    found = column(DAY, ["46295", "30.09.2026", "2026-09-30"])
    assert found.check.day.problem == "mixed"
    assert set(found.check.day.samples) == {"46295", "30.09.2026", "2026-09-30"}
    assert found.check.refused


def test_a_day_that_only_one_order_can_read_settles_the_column() -> None:
    assert column(DAY, ["04/05/2026", "30/05/2026"]).read[0] == "2026-05-04"
    assert column(DAY, ["04/05/2026", "05/30/2026"]).read[0] == "2026-04-05"
    assert column(DAY, ["04/05/2026"]).check.day.problem == "ambiguous"
    assert column(DAY, ["04/05/2026"], order="dmy").read == ["2026-05-04"]


@pytest.mark.parametrize(
    "name", [one.name for one in LAYOUTS.values() if not one.rewrite and len(one.name) != 6 and one.name[:3] != "mdy"]
)
def test_the_example_of_a_layout_is_read_by_it(name: str) -> None:
    found = column(DAY, [LAYOUTS[name].example])
    assert found.check.day.layout.name == name or name.startswith("yymd")
    assert found.codes == [None]
