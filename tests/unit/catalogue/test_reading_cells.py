"""The SQL that reads numbers and dates, run in DuckDB: what it takes, what it refuses, what it makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

import duckdb
import pytest

from opscopilot.catalogue import dates, numbers
from opscopilot.catalogue.formats import LAYOUTS, NumberFormat
from opscopilot.catalogue.types import Type

COPENHAGEN = "Europe/Copenhagen"


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def read(engine: duckdb.DuckDBPyConnection, sql: str, cell: str) -> str | None:
    """What the SQL makes of one cell."""
    row = engine.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS r)", [cell]).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("12.5", "12.5"),
        ("-3", "-3"),
        ("+7", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("12.50-", "-12.50"),
        ("350.000-", "-350.000"),
        ("(1,200)", "-1200"),
        ("1,234.56", "1234.56"),
        ("1 234.5", "1234.5"),
        ("1\u00a0234.5", "1234.5"),
        ("1'234.5", "1234.5"),
        ("−4", "-4"),
        ("007", "007"),
    ],
)
def test_numbers_with_a_decimal_point(engine: duckdb.DuckDBPyConnection, cell: str, plain: str) -> None:
    assert read(engine, numbers.canonical("r", Type.QTY, NumberFormat(".")), cell) == plain


@pytest.mark.parametrize(
    "cell",
    [
        "12..5",
        "1O0",
        "--",
        "-",
        "n/a",
        "0x1F",
        "infinity",
        "NaN",
        "ca. 12",
        "12,5",
        "12 pcs",
        "€ 5",
        "1e400",
        "5-3",
        "(5",
        "-(5)",
        "--5",
        "1234567890123",
    ],
)
def test_what_is_not_one_number_is_none(engine: duckdb.DuckDBPyConnection, cell: str) -> None:
    assert read(engine, numbers.canonical("r", Type.QTY, NumberFormat(".")), cell) is None


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("12,5", "12.5"),
        ("1.234,56", "1234.56"),
        ("2.900,0", "2900.0"),
        ("€ 1.290,79", "1290.79"),
        ("-€ 5", "-5"),
        ("€ -5", "-5"),
        ("5 EUR", "5"),
        ("kr. 12,50", "12.50"),
        ("(€ 5,10)", "-5.10"),
        ("1 234,50 kr", "1234.50"),
        ("€ ?", None),
        ("5 pcs", None),
        ("12.5", None),
    ],
)
def test_prices_with_a_decimal_comma(engine: duckdb.DuckDBPyConnection, cell: str, plain: str | None) -> None:
    assert read(engine, numbers.canonical("r", Type.PRICE, NumberFormat(",")), cell) == plain


@pytest.mark.parametrize(
    ("cell", "percent", "ratio"),
    [
        ("0.05", False, "0.05"),
        ("5%", False, "0.0500000000"),
        ("5 %", False, "0.0500000000"),
        ("1", False, "1"),
        ("5", False, None),
        ("150%", False, None),
        ("2.5", True, "0.0250000000"),
        ("2.5%", True, "0.0250000000"),
        ("100", True, "1.0000000000"),
        ("101", True, None),
    ],
)
def test_ratios(engine: duckdb.DuckDBPyConnection, cell: str, percent: bool, ratio: str | None) -> None:
    assert read(engine, numbers.canonical("r", Type.RATIO, NumberFormat("."), percent=percent), cell) == ratio


@pytest.mark.parametrize(
    ("cell", "whole"),
    [
        ("14", "14"),
        ("14.0", "14"),
        ("14.000", "14"),
        ("14.5", None),
        ("-3", "-3"),
        ("1,000", "1000"),
        ("2147483647", "2147483647"),
        ("2147483648", None),
        ("10.5", None),
    ],
)
def test_whole_numbers(engine: duckdb.DuckDBPyConnection, cell: str, whole: str | None) -> None:
    assert read(engine, numbers.canonical("r", Type.INT, NumberFormat(".")), cell) == whole


@pytest.mark.parametrize(
    ("layout", "cell", "day"),
    [
        ("iso", "2026-09-30", "2026-09-30"),
        ("iso", "2026-9-3", "2026-09-03"),
        ("iso", "2026-02-30", None),
        ("iso", "2026-09-30 10:15:00", "2026-09-30"),
        ("iso", "2022-05-30 00:00:00.000", "2022-05-30"),
        ("iso", "2026-09-30T23:30:00Z", "2026-10-01"),
        ("iso", "00:00.0", None),
        ("iso", "2026-09-30 25:00", None),
        ("iso", "20260930", None),
        ("iso", "0026-09-30", None),
        ("iso", "9999-12-31", "9999-12-31"),
        ("iso", "2026-09-30 noon", None),
        ("compact", "20260930", "2026-09-30"),
        ("compact", "20261345", None),
        ("compact", "20260931", None),
        ("dmy_dot", "30.09.2026", "2026-09-30"),
        ("dmy_dot", "1.9.26", "2026-09-01"),
        ("dmy_dot", "31.02.2026", None),
        ("dmy_slash", "03/04/2026", "2026-04-03"),
        ("mdy_slash", "03/04/2026", "2026-03-04"),
        ("mdy_slash", "13/04/2026", None),
    ],
)
def test_days(engine: duckdb.DuckDBPyConnection, layout: str, cell: str, day: str | None) -> None:
    assert read(engine, dates.date_text("r", LAYOUTS[layout], COPENHAGEN), cell) == day


@pytest.mark.parametrize(
    ("layout", "cell", "instant"),
    [
        ("iso", "2026-07-30 10:15:00", "2026-07-30T08:15:00+00:00"),
        ("iso", "2026-01-30 10:15", "2026-01-30T09:15:00+00:00"),
        ("iso", "2026-09-30T23:30:00Z", "2026-09-30T23:30:00+00:00"),
        ("iso", "2026-01-30 10:15:07 +0200", "2026-01-30T08:15:07+00:00"),
        ("iso", "2026-01-30T10:15:07-05", "2026-01-30T15:15:07+00:00"),
        ("iso", "2026-01-30T10:15:07.263-03:30", "2026-01-30T13:45:07.263000+00:00"),
        ("iso", "2026-01-30 1:05 PM", "2026-01-30T12:05:00+00:00"),
        ("iso", "2026-01-30 12:05 am", "2026-01-29T23:05:00+00:00"),
        ("mdy_slash", "9/30/2026 2:05 PM", "2026-09-30T12:05:00+00:00"),
        ("dmy_dot", "30.09.2026 14:05", "2026-09-30T12:05:00+00:00"),
        ("iso", "2026-02-30 10:15:00", None),
        ("iso", "yesterday", None),
    ],
)
def test_instants_are_utc_and_naive_ones_are_the_plants(
    engine: duckdb.DuckDBPyConnection, layout: str, cell: str, instant: str | None
) -> None:
    assert read(engine, dates.instant_text("r", LAYOUTS[layout], COPENHAGEN, time(0)), cell) == instant


def test_a_bare_day_is_the_beginning_of_that_production_day(engine: duckdb.DuckDBPyConnection) -> None:
    assert (
        read(engine, dates.instant_text("r", LAYOUTS["iso"], COPENHAGEN, time(6)), "2026-09-30")
        == "2026-09-30T04:00:00+00:00"
    )


@pytest.mark.parametrize(
    ("cell", "blank"),
    [
        ("00000000", True),
        ("0001-01-01T00:00:00", True),
        ("1753-01-01", True),
        ("00.00.0000", True),
        ("2026-09-30", False),
        ("00:00.0", False),
    ],
)
def test_ways_to_write_no_date(engine: duckdb.DuckDBPyConnection, cell: str, blank: bool) -> None:
    assert read(engine, dates.blank("r"), cell) == str(blank)
