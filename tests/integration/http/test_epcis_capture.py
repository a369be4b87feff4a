"""The capture interface of EPCIS 2.0 over the API."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from opscopilot.entrypoints.parts import Outside
from tests.support.api import Answer, Api, token
from tests.support.epcis import document, event
from tests.support.fixtures import Tenant
from tests.support.outside import MemoryStore

LD = "application/ld+json"


@pytest.fixture
def store(around: Outside) -> MemoryStore:
    assert isinstance(around.landing.store, MemoryStore)
    return around.landing.store


def capture(api: Api, code: str, body: bytes, kind: str = LD, role: str = "operator", **headers: str) -> Answer:
    sent = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return api("POST", "/api/v1/epcis/capture", as_=token(code, role), body=body.decode(), headers=sent)


def landed(store: MemoryStore, code: str) -> dict[str, bytes]:
    return {key: body for (_, key), body in store.objects.items() if f"/{code}/" in key}


def test_a_document_lands_as_it_came_and_is_followed(api: Api, tenant: Tenant, store: MemoryStore) -> None:
    code, body = tenant(), document(event(), event(eventID="urn:uuid:2"))
    answer = capture(api, code, body)
    assert answer.status == 202, answer.text
    capture_id = answer.json["captureID"]
    assert answer.headers["location"] == f"/api/v1/epcis/capture/{capture_id}"
    assert landed(store, code) == {f"landing/{code}/epcis/{capture_id}/capture-rollback.jsonld": body}
    job = api.get(f"/epcis/capture/{capture_id}", token(code)).json
    assert (job["running"], job["success"], job["captureErrorBehaviour"]) == (True, False, "rollback")
    assert (job["errors"], job["finishedAt"]) == ([], None)


def test_a_single_event_as_plain_json_will_do(api: Api, tenant: Tenant, store: MemoryStore) -> None:
    code = tenant()
    answer = capture(api, code, json.dumps(event()).encode(), "application/json; charset=utf-8")
    assert answer.status == 202, answer.text
    assert len(landed(store, code)) == 1


WRONG: dict[str, Any] = {"eventID": "urn:uuid:3", "action": "SEE"}


def test_rollback_takes_nothing_when_one_event_is_wrong(api: Api, tenant: Tenant, store: MemoryStore) -> None:
    code = tenant()
    answer = capture(api, code, document(event(), event(**WRONG)))
    job = api.get(answer.headers["location"].removeprefix("/api/v1"), token(code)).json
    assert (job["running"], job["success"], landed(store, code)) == (False, False, {})
    (error,) = job["errors"]
    assert (error["title"], error["instance"]) == ("bad_enum", "urn:uuid:3")
    assert "ADD, OBSERVE or DELETE" in error["detail"]
    receipt = api.get(f"/jobs/{answer.json['captureID']}", token(code)).json
    assert (receipt["status"], receipt["error_code"]) == ("failed", "capture_rejected")


def test_proceed_lands_what_is_partly_right_and_refuses_what_is_all_wrong(
    api: Api, tenant: Tenant, store: MemoryStore
) -> None:
    code, how = tenant(), {"GS1_EPCIS_Capture_Error_Behaviour": "proceed"}
    part = capture(api, code, document(event(), event(**WRONG)), **how)
    assert len(landed(store, code)) == 1
    job = api.get(f"/epcis/capture/{part.json['captureID']}", token(code)).json
    assert (job["running"], job["captureErrorBehaviour"]) == (True, "proceed")
    none = capture(api, code, document(event(**WRONG)), **how)
    assert api.get(f"/epcis/capture/{none.json['captureID']}", token(code)).json["running"] is False
    assert len(landed(store, code)) == 1
    assert capture(api, code, document(event()), GS1_EPCIS_Capture_Error_Behaviour="stop").status == 422


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b'{"type": "other"}', LD, 422, "bad_epcis"),
        (document(event())[:-9], LD, 422, "bad_epcis"),
        (document(), LD, 422, "bad_epcis"),
        (b"<epcis:EPCISDocument xmlns:epcis='u'/>", "application/xml", 415, "unsupported_media_type"),
        (document(event(ilmd={"x": "y" * (5 << 20)})), LD, 413, "capture_too_large"),
    ],
)
def test_what_is_no_document_is_refused_at_once(
    api: Api, tenant: Tenant, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = capture(api, tenant(), body, kind)
    assert (answer.status, answer.json["type"].rsplit("/", 1)[-1]) == (status, code)


def test_the_same_key_is_the_same_capture(api: Api, tenant: Tenant, store: MemoryStore) -> None:
    code = tenant()
    sent = [capture(api, code, document(event()), Idempotency_Key="k1").json["captureID"] for _ in range(2)]
    assert sent[0] == sent[1]
    assert len(landed(store, code)) == 1


def test_captures_are_paged_and_nobody_elses(api: Api, tenant: Tenant) -> None:  # P-60
    code, other = tenant(), tenant()
    made = [capture(api, code, document(event())).json["captureID"] for _ in range(3)]
    first = api.get("/epcis/capture", token(code, "viewer"), perPage=2)
    assert [one["captureID"] for one in first.json] == made[:0:-1]
    link = first.headers["link"]
    assert link.endswith('; rel="next"')
    rest = api("GET", "/api/v1/epcis/capture", as_=token(code), perPage=2,
               nextPageToken=link.split("nextPageToken=")[1].split(">")[0])  # fmt: skip
    assert [one["captureID"] for one in rest.json] == made[:1]
    assert "link" not in rest.headers
    assert api.get("/epcis/capture", token(other)).json == []
    assert api.get(f"/epcis/capture/{made[0]}", token(other)).status == 404
    assert api.get(f"/epcis/capture/{uuid4()}", token(code)).status == 404
    assert capture(api, code, document(event()), role="viewer").status == 403
