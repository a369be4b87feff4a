"""Two whole plants go through ingest: the sample plant against its truth, AdventureWorks through its mapping."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from sample_data.generate import AS_OF, SEED, generate
from tests.support.dropping import Yard

MAPPING = Path(__file__).resolve().parents[3] / "sample_data" / "mappings" / "adventureworks.json"
LATER = {"reference_not_found", "uom_conversion_missing"}
"""What only normalize can see."""


def test_every_file_of_the_sample_plant_is_recognised_and_its_planted_faults_are_found(
    drops: Yard, tmp_path: Path
) -> None:
    truth = generate(tmp_path, SEED, AS_OF, 0.1)
    lines = {(one["file"], one["line"]): one["outcome"] for one in truth.facts["planted"]}
    for one in truth.facts["files"]:
        answer = drops.drop(one["file"].split("/")[-1], (tmp_path / one["file"]).read_bytes(), system=one["system"])
        job, rejects = drops.job(answer["job_id"]), drops.rejects(answer["job_id"])
        found = Counter(error["code"] for reject in rejects for error in reject["errors"])
        assert (job["entity_type"], job["total_records"]) == (one["entity"], one["rows"]), one["file"]
        assert found == {code: count for code, count in one["rejected"].items() if code not in LATER}, one["file"]
        if one["whole_file_rejected"]:
            assert (job["status"], job["error_code"]) == ("failed", one["whole_file_rejected"])
            continue
        for reject in rejects:
            assert lines[one["file"], reject["raw_data"]["source_row"]] == reject["errors"][0]["code"], one["file"]


@pytest.mark.slow
def test_adventureworks_goes_in_through_its_mapping_without_a_reject(drops: Yard) -> None:
    folder = Path(os.environ.get("ADVENTUREWORKS", "../shared/data/adventureworks"))
    if not folder.is_dir():
        pytest.skip(f"AdventureWorks is not at {folder}; set ADVENTUREWORKS to its folder")
    config = json.loads(MAPPING.read_text(encoding="utf-8"))
    with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
        tx.execute("UPDATE platform.tenants SET as_of = '2025-03-28', default_time_zone = 'America/Los_Angeles'")
        tx.execute(
            """INSERT INTO staging.data_connector_configs (tenant_id, connector_type, name, config_json)
               VALUES (:t, 'file_drop', 'adventureworks', CAST(:config AS jsonb))""",
            t=drops.plant.tenant_id, config=json.dumps(config),
        )  # fmt: skip
    taken = {}
    for one in config["files"]:
        path = folder / (one["pattern"].rstrip("*") + ".gz")
        answer = drops.drop(path.name, path.read_bytes(), system="adventureworks")
        assert (answer["status"], answer["entity"]) == ("staged", one["entity"])
        assert drops.rejects(answer["job_id"]) == []
        taken[one["entity"]] = answer["total_records"]
    facts = json.loads((folder / "FACTS.json").read_text(encoding="utf-8"))
    assert (taken["sku"], taken["bom_component"], taken["work_order"], taken["sales_order"], taken["sales_order_line"]) == (
        facts["products"], facts["bom_rows"], facts["wo"], facts["so"], facts["so_lines"])  # fmt: skip
