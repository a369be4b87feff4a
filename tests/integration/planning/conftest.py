"""A plant with published forecasts, and the API in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from fastapi import FastAPI

from local.testing import ThrowawayDatabase, borrowed
from opscopilot.entrypoints.http import create_app
from opscopilot.entrypoints.parts import Outside, context_routers
from opscopilot.web import Services
from tests.integration.forecasting.conftest import Plant, bus, clock, filling, known, make_plant, opened, run, service
from tests.support.api import Api, open_database, token, verifier
from tests.support.outside import MemoryRuns, memory_outside

__all__ = ["bus", "clock", "known", "make_plant", "opened", "run", "service"]


@pytest.fixture(scope="session")
def whole() -> tuple[Outside, FastAPI]:
    """The whole app and what lies beyond it, made once: that takes longer than most tests."""
    around = memory_outside()
    return around, create_app(cast(Services, None), context_routers(around))


@pytest.fixture
def around(whole: tuple[Outside, FastAPI]) -> Outside:
    """What lies beyond the database, in memory; nothing was started there yet."""
    runs = whole[0].runs
    assert isinstance(runs, MemoryRuns)
    runs.started.clear()
    return whole[0]


@pytest.fixture
def api(db: ThrowawayDatabase, whole: tuple[Outside, FastAPI], around: Outside, clock: Any) -> Iterator[Api]:
    """The whole app on the test's database, at the test's time."""
    copilot, app = open_database(db), whole[1]
    app.state.services = Services(copilot, verifier(), clock)
    yield Api(app, copilot)
    copilot.engine.dispose()


@pytest.fixture
def planner(plant: Any) -> str:
    """A planner's token for the plant."""
    return token(plant.code, "planner")


def _with_forecast(port: int, name: str) -> None:
    """Two items with a year of weeks each, forecast and published: made once, then put back for every test."""
    with filling(port, name) as (make, run):
        made = make()
        made.sku("A", reorder_point=50, category="Jam")
        made.sku("B", category="Jam")
        made.weeks("A", [20, 30, 25, 24] * 13)
        made.weeks("B", [200, 210, 190, 205] * 13)
        made.stock("A", 100)
        run(made)


@pytest.fixture
def db() -> Iterator[ThrowawayDatabase]:
    """A copy of the plant with its forecast."""
    with borrowed(_with_forecast) as fresh:
        yield fresh


@pytest.fixture
def plant(known: Callable[..., Plant]) -> Plant:
    """The plant of the template, frozen at the end of Sunday 2025-03-30."""
    return known()


@pytest.fixture
def published(plant: Plant) -> Plant:
    """The same, by what matters about it."""
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
