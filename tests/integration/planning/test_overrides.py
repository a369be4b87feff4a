"""A planner's number over the engine's: who, why, how it is carried on, and that nothing published changes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

from tests.support.api import Api, token

FORECASTS = "/planning/forecasts"
WHY = {"reason": "Listed at Dagrofa from week 18", "reason_category": "new_customer"}


def rows(api: Api, who: str, sku: str = "A", **more: Any) -> list[dict[str, Any]]:
    found = api.get(FORECASTS, who, sku=sku, **more)
    assert found.status == 200, found.text
    items: list[dict[str, Any]] = found.json["items"]
    return items


def test_p52_an_override_lies_over_the_published_row_and_leaves_it_alone(
    published: Any, api: Api, planner: str
) -> None:
    before = published.query("SELECT * FROM forecast.forecasts ORDER BY id")
    first = rows(api, planner)[0]
    assert (first["is_override"], first["value"]) == (False, first["baseline_value"])
    said = api.put(f"{FORECASTS}/{first['id']}/override", planner, {"value": "480", **WHY})
    assert said.status == 200, said.text
    assert (said.json["value"], said.json["is_override"], said.json["override_reason"]) == ("480", True, WHY["reason"])
    assert said.json["baseline_value"] == first["value"]
    assert Decimal(said.json["lower"]) == Decimal(first["lower"]) <= 480 <= Decimal(said.json["upper"])
    assert said.json["override"]["made_by"] == f"planner@{published.code}"
    assert rows(api, planner)[0] == said.json
    assert rows(api, planner, overridden=True) == [said.json]
    assert published.query("SELECT * FROM forecast.forecasts ORDER BY id") == before
    gone = api.delete(f"{FORECASTS}/{first['id']}/override", planner)
    assert gone.json == first
    assert api.delete(f"{FORECASTS}/{first['id']}/override", planner).status == 404
    record = api.get(f"{FORECASTS}/overrides", planner).json["items"][0]
    assert (record["is_open"], record["revoked_by"], record["value"]) == (False, f"planner@{published.code}", "480")


def test_who_may_and_what_is_refused(published: Any, api: Api, planner: str) -> None:
    first = rows(api, planner)[0]
    path = f"{FORECASTS}/{first['id']}/override"
    for role in ("viewer", "operator", "buyer"):
        assert api.put(path, token(published.code, role), {"value": "1", **WHY}).status == 403
    for role in ("plant_manager", "admin"):
        assert api.put(path, token(published.code, role), {"value": "1", **WHY}).status == 200
    for wrong, field in (
        ({"value": "-1", **WHY}, "value"), ({"value": "480"}, "reason"), ({"value": "480", "reason": "  x  "}, "reason"),
        ({"value": "480", "reason": "because I say so", "reason_category": "mood"}, "reason_category"),
        ({"value": "1e30", **WHY}, "value"),
    ):  # fmt: skip
        answer = api.put(path, planner, wrong)
        assert (answer.status, answer.json["field"]) == (422, field), wrong
    assert api.put(f"{FORECASTS}/{uuid4()}/override", planner, {"value": "1", **WHY}).status == 404


def test_several_at_once_are_all_or_none(published: Any, api: Api, planner: str) -> None:
    first, second = rows(api, planner)[:2]
    items = [{"id": first["id"], "value": "40"}, {"id": second["id"], "value": "50"}]
    bad = api.post(f"{FORECASTS}/overrides", planner, {"items": [*items, {"id": str(uuid4()), "value": "1"}], **WHY})
    assert bad.status == 404
    assert rows(api, planner, overridden=True) == []
    done = api.post(f"{FORECASTS}/overrides", planner, {"items": items, **WHY})
    assert [one["value"] for one in done.json] == ["40", "50"]
    assert [one["value"] for one in rows(api, planner)[:2]] == ["40", "50"]
    again = api.post(f"{FORECASTS}/overrides", planner, {"items": items, **WHY})
    assert again.json == done.json
    assert api.get(f"{FORECASTS}/overrides", planner).json["total"] == 2
    twice = api.post(f"{FORECASTS}/overrides", planner, {"items": [items[0], items[0]], **WHY})
    assert (twice.status, twice.json["field"]) == (422, "items")


def test_the_next_version_is_made_with_open_overrides_and_without_revoked_ones(
    published: Any, api: Api, planner: str, run: Callable[[Any], Any]
) -> None:
    first, second, third = rows(api, planner)[:3]
    for one, value in ((first, "400"), (second, "3"), (third, "77")):
        assert api.put(f"{FORECASTS}/{one['id']}/override", planner, {"value": value, **WHY}).status == 200
    assert api.delete(f"{FORECASTS}/{third['id']}/override", planner).status == 200
    published.order("B", published.as_of, 40)
    run(published)
    carried = rows(api, planner)
    assert carried[0]["version"].endswith("-02")
    assert [one["value"] for one in carried[:2]] == ["400", "3"]
    assert [one["is_override"] for one in carried[:3]] == [True, True, False]
    stored = published.query(
        """SELECT f.* FROM forecast.forecasts f JOIN forecast.forecast_versions v ON v.id = f.version_id
           WHERE f.entity_id = :sku AND v.status = 'published' AND f.entity_type = 'sku' AND v.period = 'weekly'
           ORDER BY f.bucket_start""",
        sku=published.ids["A"],
    )
    assert [row["is_override"] for row in stored[:3]] == [True, True, False]
    assert stored[0]["statistical_value"] == Decimal(carried[0]["baseline_value"])
    for row in stored[:2]:
        assert 0 <= row["lower_95"] <= row["lower_80"] <= row["value"] <= row["upper_80"] <= row["upper_95"]
        assert row["override_reason"] == WHY["reason"]
    levels = published.query(
        """SELECT f.entity_type, f.value, f.statistical_value FROM forecast.forecasts f
           JOIN forecast.forecast_versions v ON v.id = f.version_id
           WHERE v.status = 'published' AND v.period = 'weekly' AND f.bucket_start = :bucket""",
        bucket=stored[0]["bucket_start"],
    )
    items = sum(row["value"] for row in levels if row["entity_type"] == "sku")
    sums = [row["value"] for row in levels if row["entity_type"] in ("family", "plant")]
    assert sums
    assert all(abs(one - items) < Decimal("0.0001") for one in sums)
    series = published.query(
        """SELECT s.lead_time_mean, v.status FROM forecast.forecast_series s
           JOIN forecast.forecast_versions v ON v.id = s.version_id
           WHERE s.entity_id = :sku AND s.entity_type = 'sku' AND v.period = 'weekly' ORDER BY v.id""",
        sku=published.ids["A"],
    )
    assert series[1]["lead_time_mean"] > series[0]["lead_time_mean"] + 300
    # Revoked after the version was made with it: the row stays, reading gives the engine's number back.
    assert api.delete(f"{FORECASTS}/{carried[0]['id']}/override", planner).json["value"] == carried[0]["baseline_value"]


def test_an_override_asks_for_review_once_the_engine_has_changed_its_mind(
    published: Any, api: Api, planner: str, run: Callable[[Any], Any]
) -> None:
    first = rows(api, planner)[0]
    api.put(f"{FORECASTS}/{first['id']}/override", planner, {"value": "60", **WHY})
    assert rows(api, planner)[0]["override"]["needs_review"] is False
    for week in range(10):
        published.order("A", published.as_of.fromordinal(published.as_of.toordinal() - 6 - 7 * week), 300)
    run(published)
    again = rows(api, planner)[0]
    assert again["value"] == "60"
    assert Decimal(again["baseline_value"]) > Decimal(first["baseline_value"]) * 2
    assert again["override"]["needs_review"] is True
    assert api.get(f"{FORECASTS}/overrides", planner, sku="A").json["items"][0]["needs_review"] is True


def test_a_period_that_is_over_cannot_be_overridden(published: Any, api: Api, planner: str) -> None:
    first, _, third = rows(api, planner)[:3]
    published.query("UPDATE platform.tenants SET as_of = '2025-04-08' RETURNING 1")
    late = api.put(f"{FORECASTS}/{first['id']}/override", planner, {"value": "60", **WHY})
    assert (late.status, late.json["type"].rpartition("/")[2]) == (409, "bucket_over")
    assert api.put(f"{FORECASTS}/{third['id']}/override", planner, {"value": "60", **WHY}).status == 200


def test_p60_another_plant_neither_sees_nor_moves_an_override(
    published: Any, api: Api, planner: str, make_plant: Callable[..., Any]
) -> None:
    other = token(make_plant("other-plant").code, "admin")
    first = rows(api, planner)[0]
    api.put(f"{FORECASTS}/{first['id']}/override", planner, {"value": "60", **WHY})
    for answer in (
        api.get(f"{FORECASTS}/{first['id']}", other),
        api.put(f"{FORECASTS}/{first['id']}/override", other, {"value": "1", **WHY}),
        api.delete(f"{FORECASTS}/{first['id']}/override", other),
    ):
        assert answer.status == 404
    assert api.get(f"{FORECASTS}/overrides", other).json["total"] == 0
    assert rows(api, planner)[0]["value"] == "60"


def test_lists_are_paged_by_key(published: Any, api: Api, planner: str) -> None:
    whole = api.get(FORECASTS, planner, limit=500).json
    assert whole["total"] == len(whole["items"]) == 26
    seen: list[Any] = []
    cursor = None
    while True:
        page = api.get(FORECASTS, planner, limit=7, cursor=cursor).json
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == whole["items"]
    assert [(one["sku_code"], one["bucket_start"]) for one in seen] == sorted(
        (one["sku_code"], one["bucket_start"]) for one in seen
    )
