"""A large file in parts through the whole stack: parts over presigned links, a break, a resume, one job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.upload_parts import ApiError, send_parts
from tests.support.e2e import Live, drop, live, total, write
from tests.support.epcis import document, event

MB = 1 << 20
ROWS = 44_000
PAD = "x" * 920


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Any]]:
    with live(tmp_path_factory) as running:
        yield running


def test_40_mb_in_parts_of_8_with_one_lost_make_one_job(stack: tuple[Live, Any], tmp_path: Path) -> None:
    one, running = stack
    api = one.tenant("large")
    lines = (f"S{number:07d},Item {number} {PAD},EA\n" for number in range(ROWS))
    path = write(tmp_path, "items.csv", "sku_code,description,base_uom\n" + "".join(lines))
    size = path.stat().st_size
    assert 38 * MB < size < 42 * MB
    asked = {"file_name": path.name, "entity": "sku", "size_bytes": size, "multipart": True, "part_mb": 8}
    (upload,) = api.post("/ingest/uploads", {"source_system": "erp", "files": [asked]})["uploads"]
    job_id, parts = upload["job_id"], upload["multipart"]["parts"]
    lost = parts[2]["part_number"]

    class Unlucky:
        """The client whose third link is never there."""

        def get(self, where: str, **params: Any) -> Any:
            return api.get(where, **params)

        def post(self, where: str, body: Any = None) -> Any:
            page = api.post(where, body)
            for link in page.get("parts", []):
                if link["part_number"] == lost:
                    link["url"] = link["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0")
            return page

    told: list[int] = []
    with pytest.raises(ApiError, match=f"Part {lost} of items.csv"):
        send_parts(Unlucky(), path, job_id, lambda _n, sent, _s: told.append(sent), pause=lambda _: None)
    there = {part["part_number"] for part in api.get(f"/ingest/uploads/{job_id}/parts")["parts"]}
    assert lost not in there
    assert api.get(f"/sync/status/{job_id}")["status"] == "pending"
    send_parts(api, path, job_id, lambda _n, sent, _s: told.append(sent))
    assert told[-1] == size
    (job,) = api.follow([job_id], lambda _: None, timeout=240)
    assert (job["status"], job["successful_records"], job["size_bytes"]) == ("completed", ROWS, size)
    assert total(api, "sku") == ROWS
    jobs = api.get("/jobs")
    assert (jobs["total"], jobs["items"][0]["id"]) == (1, job_id)
    again = api.post(f"/ingest/uploads/{job_id}/complete", {"parts": [{"part_number": 1, "etag": "x"}]})
    assert again["job_id"] == job_id  # it is whole: nothing is put together again
    assert (
        running.aws.client("s3").list_multipart_uploads(Bucket=running.info.buckets["LandingBucket"]).get("Uploads")
        is None
    )


def test_an_epcis_capture_goes_all_the_way(stack: tuple[Live, Any]) -> None:
    one, _ = stack
    api = one.tenant("trace")
    answer = api.call(
        "POST", "/epcis/capture", content=document(event(), event(eventID="urn:uuid:2")),
        headers={"content-type": "application/ld+json"},
    )  # fmt: skip
    capture_id = answer["captureID"]
    tables = {"trace_event": 2, "trace_event_item": 2}
    api.follow([capture_id], lambda _: None)
    jobs = api.get("/jobs")["items"]
    api.follow([job["id"] for job in jobs], lambda _: None)
    capture = api.get(f"/epcis/capture/{capture_id}")
    assert (capture["running"], capture["success"], capture["errors"]) == (False, True, [])
    assert {name: total(api, name) for name in tables} == tables


def test_a_dropped_file_above_the_threshold_needs_no_option(stack: tuple[Live, Any], tmp_path: Path) -> None:
    one, _ = stack
    api = one.tenant("small")
    path = write(tmp_path, "skus.csv", "sku_code,description,base_uom\n1,Jam,EA\n")
    (job,) = api.follow([one["job_id"] for one in api.upload([path], "erp", part_mb=5)], lambda _: None)
    assert job["status"] == "completed"
    assert drop(api, [path])[0]["status"] == "completed"
    gone = httpx.get(f"{api.url}/_s3/none/none")
    assert gone.status_code == 403
