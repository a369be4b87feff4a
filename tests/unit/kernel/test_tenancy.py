"""What 'today' and 'now' mean for a plant, live and frozen."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args
from uuid import uuid4

import pytest
from pydantic import ValidationError

from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.tenancy import ROLES, PlantSettings, Principal, Role


def plant(**changes: Any) -> PlantSettings:
    """A plant in Auckland unless told otherwise."""
    return PlantSettings(**{
        "tenant_id": uuid4(), "code": "kiwi", "name": "Kiwi", "default_currency": "NZD", "as_of": None,
        "default_time_zone": "Pacific/Auckland", "week_start": 1, "day_start": time(0), "language": "en", **changes,
    })  # fmt: skip


CLOCK = FixedClock(datetime(2026, 7, 1, 12, 30, tzinfo=UTC))


def test_p07_today_is_the_plants_production_day() -> None:
    assert plant().today(CLOCK) == date(2026, 7, 2)
    assert plant(day_start=time(6)).today(CLOCK) == date(2026, 7, 1)
    assert plant(default_time_zone="America/Los_Angeles").today(CLOCK) == date(2026, 7, 1)


def test_a_frozen_plant_answers_for_the_end_of_its_day_whatever_the_clock_says() -> None:
    frozen = plant(as_of=date(2025, 3, 28), default_time_zone="America/Los_Angeles")
    assert frozen.today(CLOCK) == date(2025, 3, 28)
    assert frozen.now(CLOCK).isoformat() == "2025-03-28T23:59:59-07:00"
    assert frozen.now(CLOCK) == frozen.now(FixedClock(CLOCK.now() + timedelta(days=99)))


def test_a_live_plant_goes_with_the_clock() -> None:
    assert plant().now(CLOCK) == CLOCK.now()


def test_roles_are_the_nine_of_the_model() -> None:
    assert get_args(Role) == ROLES
    assert len(ROLES) == 9


def test_p61_a_principal_cannot_be_given_another_tenant_afterwards() -> None:
    who = Principal(tenant_id=uuid4(), tenant_code="kiwi", user_id="u", role="viewer")
    with pytest.raises(ValidationError, match="frozen"):
        who.tenant_id = uuid4()  # type: ignore[misc]


def test_a_role_that_does_not_exist_makes_no_principal() -> None:
    wrong: Any = "superuser"
    with pytest.raises(ValidationError, match="role"):
        Principal(tenant_id=uuid4(), tenant_code="kiwi", user_id="u", role=wrong)
