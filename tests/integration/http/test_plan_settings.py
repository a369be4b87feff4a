"""How a plant wants its forecasts made: read by everybody, said by planners, each plant for itself."""

from __future__ import annotations

from opscopilot.forecasting.settings import PlanSettings, plan_settings
from opscopilot.kernel.ids import tenant_id_for
from tests.support.api import Api, token
from tests.support.fixtures import Tenant

PATH = "/planning/settings"


def test_defaults_hold_until_somebody_says_otherwise(api: Api, tenant: Tenant) -> None:
    mine, theirs = tenant(), tenant()
    assert api.get(PATH, token(mine)).json["periods"] == ["weekly", "monthly"]
    assert api.get(PATH, token(mine)).json["row_version"] == 0
    assert api.put(PATH, token(mine, "viewer"), {}).status == 403
    wanted = {"periods": ["monthly", "weekly"], "country": "DK", "service_level_by_class": {"A": "0.99"},
              "closed_weekdays": [7, 6, 7], "horizons": {"weekly": 26}}  # fmt: skip
    kept = api.put(PATH, token(mine, "planner"), wanted)
    assert kept.status == 200
    assert kept.json["periods"] == ["weekly", "monthly"]
    assert kept.json["service_level_by_class"] == {"A": "0.99", "B": "0.95", "C": "0.90"}
    assert (kept.json["closed_weekdays"], kept.json["row_version"]) == ([6, 7], 1)
    assert kept.json["updated_by"] == f"planner@{mine}"
    with api.database.tenant(tenant_id_for(mine)) as tx:
        found = plan_settings(tx)
    assert (found.country, found.horizon("weekly"), found.horizon("monthly")) == ("DK", 26, 12)
    with api.database.tenant(tenant_id_for(theirs)) as tx:
        assert plan_settings(tx) == PlanSettings()


def test_a_stale_change_is_refused(api: Api, tenant: Tenant) -> None:
    who = token(tenant(), "plant_manager")
    assert api.put(PATH, who, {"row_version": 0}).json["row_version"] == 1
    late = api.put(PATH, who, {"row_version": 0, "country": "SE"})
    assert (late.status, late.json["type"].rpartition("/")[2]) == (409, "stale_row_version")
    assert api.put(PATH, who, {"country": "SE"}).json["row_version"] == 2


def test_settings_that_make_no_sense_are_refused(api: Api, tenant: Tenant) -> None:
    who = token(tenant(), "planner")
    for wrong, field in (
        ({"periods": ["monthly"]}, "periods"),
        ({"periods": ["weekly", "hourly"]}, "periods"),
        ({"service_level": "1.2"}, "service_level"),
        ({"country": "Denmark"}, "country"),
        ({"horizons": {"quarterly": 40}}, "horizons"),
        ({"closed_weekdays": [0]}, "closed_weekdays"),
        ({"perods": ["weekly"]}, "perods"),
    ):
        answer = api.put(PATH, who, wrong)
        assert (answer.status, answer.json["field"].split(".")[0]) == (422, field), wrong
