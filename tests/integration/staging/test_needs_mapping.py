"""What is not sure waits for a person; what the person said is used, remembered, and watched for drift."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.manufacturing.entities import registry
from opscopilot.staging import confirming, drifting, remembering
from opscopilot.staging.mapping import FileMapping
from tests.support.dropping import Yard

ODD = "Ding;Was es ist;Packung\n007;Erdbeerkonfitüre;EA\n008;Senf;EA\n009;Honig;KGM\n"
SAID = {"sku_code": "Ding", "description": "Was es ist", "base_uom": "Packung"}


def confirm(
    drops: Yard, job_id: str, entity: str, columns: dict[str, Any], *, remember: bool = True, **more: Any
) -> Any:
    """Say how the job's file is read, as the API does; the event that runs it again."""
    pattern = more.pop("pattern", None)
    with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
        row = confirming.job_of(tx, UUID(job_id))
        mapping = FileMapping(pattern=pattern or confirming.shown(row).pattern, entity=entity, columns=columns, **more)
        return confirming.confirm(tx, registry(), UUID(job_id), mapping, remember=remember, by="lena")


def last_drift(drops: Yard, system: str) -> Any:
    """What is kept with the source."""
    (row,) = drops.plant.rows("SELECT last_drift FROM staging.data_connector_configs WHERE name = :n", n=system)
    return row["last_drift"]


def test_an_odd_file_waits_is_confirmed_loaded_and_the_next_one_needs_nobody(drops: Yard) -> None:
    landing = drops.put("liste_20260930.csv", ODD.encode(), system="lager")
    answer = drops.run(landing)
    assert (answer["status"], answer["error_code"]) == ("needs_mapping", "needs_mapping")
    proposal = drops.job(answer["job_id"])["mapping"]["proposal"]
    assert proposal["headers"] == ["Ding", "Was es ist", "Packung"]
    assert proposal["sample"][0] == ["007", "Erdbeerkonfitüre", "EA"]
    assert "Ding" in proposal["reason"]

    run_id, event = confirm(drops, answer["job_id"], "sku", SAID)
    assert confirm(drops, answer["job_id"], "sku", SAID) == (run_id, event)
    assert event["detail"]["object"]["key"] == landing.key
    again = drops.run(landing)
    assert (again["status"], again["entity"], again["job_id"]) == ("staged", "sku", answer["job_id"])
    assert [row["sku_code"] for row in drops.staged(again)] == ["007", "008", "009"]
    assert drops.job(answer["job_id"])["mapping"]["how"] == "confirmed"

    by_name = drops.drop("liste_20261031.csv", ODD.replace("Senf", "Ketchup"), system="lager")
    assert (by_name["status"], by_name["entity"]) == ("staged", "sku")
    by_columns = drops.drop("neu.csv", ODD.replace("Senf", "Mayonnaise"), system="lager")
    assert (by_columns["status"], drops.job(by_columns["job_id"])["mapping"]["how"]) == ("staged", "remembered")
    other_source = drops.drop("liste_20261130.csv", ODD.replace("Senf", "Essig"), system="anders")
    assert other_source["status"] == "needs_mapping"


def test_more_columns_than_before_are_taken_and_said(drops: Yard) -> None:
    first = drops.drop("liste_1.csv", ODD, system="lager")
    confirm(drops, first["job_id"], "sku", SAID)
    wider = drops.drop("liste_2.csv", "Ding;Was es ist;Packung;Farbe\n010;Essig;EA;rot\n", system="lager")
    assert wider["status"] == "staged"
    entry = drops.log(wider["job_id"])["headers_drifted"]
    assert (entry["level"], "Farbe" in entry["message"]) == ("warning", True)
    drift = last_drift(drops, "lager")
    assert (drift["added"], drift["removed"], drift["file"]) == (["Farbe"], [], "liste_2.csv")


def test_a_renamed_column_waits_with_the_old_mapping_and_a_guess(drops: Yard) -> None:
    first = drops.drop("liste_1.csv", ODD, system="lager")
    confirm(drops, first["job_id"], "sku", {**SAID, "currency": {"const": "EUR"}})
    renamed = drops.drop("liste_2.csv", "Ding;Was es ist;Packungen\n010;Essig;EA\n011;Öl;EA\n", system="lager")
    job = drops.job(renamed["job_id"])
    assert (job["status"], job["error_code"]) == ("needs_mapping", "headers_drifted")
    (candidate,) = job["mapping"]["proposal"]["candidates"]
    assert candidate["columns"]["sku_code"]["column"] == "Ding"
    assert candidate["columns"]["currency"]["const"] == "EUR"
    assert candidate["columns"]["base_uom"]["column"] == "Packungen"
    assert "Packung" in candidate["columns"]["base_uom"]["why"]
    assert last_drift(drops, "lager")["removed"] == ["Packung"]
    confirm(drops, renamed["job_id"], "sku", {**SAID, "base_uom": "Packungen"})
    assert last_drift(drops, "lager") is None
    assert drops.drop("liste_3.csv", "Ding;Was es ist;Packungen\n012;Salz;EA\n", system="lager")["status"] == "staged"


def test_a_mapping_for_one_file_is_not_for_the_next(drops: Yard) -> None:
    landing = drops.put("liste.csv", ODD.encode(), system="lager")
    first = drops.run(landing)
    confirm(drops, first["job_id"], "sku", SAID, remember=False)
    assert drops.run(landing)["status"] == "staged"
    assert drops.drop("liste.csv", ODD.replace("Senf", "Essig"), system="lager")["status"] == "needs_mapping"


def test_a_known_columns_mapping_is_not_used_for_a_file_whose_name_says_otherwise(drops: Yard) -> None:
    body = "No.,Name,City,E-Mail\n1,Nord,Kiel,a@b.de\n2,Ost,Jena,c@d.de\n"
    first = drops.drop("customers.csv", body, system="crm", entity="customer")
    assert first["status"] == "staged"
    with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
        headers = ["No.", "Name", "City", "E-Mail"]
        mapping = FileMapping(pattern="customers*.csv*", entity="customer", headers=headers,
                              columns={"customer_code": "No.", "name": "Name"})  # fmt: skip
        remembering.save(tx, "crm", mapping, "lena")
    assert drops.drop("suppliers.csv", body.replace("Nord", "Süd"), system="crm")["entity"] == "supplier"


def test_drift_is_about_names_not_about_order_or_writing() -> None:
    mapping = FileMapping(pattern="*", entity="sku", columns={"sku_code": "Item No."}, headers=["Item No.", "Unit"])
    assert drifting.compare(mapping, ["unit", "ITEM NO"], "x.csv") is None
    found = drifting.compare(mapping, ["Item No.", "Colour"], "x.csv")
    assert found is not None
    assert (found.added, found.removed) == (("Colour",), ("Unit",))


def test_a_file_without_a_header_keeps_its_first_record_and_waits(drops: Yard) -> None:
    answer = drops.drop("values.csv", "007;Erdbeerkonfitüre;12\n008;Senf;13\n009;Honig;14\n", system="lager")
    assert (answer["status"], answer["error_code"]) == ("needs_mapping", "no_header")
    proposal = drops.job(answer["job_id"])["mapping"]["proposal"]
    assert proposal["headers"] == ["column 1", "column 2", "column 3"]
    assert proposal["sample"][0] == ["007", "Erdbeerkonfitüre", "12"]
