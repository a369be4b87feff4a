"""A plant with published forecasts, and the API in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.testing import ThrowawayDatabase
from opscopilot.entrypoints.parts import Outside, context_routers
from tests.integration.forecasting.conftest import bus, clock, db, make_plant, opened, plant, run, service
from tests.support.api import Api, make_api, open_database, token
from tests.support.outside import MemoryRuns, memory_outside

__all__ = ["bus", "clock", "db", "make_plant", "opened", "plant", "run", "service"]


@pytest.fixture
def around() -> Outside:
    """What lies beyond the database, in memory."""
    return memory_outside()


@pytest.fixture
def api(db: ThrowawayDatabase, around: Outside, clock: Any) -> Iterator[Api]:
    """The whole app on the test's database."""
    database = open_database(db)
    yield make_api(database, context_routers(around), clock)
    database.engine.dispose()


@pytest.fixture
def planner(plant: Any) -> str:
    """A planner's token for the plant."""
    return token(plant.code, "planner")


@pytest.fixture
def published(plant: Any, run: Callable[[Any], Any]) -> Any:
    """Two items with a year of weeks each, forecast and published."""
    plant.sku("A", reorder_point=50, category="Jam")
    plant.sku("B", category="Jam")
    plant.weeks("A", [20, 30, 25, 24] * 13)
    plant.weeks("B", [200, 210, 190, 205] * 13)
    plant.stock("A", 100)
    run(plant)
    return plant


@pytest.fixture
def carry_out(around: Outside, service: Any) -> Callable[[Any], dict[str, Any]]:
    """Do what an answer's run was started for, as the state machine would; the function's answer."""

    def go(answer: Any) -> dict[str, Any]:
        assert answer.status == 202, answer.text
        assert isinstance(around.runs, MemoryRuns)
        payloads = {str(run): payload for (_, run), payload in around.runs.started.items()}
        payload = payloads[answer.json["run_id"]]
        done: dict[str, Any] = service.run({"task": "command", "input": payload})
        return done

    return go
