"""Models: who is active, who challenges, what it takes to be promoted, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opscopilot.forecasting.registry.verdict import verdict
from opscopilot.kernel.db import Database
from tests.support.api import Api, token

Run = Callable[[Any], Any]
CarryOut = Callable[[Any], dict[str, Any]]
MODELS = "/forecast/models"


@pytest.fixture
def admin(plant: Any) -> str:
    return token(plant.code, "admin")


def test_the_active_model_with_its_executions(published: Any, api: Api, admin: str) -> None:
    [model] = api.get(MODELS, admin, type="demand").json["items"]
    assert (model["name"], model["status"], model["type"]) == ("demand-pooled-ensemble", "active", "demand")
    assert model["metrics"]["weekly"]["backtest_all"]["wape"] is not None
    assert (model["training_from"], model["training_to"] is not None) == ("2024-04-01", True)
    one = api.get(f"{MODELS}/{model['id']}", admin).json
    assert (one["comparison"], one["executions"] > 0) == (None, True)
    page = api.get(f"{MODELS}/{model['id']}/executions", admin, limit=1).json
    assert page["items"][0]["status"] == "completed"
    assert len(page["items"][0]["input_hash"]) == 64
    assert page["items"][0]["latency_ms"] >= 0
    other = api.get(f"{MODELS}/{model['id']}/executions", admin, limit=1, cursor=page["next_cursor"])
    assert other.json["items"][0]["id"] != page["items"][0]["id"]


def test_a_challenger_is_computed_beside_and_not_promoted_without_proof(
    published: Any, api: Api, admin: str, run: Run, carry_out: CarryOut, opened: Callable[[str], Database]
) -> None:
    body = {"version": "2-four-origins", "engine": {"origins": 4}, "share": 1}
    assert api.post(MODELS, token(published.code, "planner"), body).status == 403
    for wrong in ({"origins": 0.5}, {"orgins": 4}, {"gate": 1}):
        assert api.post(MODELS, admin, {**body, "engine": wrong}).status == 422
    done = carry_out(api.post(MODELS, admin, body))
    assert done["status"] == "registered"
    assert api.post(MODELS, admin, body).status == 409
    before = api.get("/planning/forecasts", admin).json["items"]
    published.order("B", published.as_of, 1)
    run(published)
    found = api.get(f"{MODELS}/{done['model_id']}", admin).json
    assert found["status"] == "validated"
    assert 0 <= found["comparison"]["series"] <= 4
    assert [one["method"] for one in api.get("/planning/forecasts", admin).json["items"]] == [
        one["method"] for one in before
    ]
    kept = published.query("SELECT count(*) AS n FROM forecast.challenger_forecasts")
    assert kept[0]["n"] > 0
    refused = api.post(f"{MODELS}/{done['model_id']}/promote", admin, {"reason": "I like it"})
    assert (refused.status, refused.json["type"].rpartition("/")[2]) == (409, "not_better")
    assert "at least 30" in refused.json["detail"]
    assert carry_out(api.post(f"{MODELS}/{done['model_id']}/retire", admin))["status"] == "retired"


def test_promotion_is_paired_by_series_and_the_way_back_is_one_command(
    published: Any, api: Api, admin: str, run: Run, carry_out: CarryOut, opened: Callable[[str], Database]
) -> None:
    done = carry_out(api.post(MODELS, admin, {"version": "2", "engine": {"origins": 4}}))
    with opened("ops_forecast").tenant(published.tenant_id) as tx:
        _trials(tx, done["model_id"], better_by=0.05)
        assert not verdict(tx, done["model_id"]).better
    with opened("ops_forecast").tenant(published.tenant_id) as tx:
        tx.execute("DELETE FROM forecast.model_trials")
        _trials(tx, done["model_id"], better_by=0.5)
        said = verdict(tx, done["model_id"])
        assert (said.better, said.series, said.p_value is not None and said.p_value < 0.05) == (True, 40, True)
    promoted = carry_out(api.post(f"{MODELS}/{done['model_id']}/promote", admin, {"reason": "Better by half"}))
    assert (promoted["status"], promoted["verdict"]["series"]) == ("active", 40)
    states = {one["version"]: one["status"] for one in api.get(MODELS, admin, type="demand").json["items"]}
    assert states == {"1": "retired", "2": "active"}
    published.order("B", published.as_of, 2)
    run(published)
    used = published.query(
        """SELECT m.version FROM forecast.forecast_versions v JOIN forecast.forecast_models m ON m.id = v.model_id
           WHERE v.status = 'published' AND v.period = 'weekly'"""
    )
    assert used[0]["version"] == "2"
    first = next(one for one in api.get(MODELS, admin, type="demand").json["items"] if one["version"] == "1")
    again = api.post(f"{MODELS}/{first['id']}/promote", admin, {"reason": "It was fine"})
    assert (again.status, again.json["type"].rpartition("/")[2]) == (409, "not_better")
    assert carry_out(api.post(f"{MODELS}/rollback", admin, {"reason": "Orders look odd"}))["model"].endswith(" 1")
    states = {one["version"]: one["status"] for one in api.get(MODELS, admin, type="demand").json["items"]}
    assert states == {"1": "active", "2": "retired"}


def test_p60_models_are_each_plants_own(published: Any, api: Api, admin: str, make_plant: Callable[..., Any]) -> None:
    [model] = api.get(MODELS, admin, type="demand").json["items"]
    other = token(make_plant("other-plant").code, "admin")
    assert api.get(MODELS, other).json["total"] == 0
    for path in ("", "/executions"):
        assert api.get(f"{MODELS}/{model['id']}{path}", other).status == 404
    assert api.post(f"{MODELS}/{model['id']}/promote", other, {"reason": "not mine"}).status == 404


def _trials(tx: Any, model_id: str, better_by: float) -> None:
    """Forty series on which the challenger gains, more on some and less than nothing on others."""
    tx.execute(
        """INSERT INTO forecast.model_trials (tenant_id, version_id, model_id, entity_type, entity_id, n, scale,
               absolute, champion_absolute, actual, coverage_95, champion_coverage_95)
           SELECT v.tenant_id, v.id, CAST(:model AS uuid), 'sku', platform.new_id(), 10, 100,
               100 - 100 * (CAST(:by AS float8) + sin(i)), 100, 1000, 0.95, 0.95
           FROM forecast.forecast_versions v, generate_series(1, 40) i
           WHERE v.status = 'published' AND v.period = 'weekly'""",
        model=model_id, by=better_by,
    )  # fmt: skip
