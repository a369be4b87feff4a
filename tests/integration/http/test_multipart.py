"""Files in parts, as the API keeps them: links, what arrived, completing, giving up."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.entrypoints.parts import Outside
from tests.support.api import Answer, Api, token
from tests.support.fixtures import Tenant
from tests.support.outside import MemoryStore

MB = 1 << 20


@pytest.fixture
def store(around: Outside) -> MemoryStore:
    assert isinstance(around.landing.store, MemoryStore)
    return around.landing.store


def code(answer: Answer) -> str:
    """The code of a problem."""
    return str(answer.json["type"]).rsplit("/", 1)[-1]


class Sender:
    """A planner who sends one file in parts."""

    def __init__(self, api: Api, code: str, **told: Any) -> None:
        self.api, self.who = api, token(code, "planner")
        one = {"file_name": "big.csv", "size_bytes": 12 * MB, "multipart": True, "part_mb": 5, **told}
        self.answer = api.post("/ingest/uploads", self.who, {"source_system": "sap", "files": [one]})
        if self.answer.status == 201:
            self.upload = self.answer.json["uploads"][0]
            self.path = f"/ingest/uploads/{self.upload['job_id']}"

    def send(self, store: MemoryStore, *parts: tuple[int, int]) -> list[dict[str, Any]]:
        """Put parts (number, size)."""
        upload_id = self.upload["multipart"]["upload_id"]
        return [{"part_number": n, "etag": store.arrive(upload_id, n, size)} for n, size in parts]

    def complete(self, parts: list[dict[str, Any]]) -> Answer:
        return self.api.post(f"{self.path}/complete", self.who, {"parts": parts})

    def abort(self) -> Answer:
        return self.api("DELETE", f"/api/v1{self.path}", as_=self.who)

    @property
    def job(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/sync/status/{self.upload['job_id']}", self.who).json
        return found


WHOLE = ((1, 5 * MB), (2, 5 * MB), (3, 2 * MB))


def test_a_large_file_gets_parts_by_itself_and_5_gb_fit(api: Api, tenant: Tenant) -> None:
    sender = Sender(api, tenant(), size_bytes=5 << 30, multipart=None, part_mb=None)
    made = sender.upload["multipart"]
    assert sender.upload["url"] is None
    assert (made["part_bytes"], made["part_count"], len(made["parts"])) == (16 * MB, 320, 100)
    assert [one["part_number"] for one in made["parts"][:2]] == [1, 2]
    rest = api.post(f"{sender.path}/parts", sender.who, {"from": 301, "to": 400}).json
    assert (rest["parts"][0]["part_number"], rest["parts"][-1]["part_number"]) == (301, 320)
    assert rest["parts"][-1]["size"] == 16 * MB
    assert "uploadId=" in rest["parts"][0]["url"]


def test_small_files_go_in_one_piece(api: Api, tenant: Tenant) -> None:
    answer = Sender(api, tenant(), size_bytes=100 * MB, multipart=None, part_mb=None).upload
    assert answer["multipart"] is None
    assert answer["url"].startswith("https://s3.test/")


@pytest.mark.parametrize(
    ("told", "status", "field"),
    [
        ({"size_bytes": (5 << 30) + 1}, 413, "size_bytes"),
        ({"size_bytes": 0}, 422, "size_bytes"),
        ({"size_bytes": None}, 422, "files.0"),
        ({"part_mb": 4}, 422, "files.0.part_mb"),
        ({"file_name": "a/b.csv"}, 422, "file_name"),
        ({"size_bytes": (5 << 30) + 1, "multipart": False}, 413, "size_bytes"),
    ],
)
def test_what_cannot_be_sent_is_said_before_it_travels(
    api: Api, tenant: Tenant, told: dict[str, Any], status: int, field: str
) -> None:
    answer = Sender(api, tenant(), **told).answer
    assert (answer.status, answer.json["field"]) == (status, field), answer.text


def test_parts_resume_and_complete_once(api: Api, tenant: Tenant, store: MemoryStore) -> None:
    sender = Sender(api, tenant())
    first = sender.send(store, WHOLE[0], WHOLE[2])
    there = api.get(f"{sender.path}/parts", sender.who).json
    assert [(one["part_number"], one["size"]) for one in there["parts"]] == [(1, 5 * MB), (3, 2 * MB)]
    early = sender.complete(first)
    assert (early.status, code(early), early.json["value"]) == (409, "parts_missing", "2")
    every = [*first, *sender.send(store, WHOLE[1])]
    assert [sender.complete(every).status for _ in range(2)] == [200, 200]
    assert len(store.objects["landing", sender.upload["key"]]) == 12 * MB
    assert code(api.get(f"{sender.path}/parts", sender.who)) == "upload_over"


def test_a_wrong_etag_or_size_is_named_and_nothing_is_put_together(
    api: Api, tenant: Tenant, store: MemoryStore
) -> None:
    sender = Sender(api, tenant())
    parts = sender.send(store, *WHOLE)
    wrong = sender.complete([{**parts[0], "etag": "other"}, *parts[1:]])
    assert (wrong.status, code(wrong), wrong.json["field"]) == (422, "part_mismatch", "parts.1.etag")
    assert "etag-1" in wrong.json["expected"]
    sender.send(store, (2, 7))
    short = sender.complete(parts)
    assert (short.status, short.json["field"], short.json["value"]) == (422, "parts.2", "7")
    assert ("landing", sender.upload["key"]) not in store.objects


def test_an_upload_given_up_is_cancelled_for_good(api: Api, tenant: Tenant, store: MemoryStore) -> None:
    sender = Sender(api, tenant())
    parts = sender.send(store, *WHOLE)
    assert [sender.abort().status for _ in range(2)] == [204, 204]
    assert (sender.job["status"], sender.job["error_code"]) == ("cancelled", "upload_aborted")
    assert code(sender.complete(parts)) == "upload_over"
    assert sender.upload["multipart"]["upload_id"] not in store.uploads


def test_another_tenants_upload_is_none(api: Api, tenant: Tenant, store: MemoryStore) -> None:  # P-60
    sender, other = Sender(api, tenant()), token(tenant(), "planner")
    parts = sender.send(store, *WHOLE)
    answers = [
        api.get(f"{sender.path}/parts", other), api.post(f"{sender.path}/parts", other, {"from": 1, "to": 2}),
        api.post(f"{sender.path}/complete", other, {"parts": parts}),
        api("DELETE", f"/api/v1{sender.path}", as_=other),
    ]  # fmt: skip
    assert [one.status for one in answers] == [404] * 4
    assert api.get(f"{sender.path}/parts", token(tenant(), "viewer")).status == 403
