"""Families, places, new items, successors and items that end: forecast, said what they are, and adding up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

MONDAY = date(2025, 3, 24)
NEXT = MONDAY + timedelta(days=7)
Run = Callable[..., Any]
LEVEL = [20, 24, 18, 22, 21, 19, 23, 20, 17, 25]


def series(plant: Any, period: str = "weekly") -> dict[str, dict[str, Any]]:
    found = plant.query(
        """SELECT s.*, v.period FROM forecast.forecast_series s JOIN forecast.forecast_versions v ON v.id = s.version_id
           WHERE v.period = :period""",
        period=period,
    )  # fmt: skip
    return {row["sku_code"] + (f"@{row['location_code']}" if row["location_code"] else ""): row for row in found}


def forecasts(plant: Any, period: str = "weekly") -> dict[str, list[dict[str, Any]]]:
    rows = plant.query(
        """SELECT f.*, s.sku_code, s.location_code FROM forecast.forecasts f
           JOIN forecast.forecast_versions v ON v.id = f.version_id
           JOIN forecast.forecast_series s ON s.version_id = f.version_id AND s.entity_type = f.entity_type
               AND s.entity_id = f.entity_id AND s.location_id IS NOT DISTINCT FROM f.location_id
           WHERE v.period = :period ORDER BY f.bucket_start""",
        period=period,
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["sku_code"] + (f"@{row['location_code']}" if row["location_code"] else ""), []).append(row)
    return found


def test_levels_add_up_in_the_published_version(plant: Any, run: Run) -> None:
    """Two families and an item of none, one item from two places: every level is the sum of the one below."""
    plant.add("locations", "NORTH", code="NORTH", name="Depot North", type="warehouse", is_nettable=True)
    for place, code, category in (
        ("MAIN", "A1", "Cheese"), ("MAIN", "A2", "Cheese"), ("MAIN", "B1", "Butter"), ("MAIN", "B2", "Butter"),
        ("NORTH", "C", None),
    ):  # fmt: skip
        plant.sku(code, category=category)
        plant.weeks(code, LEVEL * 5)
        plant.change(
            "UPDATE manufacturing.sales_order_lines SET ship_from = :place WHERE ship_from IS NULL", place=place
        )
    for back in range(50):
        plant.order("A1", MONDAY - timedelta(days=7 * back), 5 + back % 4, ship_from="NORTH")
    run(plant)
    found, told = forecasts(plant), series(plant)
    assert set(found) == {"A1", "A2", "B1", "B2", "C", "A1@MAIN", "A1@NORTH", "Cheese/EA", "Butter/EA", "PLANT/EA"}
    for step in range(13):
        value = {code: rows[step]["value"] for code, rows in found.items()}
        assert value["A1"] == value["A1@MAIN"] + value["A1@NORTH"]
        assert value["Cheese/EA"] == value["A1"] + value["A2"]
        assert value["Butter/EA"] == value["B1"] + value["B2"]
        assert value["PLANT/EA"] == value["Cheese/EA"] + value["Butter/EA"] + value["C"]
    assert told["Cheese/EA"]["entity_type"] == "family"
    assert told["A1"]["parent_id"] == told["Cheese/EA"]["entity_id"]
    assert told["C"]["parent_id"] == told["Cheese/EA"]["parent_id"] == told["PLANT/EA"]["entity_id"]


def test_a_total_says_what_is_not_in_it(plant: Any, run: Run) -> None:
    """An item too young to be forecast, and like no other; one that ended is missed by nobody."""
    for code, category in (("A", "Cheese"), ("B", "Cheese"), ("GONE", "Cheese"), ("C", "Butter"), ("D", "Butter")):
        plant.sku(code, category=category, **({"valid_to": MONDAY} if code == "GONE" else {}))
        plant.weeks(code, [10] * 60)
    plant.sku("YOUNG", category="Machines", description="Slicer")
    plant.weeks("YOUNG", [120])
    run(plant)
    told = series(plant)
    assert told["YOUNG"]["status"] == told["GONE"]["status"] == "refused"
    share = round(100 * 120 / (120 + 4 * 520), 1)
    assert told["PLANT/EA"]["note"].endswith(
        f"1 item with {share} % of the last year's demand has no forecast and is not in it"
    )
    assert all("not in it" not in (told[code]["note"] or "") for code in ("Cheese/EA", "Butter/EA"))


def test_a_new_item_is_forecast_from_items_like_it(plant: Any, run: Run) -> None:
    """Three weeks of its own at half the level of its peers; another not yet launched; a third like nothing else."""
    for code, level in (("P1", 40), ("P2", 60), ("P3", 50), ("P4", 45)):
        plant.sku(code, category="Cheese", description="Gouda wheel young")
        plant.weeks(code, [level * one // 20 for one in LEVEL * 5])
    plant.sku("NEW", category="Cheese", description="Gouda wheel smoked")
    plant.weeks("NEW", [25, 24, 26])
    plant.sku("SOON", category="Cheese", description="Gouda wheel old", valid_from=NEXT + timedelta(days=14))
    plant.sku("ODD", category="Machines", description="Slicer", valid_from=NEXT)
    run(plant)
    found, told = forecasts(plant), series(plant)
    assert told["NEW"]["status"] == told["SOON"]["status"] == "ok"
    assert told["NEW"]["method"] == "like P1, P2 and 2 others"
    assert "3 periods of its own demand" in told["NEW"]["note"]
    assert 24 < found["NEW"][0]["value"] < 50
    assert [row["value"] > 0 for row in found["SOON"]] == [False, False] + [True] * 11
    assert found["NEW"][0]["upper_95"] / found["NEW"][0]["value"] > found["P1"][0]["upper_95"] / found["P1"][0]["value"]
    assert (told["ODD"]["status"], "no history" in told["ODD"]["reason"]) == ("refused", True)


def test_a_successor_inherits_and_the_replaced_item_ends(plant: Any, run: Run) -> None:
    for code in ("OLD", "NEXT", "OTHER"):
        plant.sku(code)
    plant.weeks("OLD", LEVEL * 5)
    plant.weeks("OTHER", LEVEL * 5)
    plant.add("sku_supersessions", None, sku_id=plant.ids["OLD"], successor_sku_id=plant.ids["NEXT"], factor=2,
              use_up=False, valid_from=NEXT)  # fmt: skip
    run(plant)
    found, told = forecasts(plant), series(plant)
    assert told["NEXT"]["status"] == "ok"
    assert "inherits the demand of OLD, which it replaces" in told["NEXT"]["note"]
    assert 34 < found["NEXT"][0]["value"] < 50
    assert [float(row["value"]) for row in found["OLD"]] == [0.0] * 13
    assert f"ends on {NEXT}" in told["OLD"]["note"]


def test_a_successor_inherits_through_a_chain_and_a_circle_is_named(plant: Any, run: Run) -> None:
    """A until a year ago, then B at two of B for one of A, now C: C has the history of both. X and Y replace each other."""
    for code in "ABCXY":
        plant.sku(code)
    for i, qty in enumerate(LEVEL * 10):
        day = MONDAY - timedelta(days=7 * (99 - i))
        plant.order("A" if i < 50 else "B", day, qty if i < 50 else 2 * qty)
        plant.order("X" if i < 50 else "Y", day, qty)
    for old, new, factor in (("A", "B", 2), ("B", "C", 1), ("X", "Y", 1), ("Y", "X", 1)):
        plant.add("sku_supersessions", None, sku_id=plant.ids[old], successor_sku_id=plant.ids[new], factor=factor,
                  use_up=True, valid_from=NEXT if new == "C" else MONDAY - timedelta(days=350))  # fmt: skip
    run(plant)
    told = series(plant)
    assert "inherits the demand of B, A, which it replaces" in told["C"]["note"]
    assert told["C"]["status"] == "ok"
    assert 34 < forecasts(plant)["C"][0]["value"] < 50
    assert "circle" not in told["C"]["note"]
    assert "the replacements go round in a circle: Y replaces X replaces Y" in told["Y"]["note"]


def test_an_item_that_ends_within_the_horizon_is_nothing_from_then_on(plant: Any, run: Run) -> None:
    plant.sku("A", valid_to=NEXT + timedelta(days=7 * 4))
    plant.sku("B")
    for code in "AB":
        plant.weeks(code, LEVEL * 5)
    run(plant)
    values = [float(row["value"]) for row in forecasts(plant)["A"]]
    assert all(value > 10 for value in values[:4])
    assert values[4:] == [0.0] * 9
    assert "nothing is forecast from then on" in series(plant)["A"]["note"]


def test_months_and_days_are_forecast_in_their_own_season(plant: Any, run: Run) -> None:
    """P-56: an item ordered once a month is refused by the day and forecast by the month."""
    plant.sku("RARE")
    plant.sku("OFTEN")
    for month in range(24):
        plant.order("RARE", date(2023 + (month + 2) // 12, (month + 2) % 12 + 1, 28), 100)
    for back in range(365):
        plant.order("OFTEN", date(2025, 3, 30) - timedelta(days=back), 5)
    run(plant, "daily", "monthly")
    daily, monthly = series(plant, "daily"), series(plant, "monthly")
    assert daily["RARE"]["status"] == "refused"
    assert "too rare for a daily forecast" in daily["RARE"]["reason"]
    assert monthly["RARE"]["status"] == daily["OFTEN"]["status"] == "ok"
    assert [row["bucket_start"] for row in forecasts(plant, "monthly")["RARE"]][:2] == [
        date(2025, 3, 1),
        date(2025, 4, 1),
    ]
    assert abs(float(forecasts(plant, "monthly")["RARE"][0]["value"]) - 100) < 15
    assert len(forecasts(plant, "daily")["OFTEN"]) == 28
