"""Connectors over the API: kept, tried out, run; secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opscopilot.entrypoints.parts import Outside
from tests.support.api import Api, token
from tests.support.outside import MemoryPulls, MemorySecrets

Tenant = Callable[[], str]
REST = {"base_url": "https://erp.example.com/api", "auth": {"kind": "bearer"},
        "streams": [{"name": "items", "path": "/items", "entity": "sku"}, {"name": "orders", "path": "/orders"}]}  # fmt: skip


def put(api: Api, code: str, config: dict[str, Any] | None = None, name: str = "erp", **more: Any) -> Any:
    body = {"connector_type": "rest", "config": REST if config is None else config, **more}
    return api("PUT", f"/api/v1/connectors/{name}", as_=token(code, "planner"), body=body)


def pulls(around: Outside) -> MemoryPulls:
    found = around.pulls.runs
    assert isinstance(found, MemoryPulls)
    return found


def test_every_kind_shows_its_schema_and_what_its_secret_needs(api: Api, tenant: Tenant) -> None:
    found = {one["connector_type"]: one for one in api.get("/connector-types", token(tenant())).json}
    assert {"rest", "odata", "odoo", "erpnext"} <= set(found)
    assert "base_url" in found["rest"]["config_schema"]["properties"]
    assert found["odoo"]["secret_fields"] == ["username", "password"]


def test_a_connector_is_kept_with_its_schedule_in_the_plants_zone(api: Api, tenant: Tenant) -> None:
    code = tenant()
    kept = put(api, code, schedule="cron(30 5 ? * MON-FRI *)")
    assert kept.status == 200, kept.json
    assert kept.json["next_run_at"] is not None
    assert (kept.json["source_type"], kept.json["streams"]) == ("erp", [])
    again = put(api, code, schedule="cron(30 5 ? * MON-FRI *)")
    assert (again.json["row_version"], again.json["next_run_at"]) == (2, kept.json["next_run_at"])
    assert put(api, code).json["next_run_at"] is None


@pytest.mark.parametrize(("config", "more", "field"), [
    ({**REST, "base_url": "http://erp.example.com"}, {}, "config.base_url"),
    ({**REST, "base_url": "https://ops:pw@erp.example.com"}, {}, "config.base_url"),
    ({**REST, "password": "x"}, {}, "config.password"),
    ({**REST, "streams": [{"name": "i", "path": "/", "entity": "skus"}]}, {}, "config.streams.i.entity"),
    ({**REST, "streams": []}, {}, "config.streams"),
    (REST, {"schedule": "every day"}, "schedule"),
    (REST, {"schedule": "rate(1 minute)"}, "schedule"),
    (REST, {"secret_ref": "opscopilot/somebody-else/erp"}, "secret_ref"),
    (REST, {"connector_type": "odbc"}, "connector_type"),
    ({"files": []}, {"connector_type": "file_drop", "schedule": "rate(1 hour)"}, "schedule"),
])  # fmt: skip
def test_what_does_not_fit_is_named(api: Api, tenant: Tenant, config: Any, more: Any, field: str) -> None:
    answer = put(api, tenant(), config, **more)
    assert (answer.status, answer.json["field"]) == (422, field), answer.json


def test_older_type_names_are_kept_as_rest(api: Api, tenant: Tenant) -> None:
    kept = put(api, tenant(), connector_type="accounting").json
    assert (kept["connector_type"], kept["source_type"]) == ("rest", "accounting")


def test_a_secret_goes_in_under_the_tenants_own_name_and_never_comes_out(
    api: Api, tenant: Tenant, around: Outside
) -> None:
    code = tenant()
    put(api, code)
    planner = token(code, "planner")
    kept = api("PUT", "/api/v1/connectors/erp/secret", as_=planner, body={"fields": {"token": "s3cr3t-value"}})
    assert kept.json == {"secret_ref": f"opscopilot/{code}/erp", "fields": ["token"]}
    secrets = around.pulls.secrets
    assert isinstance(secrets, MemorySecrets)
    assert secrets.kept[f"opscopilot/{code}/erp"] == {"token": "s3cr3t-value"}
    for path in ("/connectors", "/connectors/erp", "/connector-types"):
        assert "s3cr3t-value" not in api.get(path, planner).text
    assert api.get("/connectors/erp/secret", planner).status in (404, 405)
    assert api.get("/connectors/erp", planner).json["secret_ref"] == f"opscopilot/{code}/erp"
    put(api, code, schedule="rate(1 hour)")
    assert api.get("/connectors/erp", planner).json["secret_ref"] == f"opscopilot/{code}/erp", "saving keeps it"


def test_a_field_the_secret_does_not_have_and_a_reader_are_refused(api: Api, tenant: Tenant) -> None:
    code = tenant()
    put(api, code)
    path, body = "/api/v1/connectors/erp/secret", {"fields": {"pasword": "x"}}
    wrong = api("PUT", path, as_=token(code, "planner"), body=body)
    assert (wrong.status, wrong.json["field"]) == (422, "fields.pasword")
    assert api("PUT", path, as_=token(code), body={"fields": {"token": "x"}}).status == 403


def test_a_run_makes_a_job_per_stream_and_starts_the_machine_after_the_commit(
    api: Api, tenant: Tenant, around: Outside
) -> None:
    code = tenant()
    put(api, code)
    planner = token(code, "planner")
    answer = api.post("/sync/run", planner, {"connector": "erp"})
    assert answer.status == 202
    jobs = {one["stream"]: one["job_id"] for one in answer.json["jobs"]}
    assert list(jobs) == ["items", "orders"]
    (_, payload) = pulls(around).started[-1]
    assert [one["jobs"] for one in payload["pulls"]] == [list(jobs.values())]
    status = api.get(answer.json["status_url"].removeprefix("/api/v1"), planner).json
    assert (status["status"], status["source_system"], status["entity_type"]) == ("pending", "erp", "sku")
    again = api.post("/sync/run", planner, {"connector": "erp", "streams": ["orders"]})
    assert (again.status, again.json["type"].rpartition("/")[2]) == (409, "already_running")
    assert jobs["orders"] in again.json["detail"]
    wrong = api.post("/sync/run", planner, {"connector": "erp", "streams": ["invoices"]})
    assert (wrong.status, wrong.json["expected"]) == (422, "some of: items, orders")


def test_a_connector_that_is_switched_off_is_not_run(api: Api, tenant: Tenant) -> None:
    code = tenant()
    put(api, code, is_active=False)
    answer = api.post("/sync/run", token(code, "planner"), {"connector": "erp"})
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (409, "connector_inactive")


def test_a_trial_says_what_the_machine_saw(api: Api, tenant: Tenant, around: Outside) -> None:
    code = tenant()
    put(api, code)
    pulls(around).answer = {"ok": False, "streams": [
        {"stream": "items", "ok": False, "error_code": "auth_failed", "message": "erp.example.com does not take it."},
    ]}  # fmt: skip
    told = api.post("/connectors/erp/test", token(code, "planner"), {})
    assert (told.status, told.json["ok"], told.json["streams"][0]["error_code"]) == (200, False, "auth_failed")
    started = pulls(around).started[-1][1]
    assert (started["task"], started["connector"]) == ("pull_test", "erp")


def test_another_tenants_connector_is_none(api: Api, tenant: Tenant) -> None:
    """P-60, P-61."""
    mine, theirs = tenant(), tenant()
    put(api, theirs)
    planner = token(mine, "planner")
    assert api.get("/connectors", planner).json == []
    assert api.post("/sync/run", planner, {"connector": "erp"}).status == 404
    assert api.post("/connectors/erp/test", planner, {}).status == 404
    assert api("PUT", "/api/v1/connectors/erp/secret", as_=planner, body={"fields": {"token": "x"}}).status == 404
