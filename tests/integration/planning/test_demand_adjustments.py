"""What people say about past demand: with a reason, reversible, and the orders stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.api import Api, token

ADJUST = "/planning/demand-adjustments"
WHY = {"reason": "One tender, will not come again"}


def test_a_bucket_is_replaced_kept_or_left_out_and_taken_back(published: Any, api: Api, planner: str) -> None:
    history = api.get("/planning/forecasts/demand-history", planner, sku="A", limit=3).json
    assert history["total"] == 52
    assert [one["bucket_start"] for one in history["items"]] == ["2025-03-24", "2025-03-17", "2025-03-10"]
    assert {"ordered_qty", "learned_qty", "flag", "adjustment_id"} <= set(history["items"][0])
    body = {"sku": "A", "bucket_start": "2025-03-17", "action": "replace", "qty": "5", **WHY}
    made = api.post(ADJUST, planner, body)
    assert (made.status, made.json["qty"], made.json["made_by"]) == (201, "5", f"planner@{published.code}")
    assert api.post(ADJUST, planner, body).status == 409
    assert api.get(ADJUST, planner).json["total"] == 1
    gone = api.delete(f"{ADJUST}/{made.json['id']}", planner)
    assert gone.json["revoked_by"] == f"planner@{published.code}"
    assert api.get(ADJUST, planner).json["total"] == 0
    assert api.get(ADJUST, planner, only_open=False).json["total"] == 1
    assert api.post(ADJUST, planner, {**body, "action": "exclude", "qty": None}).status == 201


def test_what_makes_no_sense_is_refused(published: Any, api: Api, planner: str) -> None:
    good = {"sku": "A", "bucket_start": "2025-03-17", "action": "exclude", **WHY}
    for change, status, field in (
        ({"bucket_start": "2025-03-18"}, 422, "bucket_start"), ({"bucket_start": "2025-06-02"}, 422, "bucket_start"),
        ({"action": "replace"}, 422, "qty"), ({"qty": "3"}, 422, "qty"), ({"reason": "no"}, 422, "reason"),
        ({"sku": "Z"}, 404, "sku"), ({"location": "NOWHERE"}, 404, "location"),
    ):  # fmt: skip
        answer = api.post(ADJUST, planner, {**good, **change})
        assert (answer.status, answer.json["field"]) == (status, field), change
    assert api.post(ADJUST, token(published.code, "operator"), good).status == 403


def test_p60_another_plant_cannot_take_it_back(
    published: Any, api: Api, planner: str, make_plant: Callable[..., Any]
) -> None:
    made = api.post(ADJUST, planner, {"sku": "A", "bucket_start": "2025-03-17", "action": "exclude", **WHY})
    other = token(make_plant("other-plant").code, "admin")
    assert api.delete(f"{ADJUST}/{made.json['id']}", other).status == 404
    assert api.get(ADJUST, other).json["total"] == 0
