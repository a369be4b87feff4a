"""Files whose values are trouble, through the real ingest: each with the table it gives, or why it gives none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.dropping import Yard, yard

STOCK = "sku_code;location_code;snapshot_at;quantity_on_hand;uom\n"
ORDER = "wo_number;sku_code;ordered_qty;scheduled_start;scheduled_end;status\n"


@pytest.fixture(scope="module")
def drops() -> Iterator[Yard]:
    """One plant for all the files: each of them has a job of its own."""
    with yard() as fresh:
        yield fresh


def taken(
    drops: Yard, name: str, body: str, entity: str
) -> tuple[list[dict[str, Any]], list[tuple[int, str, str]], dict[str, Any]]:
    """Staged records, (record, field, code) of the rejects, and the log by code."""
    answer = drops.drop(name, body, entity=entity)
    rows, job_id = drops.staged(answer), answer["job_id"]
    errors = [
        (row["record_no"], error["field"], error["code"]) for row in drops.rejects(job_id) for error in row["errors"]
    ]
    return rows, errors, drops.log(job_id)


def test_a_german_stock_list(drops: Yard) -> None:
    body = STOCK + (
        "007;L1;30. September 2026;1.234,5;KG\n008;L1;1. Oktober 2026;12,00-;Stk\n009;L1;2. März 2026;;kg\n"
        "010;L1;3. Mai 2026;k.A.;kg\n"
    )
    rows, errors, _ = taken(drops, "bestand.csv", body, "inventory_snapshot")
    assert [(row["sku_code"], row["quantity_on_hand"], row["uom"], row["snapshot_at"][:10]) for row in rows] == [
        ("007", "1234.5", "KGM", "2026-09-29"), ("008", "-12.00", "H87", "2026-09-30")]  # fmt: skip
    assert errors == [(3, "quantity_on_hand", "required_missing"), (4, "quantity_on_hand", "required_missing")]


def test_units_behind_the_quantity_become_the_unit(drops: Yard) -> None:
    body = "sku_code;location_code;snapshot_at;quantity_on_hand\n1;L1;2026-09-30;5 kg\n2;L1;2026-09-30;12 Stk.\n3;L1;2026-09-30;7\n4;L1;2026-09-30;3 foo\n"
    rows, errors, log = taken(drops, "mit einheit.csv", body, "inventory_snapshot")
    assert [(row["quantity_on_hand"], row["uom"]) for row in rows] == [("5", "KGM"), ("12", "H87"), ("7", None)]
    assert errors == [(4, "quantity_on_hand", "bad_number")]
    assert "kg" in log["units_split"]["message"]


def test_a_unit_behind_the_quantity_that_contradicts_the_records_unit(drops: Yard) -> None:
    body = STOCK + "1;L1;2026-09-30;5 kg;kg\n2;L1;2026-09-30;5 kg;EA\n3;L1;2026-09-30;5 kg;\n"
    rows, errors, _ = taken(drops, "zwei einheiten.csv", body, "inventory_snapshot")
    assert [(row["quantity_on_hand"], row["uom"]) for row in rows] == [("5", "KGM"), ("5", "KGM")]
    assert errors == [(2, "quantity_on_hand", "uom_conflict")]


def test_half_a_piece_is_no_stock(drops: Yard) -> None:
    body = STOCK + "1;L1;2026-09-30;5,5;kg\n2;L1;2026-09-30;5,5;EA\n3;L1;2026-09-30;5,0;EA\n"
    rows, errors, _ = taken(drops, "halb.csv", body, "inventory_snapshot")
    assert [row["sku_code"] for row in rows] == ["1", "3"]
    assert errors == [(2, "quantity_on_hand", "not_whole")]


def test_p28_where_many_are_parts_of_pieces_the_plant_means_them(drops: Yard) -> None:
    body = STOCK + "".join(f"{n};L1;2026-09-30;{n}.{n % 2 * 5};Stk\n" for n in range(1, 9))
    rows, errors, log = taken(drops, "halbe.csv", body, "inventory_snapshot")
    assert (len(rows), errors) == (8, [])
    assert log["not_whole"]["level"] == "warning"


def test_numbers_of_excel_where_dates_should_be(drops: Yard) -> None:
    body = STOCK + "1;L1;46295;5;kg\n2;L1;46295.75;5;kg\n"
    rows, _, log = taken(drops, "seriell.csv", body, "inventory_snapshot")
    assert [row["snapshot_at"] for row in rows] == ["2026-09-29T22:00:00+00:00", "2026-09-30T16:00:00+00:00"]
    assert log["excel_serial_dates"]["level"] == "warning"
    assert "1904" in log["excel_serial_dates"]["message"]
    assert "46295" in log["excel_serial_dates"]["raw_value"]


def test_dates_of_two_digit_years_are_said(drops: Yard) -> None:
    rows, _, log = taken(drops, "kurz.csv", STOCK + "1;L1;30.09.26;5;kg\n2;L1;01.10.69;5;kg\n", "inventory_snapshot")
    assert [row["snapshot_at"][:4] for row in rows] == ["2026", "1969"]
    assert "69 to 99" in log["two_digit_years"]["message"]


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [(STOCK + "1;L1;2026-09-30;1,5;kg\n2;L1;2026-09-30;2.5;kg\n", "ambiguous_number", "1,5"),
     (STOCK + "1;L1;04/05/2026;1;kg\n", "ambiguous_date", "04/05/2026"),
     (STOCK + "1;L1;46295;1;kg\n2;L1;2026-09-30;1;kg\n", "ambiguous_date", "46295"),
     (STOCK + "1;L1;101112;1;kg\n", "ambiguous_date", "101112"),
     (STOCK + "1;L1;30-04-2011;1;kg\n2;L1;04/30/2011;1;kg\n", "ambiguous_date", "04/30/2011")],
)  # fmt: skip
def test_p84_files_nobody_can_read_are_not_taken_and_show_why(drops: Yard, body: str, code: str, says: str) -> None:
    answer = drops.drop(f"{says.replace('/', '-')}.csv", body, entity="inventory_snapshot")
    job = drops.job(answer["job_id"])
    assert (job["status"], job["error_code"]) == ("failed", code)
    assert says in job["error_summary"]
    assert {row["errors"][0]["code"] for row in drops.rejects(answer["job_id"])} == {code}


def test_a_few_commas_among_points_are_refused_one_by_one(drops: Yard) -> None:
    body = (
        STOCK
        + "".join(f"{n};L1;2026-09-30;{n}.25;kg\n" for n in range(1, 9))
        + "9;L1;2026-09-30;1,5;kg\n10;L1;2026-09-30;1,234;kg\n"
    )
    rows, errors, log = taken(drops, "gemischt.csv", body, "inventory_snapshot")
    assert len(rows) == 8
    assert errors == [(9, "quantity_on_hand", "bad_number"), (10, "quantity_on_hand", "ambiguous_number")]
    assert log["decimal_contested"]["level"] == "warning"


def test_dates_that_end_before_they_begin(drops: Yard) -> None:
    body = (
        ORDER
        + "".join(f"W{n};A;5;2026-09-01;2026-09-0{n};rel\n" for n in range(1, 6))
        + "W6;A;5;2026-09-09;2026-09-01;rel\n"
    )
    rows, errors, _ = taken(drops, "auftraege.csv", body, "work_order")
    assert len(rows) == 5
    assert errors == [(6, "scheduled_end", "dates_out_of_order")]


def test_p28_a_rule_that_most_records_break_is_a_question_and_no_reject(drops: Yard) -> None:
    body = ORDER + "".join(f"W{n};A;5;2026-09-0{n};2026-08-01;rel\n" for n in range(1, 7))
    rows, errors, log = taken(drops, "vertauscht.csv", body, "work_order")
    assert (len(rows), errors) == (6, [])
    assert "scheduled start" in log["order_doubted"]["message"]


def test_prices_with_currencies_and_words(drops: Yard) -> None:
    body = "sku_code;description;unit_cost;list_price;valid_from\n1;a;€ 1.234,50;12,-;00.00.0000\n2;b;n/a;- €;31.12.9999\n3;c;1.234,50-;5;00:00.0\n"
    rows, errors, _ = taken(drops, "preise.csv", body, "sku")
    assert [(row["unit_cost"], row["list_price"], row["valid_from"]) for row in rows] == [
        ("1234.50", "12", None), (None, "0", "9999-12-31")]  # fmt: skip
    assert errors == [(3, "unit_cost", "negative_not_allowed"), (3, "valid_from", "bad_date")]


def test_status_words_and_a_wrong_one_with_its_neighbour(drops: Yard) -> None:
    body = ORDER + "W1;A;5;;;In Arbeit\nW2;A;5;;;clôturé\nW3;A;5;;;REL\nW4;A;5;;;complted\n"
    answer = drops.drop("status.csv", body, entity="work_order")
    assert [row["status"] for row in drops.staged(answer)] == ["in_progress", "closed", "in_progress"]
    (reject,) = drops.rejects(answer["job_id"])
    assert "did you mean completed?" in reject["errors"][0]["expected"]


def test_p22_damaged_order_numbers_are_refused_and_said_once_for_the_column(drops: Yard) -> None:
    body = ORDER + "2019-07-13;A;5;;;rel\n2019-07-14;A;5;;;rel\n2019-07-15;A;5;;;rel\n75123;A;5;;;rel\n"
    rows, errors, log = taken(drops, "datum als nummer.csv", body, "work_order")
    assert [row["wo_number"] for row in rows] == ["75123"]
    assert [code for _, _, code in errors] == ["damaged_code"] * 3
    assert "2019-07-13" in log["damaged_codes"]["raw_value"]


def test_scrap_of_all_there_is(drops: Yard) -> None:
    body = "sku_code;version;line_no;component_sku;qty;uom;scrap_rate\nA;1;1;B;1;kg;5 %\nA;1;2;C;1;kg;100 %\nA;1;3;C;1;kg;0,02\n"
    rows, errors, _ = taken(drops, "schwund.csv", body, "bom_component")
    assert [float(row["scrap_rate"]) for row in rows] == [0.05, 0.02]
    assert errors == [(2, "scrap_rate", "out_of_range")]


def test_a_column_of_ratios_above_one_holds_percentages_and_a_single_one_is_wrong(drops: Yard) -> None:
    head = "sku_code;version;line_no;component_sku;qty;uom;scrap_rate\n"
    body = head + "".join(f"A;1;{n};B;1;kg;{rate}\n" for n, rate in enumerate(("5", "2,5", "10", "0", "3", "0,5"), 1))
    rows, errors, log = taken(drops, "prozente.csv", body, "bom_component")
    assert [float(row["scrap_rate"]) for row in rows] == [0.05, 0.025, 0.1, 0, 0.03, 0.005]
    assert (errors, log["percent_assumed"]["level"]) == ([], "warning")
    body = head + "".join(f"A;2;{n};B;1;kg;{rate}\n" for n, rate in enumerate(("0,05", "0,1", "5", "0,02", "0,3"), 1))
    rows, errors, _ = taken(drops, "anteile.csv", body, "bom_component")
    assert (len(rows), errors) == (4, [(3, "scrap_rate", "bad_number")])


def test_p22_codes_that_all_became_decimals_are_codes_again(drops: Yard) -> None:
    body = ORDER + "".join(f"4365{n}.0;A;5;;;rel\n" for n in range(6))
    rows, errors, log = taken(drops, "gleitkomma.csv", body, "work_order")
    assert [row["wo_number"] for row in rows] == [f"4365{n}" for n in range(6)]
    assert (errors, log["decimal_codes"]["level"]) == ([], "warning")
    rows, _, _ = taken(drops, "einer.csv", body + "43659;A;5;;;rel\n", "work_order")
    assert rows[0]["wo_number"] == "43650.0"
