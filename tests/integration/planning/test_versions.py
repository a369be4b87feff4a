"""Copies to plan on, publishing, archiving and going back; what was published stays as it was (P-52)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import Conflict
from tests.support.api import Api, token

Run = Callable[[Any], Any]
CarryOut = Callable[[Any], dict[str, Any]]
VERSIONS = "/planning/forecast-versions"
WHY = {"reason": "Campaign in the shops", "reason_category": "promotion"}


def weekly(plant: Any) -> list[tuple[str, str]]:
    found = plant.query("SELECT code, status FROM forecast.forecast_versions WHERE period = 'weekly' ORDER BY id")
    return [(row["code"].split("-", 3)[3], row["status"]) for row in found]


def contents(plant: Any, code: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plant.query(
        """SELECT f.* FROM forecast.forecasts f JOIN forecast.forecast_versions v ON v.id = f.version_id
           WHERE v.code = :code ORDER BY f.id""",
        code=code,
    )
    return found


def test_a_copy_takes_overrides_and_is_published_with_them(
    published: Any, api: Api, planner: str, carry_out: CarryOut
) -> None:
    origin = api.get(VERSIONS, planner, limit=500).json["items"]
    origin = next(one for one in origin if one["period"] == "weekly")
    before = contents(published, origin["code"])
    asked = api.post(f"{VERSIONS}/{origin['code']}/clone", planner, {"reason": "Campaign plan"})
    done = carry_out(asked)
    assert (done["version"], done["status"]) == (f"{origin['code']}-C1", "draft")
    assert carry_out(asked)["version_id"] == asked.json["version_id"]
    draft = api.get("/planning/forecasts", planner, version=done["version"]).json
    assert [(one["sku_code"], one["value"]) for one in draft["items"]] == [
        (one["sku_code"], one["value"]) for one in api.get("/planning/forecasts", planner).json["items"]
    ]
    row = draft["items"][0]
    assert api.put(f"/planning/forecasts/{row['id']}/override", planner, {"value": "444", **WHY}).status == 200
    assert api.get("/planning/forecasts", planner, limit=1).json["items"][0]["value"] == row["value"]
    compared = api.get(f"{VERSIONS}/{origin['code']}/compare/{done['version']}", planner).json
    mover = compared["items"][0]
    assert (mover["sku_code"], compared["total"], compared["totals"][0]["uom"]) == ("A", 2, "EA")
    assert float(mover["difference"]) == pytest.approx(444 - float(row["value"]), abs=1e-6)
    assert float(mover["worth"]) == pytest.approx(10 * float(mover["difference"]), abs=1e-3)
    assert api.post(f"{VERSIONS}/{done['version']}/transition", planner, {"status": "published"}).status == 403
    boss = token(published.code, "plant_manager")
    out = carry_out(api.post(f"{VERSIONS}/{done['version']}/transition", boss, {"status": "published"}))
    assert out["status"] == "published"
    assert weekly(published) == [("01", "superseded"), ("01-C1", "published")]
    assert api.get("/planning/forecasts", planner, limit=1).json["items"][0]["value"] == "444"
    assert contents(published, origin["code"]) == before
    put_away = api.post(f"{VERSIONS}/{origin['code']}/transition", boss, {"status": "archived"})
    assert carry_out(put_away)["status"] == "archived"
    assert api.post(f"{VERSIONS}/{origin['code']}/transition", boss, {"status": "published"}).status == 409


def test_p52_a_rollback_brings_the_version_before_back_as_it_was(
    published: Any, api: Api, run: Run, carry_out: CarryOut
) -> None:
    boss = token(published.code, "plant_manager")
    first = contents(published, "DEMAND-W-20250330-01")
    nothing = api.post(f"{VERSIONS}/rollback", boss, {"reason": "nothing there"})
    assert (nothing.status, nothing.json["type"].rpartition("/")[2]) == (404, "nothing_to_restore")
    in_force = {"reason": "is in force", "version": "DEMAND-W-20250330-01"}
    assert api.post(f"{VERSIONS}/rollback", boss, in_force).status == 409
    published.order("B", published.as_of, 4000)
    run(published)
    assert weekly(published) == [("01", "superseded"), ("02", "published")]
    assert api.post(f"{VERSIONS}/rollback", token(published.code, "planner"), {"reason": "no right"}).status == 403
    back = carry_out(api.post(f"{VERSIONS}/rollback", boss, {"reason": "Orders were loaded twice"}))
    assert (back["version"], back["withdrawn"]) == ("DEMAND-W-20250330-01", "DEMAND-W-20250330-02")
    assert weekly(published) == [("01", "published"), ("02", "superseded")]
    assert contents(published, "DEMAND-W-20250330-01") == first
    assert api.get("/planning/forecasts", boss, limit=1).json["items"][0]["version"] == "DEMAND-W-20250330-01"
    # The same data do not bring the withdrawn one back; new data make a new version.
    again = run(published)
    assert any("taken out of force" in reason for reason in again["reasons"])
    assert weekly(published)[0] == ("01", "published")
    published.order("B", published.as_of, 4)
    run(published)
    assert weekly(published)[-1] == ("03", "published")
    moves = published.query("SELECT move, requested_by, reason FROM forecast.version_moves ORDER BY created_at, move")
    assert [one["move"] for one in moves] == ["restored", "withdrawn"]
    assert {one["requested_by"] for one in moves} == {f"plant_manager@{published.code}"}
    # A named version, also the withdrawn one, can be put back.
    named = {"reason": "It was right after all", "version": "DEMAND-W-20250330-02"}
    assert carry_out(api.post(f"{VERSIONS}/rollback", boss, named))["version"] == "DEMAND-W-20250330-02"


def test_p52_only_a_rollback_that_names_the_version_gets_past_the_guard(
    published: Any, run: Run, opened: Callable[[str], Database]
) -> None:
    published.order("B", published.as_of, 40)
    run(published)
    old = published.query("SELECT id FROM forecast.forecast_versions WHERE status = 'superseded' AND period = 'weekly'")
    tries = [
        "UPDATE forecast.forecast_versions SET status = 'published' WHERE id = :id",
        """UPDATE forecast.forecast_versions SET status = 'published', name = 'other' WHERE id = :id
             AND set_config('app.rollback_to', CAST(:id AS text), true) IS NOT NULL""",
        "UPDATE forecast.forecasts SET method = 'none' WHERE version_id = :id",
    ]
    for sql in tries:
        with (
            pytest.raises(DBAPIError, match=r"cannot (go from|be changed)"),
            opened("ops_forecast").tenant(published.tenant_id) as tx,
        ):
            tx.execute(sql, id=old[0]["id"])


def test_an_old_copy_does_not_replace_newer_data(
    published: Any, api: Api, planner: str, run: Run, carry_out: CarryOut
) -> None:
    copy = carry_out(api.post(VERSIONS, planner, {"reason": "Campaign plan"}))
    published.order("B", published.as_of, 40)
    run(published)
    boss = token(published.code, "admin")
    late = api.post(f"{VERSIONS}/{copy['version']}/transition", boss, {"status": "published"})
    with pytest.raises(Conflict, match="was made after"):
        carry_out(late)
    assert ("01-C1", "draft") in weekly(published)


def test_what_a_draft_of_items_asks_of_the_state_machine(published: Any, api: Api, planner: str, around: Any) -> None:
    answer = api.post("/planning/forecasts/generate", planner, {"skus": ["A"], "period": "monthly", "horizon": 6})
    assert answer.status == 202
    [payload] = around.runs.started.values()
    assert payload["sku_ids"] == [str(published.ids["A"])]
    assert (payload["periods"], payload["horizon"]) == (["monthly"], 6)
    assert api.post("/planning/forecasts/generate", planner, {"skus": ["Z"]}).status == 404
    assert api.post("/planning/forecasts/generate", token(published.code), {}).status == 403


def test_p60_another_plant_sees_no_version(
    published: Any, api: Api, planner: str, make_plant: Callable[..., Any]
) -> None:
    other = token(make_plant("other-plant").code, "admin")
    code = "DEMAND-W-20250330-01"
    for answer in (
        api.get(f"{VERSIONS}/{code}", other), api.post(f"{VERSIONS}/{code}/clone", other),
        api.post(f"{VERSIONS}/{code}/transition", other, {"status": "archived"}),
        api.get(f"{VERSIONS}/{code}/compare/{code}", other),
        api.post(f"{VERSIONS}/rollback", other, {"reason": "not mine"}),
    ):  # fmt: skip
        assert answer.status == 404
    assert api.get(VERSIONS, other).json["total"] == 0
