"""Ingest end to end: S3, the checks and a real Postgres."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from opscopilot.catalogue.templates import csv_template
from opscopilot.manufacturing.entities import registry
from tests.support.dropping import Yard

CATALOGUE = registry()
STOCK = "Item No.;Location;On hand;Unit;Date\n00100234;WH1;12,5;kg;30.09.2026\n007;WH1;-3,0;EA;29.09.2026\n"


def test_a_file_becomes_staged_rows_in_canonical_text(drops: Yard) -> None:
    answer = drops.drop("stock.csv", STOCK)
    assert answer["status"] == "staged"
    assert (answer["entity"], answer["source_system"]) == ("inventory_snapshot", "sheet")
    assert answer["fields"] == ["sku_code", "location_code", "quantity_on_hand", "uom", "snapshot_at"]
    assert drops.staged(answer) == [
        {"record_no": 1, "source_row": 2, "sku_code": "00100234", "location_code": "WH1", "quantity_on_hand": "12.5",
         "uom": "KGM", "snapshot_at": "2026-09-29T22:00:00+00:00"},
        {"record_no": 2, "source_row": 3, "sku_code": "007", "location_code": "WH1", "quantity_on_hand": "-3.0",
         "uom": "EA", "snapshot_at": "2026-09-28T22:00:00+00:00"},
    ]  # fmt: skip
    job = drops.job(answer["job_id"])
    assert (job["status"], job["entity_type"], job["total_records"], job["failed_records"]) == (
        "running", "inventory_snapshot", 2, 0)  # fmt: skip
    assert job["staged_key"] == answer["staged_key"]
    assert len(job["sha256"]) == 64
    assert job["mapping"]["columns"]["quantity_on_hand"] == {"from": "On hand", "decimal": ","}
    assert job["mapping"]["columns"]["snapshot_at"] == {"from": "Date", "dates": "dmy_dot"}


def test_titles_blank_lines_and_totals_are_left_out_and_said(drops: Yard) -> None:
    body = f"Stock of the plant;;;;\nAs of 30.09.2026;;;;\n;;;;\n{STOCK};;;;\nTotal;;9,5;;\n"
    answer = drops.drop("stock.csv", body)
    assert [row["source_row"] for row in drops.staged(answer)] == [5, 6]
    log = drops.log(answer["job_id"])
    assert log["totals_dropped"]["raw_value"] == "Total 9,5"
    assert {"recognised", "preamble_skipped", "blank_lines"} <= set(log)
    assert drops.job(answer["job_id"])["total_records"] == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_umlauts_survive_in_every_encoding(drops: Yard, encoding: str) -> None:
    body = "Artikelnummer;Bezeichnung\n00100;Süßkirsch-Konfitüre 340 g\n".encode(encoding)
    assert drops.staged(drops.drop("artikel.csv", body))[0]["description"] == "Süßkirsch-Konfitüre 340 g"


@pytest.mark.parametrize("entity", CATALOGUE.names())
def test_every_template_is_accepted_as_it_is(drops: Yard, entity: str) -> None:
    answer = drops.drop("filled.csv", csv_template(CATALOGUE[entity], CATALOGUE))
    assert (answer["status"], answer.get("entity")) == ("staged", entity), drops.log(answer["job_id"])
    assert len(drops.staged(answer)) == 1
    assert drops.rejects(answer["job_id"]) == []


def test_a_gzipped_file_of_sap_with_no_date_is_counted_as_of_the_plants_day(drops: Yard) -> None:
    with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
        tx.execute("UPDATE platform.tenants SET as_of = '2026-08-31', day_start = '06:00'")
    body = gzip.compress(
        b"MATNR;WERKS;LGORT;LABST;INSME\n000100234;P1;FG01;350.000-;0.000\n0007;P1;FG01;12.000;1.000\n"
    )
    answer = drops.drop("MARD.csv.gz", body, system="sap")
    first, _ = drops.staged(answer)
    assert first["sku_code"] == "000100234"
    assert first["quantity_on_hand"] == "-350.000"
    assert first["snapshot_at"] == "2026-08-31T04:00:00+00:00"
    assert "quantity_quarantined" not in first
    assert "2026-08-31" in drops.log(answer["job_id"])["moment_assumed"]["message"]


ODOO = """Order Reference,Customer/Reference,Order Date,Order Lines/Product/Internal Reference,Order Lines/Quantity
S01,C7,2026-09-01 08:00:00,00100,5
,,,00200,6
S02,C8,2026-09-02 08:00:00,00100,1
,,,00300,2
,,,00400,3
"""


def test_lines_of_a_document_repeat_what_stands_above_and_are_numbered(drops: Yard) -> None:
    answer = drops.drop("sale.order.csv", ODOO, system="odoo")
    rows = drops.staged(answer)
    assert [(row["order_number"], row["customer_code"], row["order_date"], row["line_no"]) for row in rows] == [
        ("S01", "C7", "2026-09-01", "1"), ("S01", "C7", "2026-09-01", "2"), ("S02", "C8", "2026-09-02", "1"),
        ("S02", "C8", "2026-09-02", "2"), ("S02", "C8", "2026-09-02", "3"),
    ]  # fmt: skip
    assert {"filled_down", "lines_numbered"} <= set(drops.log(answer["job_id"]))


def test_a_line_that_lacks_only_its_number_is_not_pushed_to_the_document_above(drops: Yard) -> None:
    body = ODOO.replace(",,,00200,6", ",C7,2026-09-01 08:00:00,00200,6")
    answer = drops.drop("sale.order.csv", body, system="odoo")
    codes = {reject["record_no"]: reject["errors"][0]["code"] for reject in drops.rejects(answer["job_id"])}
    assert codes[2] == "required_missing"
    assert "filled_down" not in drops.log(answer["job_id"])


@pytest.mark.parametrize("count", [65_535, 65_536])
def test_p83_a_file_cut_at_a_power_of_two_is_warned_of(drops: Yard, count: int) -> None:
    body = "sku_code,description\n" + "".join(f"{number:06d},x\n" for number in range(count))
    answer = drops.drop("items.csv", body)
    warning = drops.log(answer["job_id"])["truncated_suspected"]
    assert warning["level"] == "warning"
    assert f"{count:,}" in warning["message"]


def test_numbers_nobody_can_decide_on_are_read_and_warned_of(drops: Yard) -> None:
    body = "sku_code;location_code;snapshot_at;quantity_on_hand\n1;A;2026-09-30;1,234\n2;A;2026-09-30;12\n"
    answer = drops.drop("stock.csv", body)
    assert [row["quantity_on_hand"] for row in drops.staged(answer)] == ["1.234", "12"]
    warning = drops.log(answer["job_id"])["number_format_assumed"]
    assert (warning["field"], warning["raw_value"]) == ("quantity_on_hand", "1,234")


def test_the_entity_can_be_said_with_the_object_or_the_job(drops: Yard) -> None:
    body = "No.,Name,City\n4711,Obst Müller,Köln\n"
    assert drops.drop("export.csv", body)["error_code"] == "needs_mapping"
    said = drops.drop("export2.csv", body, entity="supplier")
    assert (said["status"], said["entity"]) == ("staged", "supplier")


MAPPED: dict[str, Any] = {"files": [{
    "pattern": "Lager*.csv", "entity": "inventory_snapshot", "source_id": "ID",
    "columns": {
        "sku_code": {"column": "Teil", "by": "source_id"}, "location_code": {"const": "WH1"},
        "bin": {"template": "{Regal}-{Fach}"}, "quantity_on_hand": "Anzahl", "snapshot_at": {"setting": "as_of"},
        "uom": {"column": "ME", "values": {"1": "EA", "2": "kg"}},
    },
    "skip_when": [{"column": "Gelöscht", "equals": "X"}],
}]}  # fmt: skip


def remember(drops: Yard, config: dict[str, Any], system: str = "wms") -> None:
    """Keep a mapping for a source, as the API does."""
    import json

    with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
        tx.execute(
            """INSERT INTO staging.data_connector_configs (tenant_id, connector_type, name, config_json)
               VALUES (:t, 'file_drop', :name, CAST(:config AS jsonb))""",
            t=drops.plant.tenant_id, name=system, config=json.dumps(config),
        )  # fmt: skip


def test_a_mapping_decides_for_its_source(drops: Yard) -> None:
    remember(drops, MAPPED)
    body = "ID;Teil;Regal;Fach;Anzahl;ME;Gelöscht\n1;17;A;3;5;1;\n2;18;;;6;2;\n3;19;B;1;7;1;X\n"
    answer = drops.drop("Lagerliste.csv", body, system="wms")
    assert answer["by_source_id"] == ["sku_code"]
    rows = drops.staged(answer)
    assert [(row["source_id"], row["sku_code"], row["bin"], row["uom"], row["location_code"]) for row in rows] == [
        ("1", "17", "A-3", "EA", "WH1"), ("2", "18", None, "KGM", "WH1")]  # fmt: skip
    assert drops.job(answer["job_id"])["total_records"] == 2
    assert "1 records" in drops.log(answer["job_id"])["skipped"]["message"]


def test_a_mapping_that_does_not_fit_the_file_says_what_is_missing(drops: Yard) -> None:
    remember(drops, MAPPED)
    answer = drops.drop("Lagerliste.csv", "ID;Teil;Anzahl\n1;17;5\n", system="wms")
    assert answer["error_code"] == "headers_drifted"
    summary = drops.job(answer["job_id"])["error_summary"]
    assert "Regal" in summary
    assert "Gelöscht" in summary


def test_a_mapping_settles_day_and_month_for_its_source(drops: Yard) -> None:
    remember(drops, {"dates": "dmy"})
    body = "sku_code,location_code,snapshot_at,quantity_on_hand\n1,A,04/05/2026,7\n"
    assert drops.staged(drops.drop("s.csv", body, system="wms"))[0]["snapshot_at"] == "2026-05-03T22:00:00+00:00"


def test_sap_prices_per_thousand_become_prices_per_one(drops: Yard) -> None:
    body = (
        "EBELN;EBELP;MATNR;MENGE;MEINS;NETPR;PEINH;LIFNR;BEDAT\n"
        "45;10;0001;500.000;ST;12.50;1000;V1;20260901\n45;20;0002;5.000;ST;3.20;1;V1;20260901\n"
    )
    answer = drops.drop("EKPO.csv", body, system="sap")
    assert [row["unit_price"] for row in drops.staged(answer)] == ["0.012500", "3.20"]


def test_codes_saved_as_formulas_keep_their_zeros(drops: Yard) -> None:
    answer = drops.drop("items.csv", 'sku_code,description\n="00100",Jam\n"=""00200""",Honey\n')
    assert [row["sku_code"] for row in drops.staged(answer)] == ["00100", "00200"]


def test_a_file_of_one_column_is_a_table_when_the_column_is_known(drops: Yard) -> None:
    answer = drops.drop("customers.csv", "customer_code\nC1\nC2\n", entity="customer")
    assert [row["customer_code"] for row in drops.staged(answer)] == ["C1", "C2"]
