"""A file nobody recognised: its proposal, the mapping a person says, and the run that follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from opscopilot.adapters.objects import S3ObjectStore
from opscopilot.entrypoints.parts import Outside
from opscopilot.kernel.events import FileLanded
from opscopilot.staging.landing import parse
from tests.support.api import Answer, Api, token
from tests.support.dropping import LANDING, STAGING, Yard
from tests.support.fixtures import NewPlant, Tenant
from tests.support.floor import Floor
from tests.support.outside import MemoryRuns, MemoryStore

BODY = "Ding;Was es ist;Packung\n007;Erdbeerkonfitüre;EA\n008;Senf;EA\n009;Honig;KGM\n"
SAID = {"sku_code": "Ding", "description": "Was es ist", "base_uom": "Packung"}


@pytest.fixture
def drops(new_plant: NewPlant) -> Iterator[Yard]:
    """A fresh plant in the API's database, with buckets."""
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        for bucket in (LANDING, STAGING):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield Yard(new_plant(), client, S3ObjectStore(client))


def post(api: Api, drops: Yard, job_id: str, role: str = "planner", **body: Any) -> Answer:
    """Confirm a mapping."""
    path = body.pop("path", f"/jobs/{job_id}/mapping")
    return api.post(path, token(drops.plant.code, role), {"entity": "sku", "columns": SAID, **body})


def test_from_the_proposal_to_the_loaded_file(api: Api, drops: Yard, around: Outside) -> None:
    job_id = drops.drop("liste_20260930.csv", BODY, system="lager")["job_id"]
    reader = token(drops.plant.code)
    told = api.get(f"/jobs/{job_id}/mapping", reader).json
    assert (told["status"], told["pattern"], told["mapping"]) == ("needs_mapping", "liste_*.csv*", None)
    assert told["proposal"]["headers"] == ["Ding", "Was es ist", "Packung"]

    answer = post(api, drops, job_id)
    assert (answer.status, answer.json["pattern"], answer.json["remembered"]) == (202, "liste_*.csv*", True)
    assert post(api, drops, job_id).status == 202
    runs = around.ingestions
    assert isinstance(runs, MemoryRuns)
    (event,) = [payload for (who, _), payload in runs.started.items() if who == drops.plant.tenant_id]
    landing = parse(FileLanded.from_s3_event(event))
    assert landing is not None
    staged = drops.run(landing)
    assert (staged["status"], staged["job_id"], staged["entity"]) == ("staged", job_id, "sku")
    used = api.get(f"/jobs/{job_id}/mapping", reader).json
    assert (used["how"], used["mapping"]["columns"]["sku_code"]) == ("confirmed", "Ding")
    connector = api.get("/connectors/lager", reader).json
    assert connector["config"]["files"][0]["pattern"] == "liste_*.csv*"

    drifted = drops.drop(
        "liste_20261031.csv",
        BODY.replace("Packung", "Packung;Farbe").replace("A\n", "A;r\n").replace("KGM\n", "KGM;g\n"),
        system="lager",
    )
    assert drifted["status"] == "staged"
    drift = api.get("/connectors/lager", reader).json["last_drift"]
    assert (drift["added"], drift["job_id"]) == (["Farbe"], drifted["job_id"])
    assert post(api, drops, job_id).status == 202
    late = post(api, drops, job_id, columns={**SAID, "category": "Packung"})
    assert (late.status, late.json["type"].rpartition("/")[2]) == (409, "not_waiting")


def test_a_mapping_that_does_not_fit_names_field_value_and_what_would_be_right(api: Api, drops: Yard) -> None:
    job_id = drops.drop("liste.csv", BODY, system="lager")["job_id"]
    wrong = post(api, drops, job_id, columns={"sku_code": "Dong", "descriptin": "Was es ist"})
    assert wrong.status == 422
    by_field = {(one["field"], one["value"]): one["expected"] for one in wrong.json["errors"]}
    assert "Ding" in by_field["columns.sku_code", "Dong"]
    assert "description" in by_field["columns.descriptin", "descriptin"]
    assert "text" in by_field["columns.description", None]
    entity = post(api, drops, job_id, entity="skus")
    assert (entity.status, entity.json["field"], "sku" in entity.json["expected"]) == (422, "entity", True)
    assert post(api, drops, job_id, columns={"sku_code": {"colum": "Ding"}}).status == 422
    assert api.get(f"/jobs/{job_id}/mapping", token(drops.plant.code)).json["mapping"] is None


def test_only_keepers_of_the_tenant_may_say(api: Api, drops: Yard, tenant: Tenant) -> None:
    job_id = drops.drop("liste.csv", BODY, system="lager")["job_id"]
    assert post(api, drops, job_id, role="viewer").status == 403
    assert post(api, drops, job_id, role="operator").status == 403
    other = token(tenant(), "planner")
    assert api.get(f"/jobs/{job_id}/mapping", other).status == 404
    assert api.post(f"/jobs/{job_id}/mapping", other, {"entity": "sku", "columns": SAID}).status == 404


def test_a_preview_shows_the_first_rows_and_what_looks_wrong(api: Api, drops: Yard) -> None:
    job_id = drops.drop("liste.csv", BODY, system="lager")["job_id"]
    path = f"/jobs/{job_id}/mapping/preview"
    columns = {**SAID, "unit_cost": "Was es ist", "currency": {"setting": "default_currency"},
               "category": {"template": "{Ding}/{Packung}"}}  # fmt: skip
    answer = post(api, drops, job_id, path=path, columns=columns)
    assert answer.status == 200, answer.text
    first = answer.json["rows"][0]
    assert first == {"sku_code": "007", "description": "Erdbeerkonfitüre", "base_uom": "EA", "currency": "EUR",
                     "unit_cost": "Erdbeerkonfitüre", "category": "007/EA"}  # fmt: skip
    (doubt,) = answer.json["doubts"]
    assert (doubt["field"], doubt["column"]) == ("unit_cost", "Was es ist")
    assert "price" in doubt["expected"]
    assert api.get(f"/jobs/{job_id}/mapping", token(drops.plant.code)).json["mapping"] is None


def test_a_job_that_does_not_wait_takes_no_mapping(api: Api, drops: Yard) -> None:
    job_id = drops.drop("items.csv", "sku_code,description\n1,Jam\n")["job_id"]
    used = api.get(f"/jobs/{job_id}/mapping", token(drops.plant.code)).json
    assert (used["how"], used["proposal"]) == ("recognised", None)
    assert post(api, drops, job_id).status == 409
    assert post(api, drops, job_id, path=f"/jobs/{job_id}/mapping/preview").status == 409


def test_from_the_question_to_rows_in_the_table_and_the_next_file_by_itself(
    api: Api, new_plant: NewPlant, around: Outside
) -> None:
    assert isinstance(around.landing.store, MemoryStore)
    floor = Floor(api, new_plant(), around.landing.store)
    job_id = floor.drop("liste_1.csv", BODY, system="lager")
    assert floor.counters(job_id)[0] == "needs_mapping"
    assert floor.post(f"/jobs/{job_id}/mapping", {"entity": "sku", "columns": SAID}).status == 202
    runs = around.ingestions
    assert isinstance(runs, MemoryRuns)
    (event,) = [payload for (who, _), payload in runs.started.items() if who == floor.plant.tenant_id]
    for _ in range(2):  # delivered twice
        floor.arrive(event["detail"]["object"]["key"])
    assert floor.counters(job_id) == ("completed", 3, 3, 0, 0)
    following = floor.drop("liste_2.csv", BODY.replace("007", "017").replace("Senf", "Ketchup"), system="lager")
    assert floor.counters(following) == ("completed", 3, 2, 0, 1)
    names = floor.plant.rows("SELECT sku_code, description FROM manufacturing.skus ORDER BY sku_code")
    assert [(row["sku_code"], row["description"]) for row in names] == [
        ("007", "Erdbeerkonfitüre"), ("008", "Ketchup"), ("009", "Honig"), ("017", "Erdbeerkonfitüre")]  # fmt: skip
    assert floor.receipt(following)["recognised"]["how"] == "remembered"


def test_a_receipt_says_why_a_file_was_taken_for_what_it_is(api: Api, new_plant: NewPlant, around: Outside) -> None:
    assert isinstance(around.landing.store, MemoryStore)
    floor = Floor(api, new_plant(), around.landing.store)
    told = floor.receipt(floor.drop("items.csv", "Item No.;Description;Unit;Colour\n1;Jam;EA;red\n"))["recognised"]
    assert (told["entity"], told["how"], told["unmapped"]) == ("sku", "recognised", ["Colour"])
    assert any("3 of 4 columns" in reason for reason in told["why"])
