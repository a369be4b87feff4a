"""What is known ahead, from the tables to the columns the engine reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.drivers import NodeKey, read
from opscopilot.forecasting.demand.periods import PERIODS
from opscopilot.forecasting.demand.planned_events import PlannedEvent, planned
from opscopilot.forecasting.engine.drivers import Drivers
from opscopilot.forecasting.settings import PlanSettings
from opscopilot.kernel.db import Database
from tests.integration.forecasting.conftest import Plant

CUT = DataCut(date(2025, 3, 30), date(2025, 3, 30), 1)
QUIET = PlanSettings(country="ZZ")
Reader = Callable[..., dict[NodeKey, Drivers]]


@pytest.fixture
def item(plant: Plant) -> UUID:
    return plant.sku("JAM")


@pytest.fixture
def drivers(plant: Plant, opened: Callable[[str], Database]) -> Reader:
    """Drivers of nodes as the forecast function reads them."""

    def go(
        *nodes: NodeKey, period: str = "weekly", settings: PlanSettings = QUIET, back: int = 60
    ) -> dict[NodeKey, Drivers]:
        with opened("ops_forecast").tenant(plant.tenant_id) as tx:
            return read(tx, nodes, PERIODS[period], CUT, back, 6, settings, "Etc/UTC")  # type: ignore[index]

    return go


def promote(plant: Plant, sku: UUID, first: str, last: str, *, status: str = "confirmed", **values: object) -> None:
    given = {"promo_code": f"P{first}", "kind": "price_cut", "is_featured": False, "is_displayed": False, **values}
    plant.add(
        "promotions", None, sku_id=sku, starts_on=date.fromisoformat(first), ends_on=date.fromisoformat(last),
        status=status, **given,
    )  # fmt: skip


def column(found: Drivers, name: str) -> list[float]:
    at = found.names.index(name)
    return [round(float(x), 4) for x in np.concatenate([found.past[:, at], found.future[:, at]])]


def test_a_promotion_is_the_share_of_the_bucket_it_runs_in_and_nothing_once_cancelled(
    plant: Plant, item: UUID, drivers: Reader
) -> None:
    promote(plant, item, "2025-03-10", "2025-03-16", is_featured=True, discount=Decimal("0.3"))
    promote(plant, item, "2025-04-03", "2025-04-06", status="planned", discount=Decimal("0.2"))
    found = drivers(("sku", item, None))["sku", item, None]
    assert column(found, "promotion")[-9:] == [1, 0, 0, 0.5714, 0, 0, 0, 0, 0]
    assert column(found, "feature")[-9:] == [1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert column(found, "price")[-9:-5] == [0.7, 1, 1, round(0.8 ** (4 / 7), 4)]
    assert found.past.shape == (60, 3)
    assert found.future.shape == (6, 3)
    plant.change("UPDATE manufacturing.promotions SET status = 'cancelled'")
    assert drivers(("sku", item, None)) == {}


def test_prices_hold_until_the_next_one_and_a_location_has_its_own(plant: Plant, item: UUID, drivers: Reader) -> None:
    main = plant.ids["MAIN"]
    for day, price, place in (("2024-01-01", 10, None), ("2025-03-24", 12, None), ("2025-04-07", 9, main)):
        plant.add("prices", None, sku_id=item, valid_from=date.fromisoformat(day), unit_price=price, location_id=place)
    found = drivers(("sku", item, None), ("sku_location", item, main))
    assert column(found["sku", item, None], "price")[-8:] == [10, 12, 12, 12, 12, 12, 12, 12]
    assert column(found["sku_location", item, main], "price")[-8:] == [10, 12, 12, 9, 9, 9, 9, 9]
    promote(plant, item, "2025-04-21", "2025-04-27", promo_price=Decimal(8))
    assert column(drivers(("sku", item, None))["sku", item, None], "price")[-6:] == [12, 12, 12, 8, 12, 12]


def test_a_promotion_of_one_customer_counts_as_much_as_the_customer(plant: Plant, item: UUID, drivers: Reader) -> None:
    other = plant.add("customers", "C2", customer_code="C2", is_active=True)
    plant.order("JAM", date(2025, 1, 6), 75)
    plant.change("UPDATE manufacturing.sales_orders SET customer_id = :other", other=other)
    plant.order("JAM", date(2025, 1, 7), 25)
    promote(plant, item, "2025-04-07", "2025-04-13", customer_id=other)
    assert column(drivers(("sku", item, None))["sku", item, None], "promotion")[-6:] == [0, 0.75, 0, 0, 0, 0]


def test_holidays_of_the_country_move_with_easter(item: UUID, drivers: Reader) -> None:
    found = drivers(("plant", item, None), settings=PlanSettings(country="DK"))["plant", item, None]
    easter = column(found, "easter")
    assert (easter[0:4], easter[-6:]) == ([0, 0, 0, 0], [0, round(1 / 7, 4), 1, 0, 0, 0])
    assert column(found, "holiday")[-5:-2] == [0, round(2 / 7, 4), round(1 / 7, 4)]


def test_closed_days_are_closed_day_by_day_and_a_share_of_longer_buckets(
    plant: Plant, item: UUID, drivers: Reader
) -> None:
    plant.add("calendar_days", None, calendar_date=date(2025, 4, 1), kind="shutdown", name="Boiler")
    settings = PlanSettings(country="ZZ", closed_weekdays=(7,))
    daily = drivers(("sku", item, None), period="daily", settings=settings)["sku", item, None]
    assert column(daily, "closed")[-7:] == [1, 0, 1, 0, 0, 0, 0]
    weekly = drivers(("sku", item, None), settings=settings)["sku", item, None]
    assert column(weekly, "closed share")[-6:] == [0.2857, *[0.1429] * 5]


def test_an_event_that_comes_again_has_an_effect_of_its_own(plant: Plant, item: UUID, drivers: Reader) -> None:
    for day in ("2024-05-04", "2024-11-02", "2025-05-03"):
        plant.add("calendar_days", None, calendar_date=date.fromisoformat(day), kind="event", name="Fair")
    found = drivers(("plant", item, None))["plant", item, None]
    assert found.names == ("event Fair",)
    assert column(found, "event Fair")[-2:] == [0.1429, 0]


def test_planned_events_are_told_as_runs_of_days(plant: Plant, item: UUID, opened: Callable[[str], Database]) -> None:
    for day in (7, 8, 9, 11):
        plant.add("calendar_days", None, calendar_date=date(2025, 4, day), kind="shutdown", name="Boiler")
    promote(plant, item, "2025-04-01", "2025-04-08", name="Spring")
    promote(plant, item, "2025-04-02", "2025-04-08", name="Off", status="cancelled")
    with opened("ops_forecast").tenant(plant.tenant_id) as tx:
        found = planned(tx, date(2025, 4, 8), date(2025, 4, 10))
    assert found == [
        PlannedEvent("promotion", "Spring", date(2025, 4, 1), date(2025, 4, 8), item),
        PlannedEvent("shutdown", "Boiler", date(2025, 4, 7), date(2025, 4, 9)),
    ]


def test_a_planned_promotion_lifts_the_weeks_it_runs_in_until_it_is_cancelled(
    plant: Plant, run: Callable[..., dict[str, Any]]
) -> None:
    monday = date(2025, 3, 24)
    for number in range(4):
        sku = plant.sku(f"P{number}")
        promoted = [week % (9 + number) == number for week in range(80)]
        plant.weeks(f"P{number}", [(90 + week * 7 % 20) * (3 if on else 1) for week, on in enumerate(promoted)])
        for week in (i for i, on in enumerate(promoted) if on):
            first = monday - timedelta(days=7 * (79 - week))
            promote(plant, sku, str(first), str(first + timedelta(days=6)), discount=Decimal("0.2"))
        promote(plant, sku, "2025-04-14", "2025-04-20", status="planned", discount=Decimal("0.2"))
    rows = """SELECT f.bucket_start, f.value::float8 AS value, f.promo_uplift::float8 AS uplift, f.method
              FROM forecast.forecasts f JOIN manufacturing.skus k ON k.id = f.entity_id
              WHERE k.sku_code = 'P1' AND f.version_id = (SELECT id FROM forecast.forecast_versions
                  WHERE status = 'published' ORDER BY published_at DESC LIMIT 1) ORDER BY 1 LIMIT 6"""
    run(plant)
    found = {row["bucket_start"]: row for row in plant.query(rows)}
    lifted = found[date(2025, 4, 14)]
    assert "drivers" in lifted["method"]
    assert 240 < lifted["value"] < 360
    assert lifted["uplift"] == pytest.approx(200, rel=0.25)
    assert 80 < found[date(2025, 4, 7)]["value"] < 120
    plant.change(
        "UPDATE manufacturing.promotions SET status = 'cancelled', row_version = row_version + 1 WHERE status = 'planned'"
    )
    run(plant)
    assert all(70 < row["value"] < 125 for row in plant.query(rows))
