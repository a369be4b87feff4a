"""The API's own description, its documentation page, and the copilot's tools over HTTP."""

from __future__ import annotations

import re

from tests.support.api import Api, token
from tests.support.fixtures import NewPlant

NAMED = (
    "POST /sync/run", "GET /sync/status/{job_id}", "GET /sync/job/{job_id}", "POST /ingest", "GET /jobs",
    "GET /inventory/current", "GET /orders/open", "GET /suppliers", "GET /production/status",
    "GET /quality/inventory-check", "POST /copilot/query", "GET /copilot/session/{session_id}/history",
    "DELETE /copilot/session/{session_id}", "GET /copilot/tools", "POST /forecast/demand",
    "POST /forecast/inventory-risk", "POST /forecasts", "GET /forecasts", "POST /notify/email", "POST /notify/alert",
    "POST /notify/alert/{alert_id}/acknowledge", "POST /notify/preferences", "GET /notify/channels", "GET /health",
    "GET /health/ready", "GET /health/live",
)  # fmt: skip


def operations(api: Api) -> dict[str, dict[str, object]]:
    schema = api("GET", "/openapi.json").json
    return {
        f"{method.upper()} {path}": operation
        for path, found in schema["paths"].items()
        for method, operation in found.items()
    }


def test_every_endpoint_the_product_promises_is_there(api: Api) -> None:
    there = {name.replace("/api/v1", "") for name in operations(api)}
    assert [name for name in NAMED if name not in there] == []


def test_every_operation_has_a_summary_a_tag_and_its_problems(api: Api) -> None:
    schema = api("GET", "/openapi.json").json
    assert "Problem" in schema["components"]["schemas"]
    tags = {one["name"] for one in schema["tags"]}
    for name, operation in operations(api).items():
        assert operation["summary"], name
        assert set(operation["tags"]) <= tags, name  # type: ignore[call-overload]
        if "health" not in name and "copilot" not in name:
            assert "application/problem+json" in str(operation["responses"]), name
    ids = [one["operationId"] for one in operations(api).values()]
    assert len(ids) == len(set(ids))


def test_the_documentation_page_needs_nothing_from_elsewhere(api: Api) -> None:
    page = api("GET", "/docs")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/v1/inventory/current" in page.text
    assert re.findall(r"(?:src|href)=['\"](?:https?:)?//", page.text) == []
    assert "<script" not in page.text


def test_tools_answer_over_http_and_refuse_a_tenant_argument(api: Api, new_plant: NewPlant) -> None:
    plant = new_plant(as_of="2026-09-30")
    names = {one["name"] for one in api.get("/copilot/tools", token(plant.code)).json}
    assert {"query_inventory", "lookup_orders", "get_production_status", "query_bom", "get_forecasts",
            "get_alerts"} <= names  # fmt: skip
    nothing = api.post("/copilot/tools/query_inventory", token(plant.code), {})
    assert nothing.json["status"] == "not_ingested"
    refused = api.post("/copilot/tools/query_inventory", token(plant.code), {"tenant": "other"})
    assert refused.status == 422
