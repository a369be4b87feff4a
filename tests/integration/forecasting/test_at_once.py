"""`POST /forecast/demand` computed on the spot: what a run would publish, and nothing of it stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from local.testing import ThrowawayDatabase, borrowed
from opscopilot.forecasting import queries
from opscopilot.forecasting.demand_answers import Answerer
from opscopilot.forecasting.schemas_demand import DemandRequest
from opscopilot.forecasting.service import ForecastService
from opscopilot.kernel.db import Database
from opscopilot.kernel.errors import NotFound, ValidationFailed
from tests.integration.forecasting.conftest import filling
from tests.support import forecasting

Opened = Callable[[str], Database]
Run = Callable[..., dict[str, Any]]
LEFT = ("forecast_versions", "forecast_series", "forecasts", "model_executions", "demand_history", "demand_series")


class Here:
    """The forecast function in this process."""

    def __init__(self, service: ForecastService) -> None:
        self.service = service
        self.asked: list[dict[str, Any]] = []

    def demand(self, tenant_id: Any, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(asked)
        return self.service.run({"task": "demand", "tenant_id": str(tenant_id), **asked})


@pytest.fixture
def computer(service: ForecastService) -> Here:
    return Here(service)


def _filled(port: int, name: str) -> None:
    with filling(port, name) as (make_plant, _):
        plant = make_plant()
        for number, code in enumerate(("A", "B", "C")):
            plant.sku(code, category="Jams" if code < "C" else "Oils")
            plant.weeks(code, [20 + number, 30, 25, 28] * 30)
        plant.sku("NEVER")


@pytest.fixture
def db() -> Iterator[ThrowawayDatabase]:
    with borrowed(_filled) as fresh:
        yield fresh


@pytest.fixture
def filled(known: Callable[..., Any]) -> Any:
    """A plant that sold three items for 120 weeks."""
    return known()


@pytest.fixture
def ask(filled: Any, opened: Opened, service: ForecastService, computer: Here) -> Callable[..., Answerer]:
    """An answerer within the API's own role; closed with the databases."""

    def go(**body: Any) -> Any:
        request = DemandRequest(**body)
        with opened("ops_copilot").tenant(filled.tenant_id) as tx:
            answerer = Answerer(tx, service.clock, computer, request)
            return answerer.one() if request.sku is not None else answerer.several()

    return go


@pytest.mark.parametrize(
    ("period", "count", "first"),
    [("daily", 28, date(2025, 3, 31)), ("weekly", 13, date(2025, 3, 31)), ("monthly", 12, date(2025, 3, 1)),
     ("quarterly", 4, date(2025, 1, 1))],
)  # fmt: skip
def test_every_period_is_computed_and_nothing_is_stored(
    filled: Any, ask: Callable[..., Any], period: str, count: int, first: date
) -> None:
    answer = ask(skus=["A", "C"], period=period, source="computed")
    for one in answer.items:
        assert one.status in ("ok", "refused"), one
        assert one.forecast.source == "computed"
        assert (one.forecast.version, one.forecast.version_id) == (None, None)
        if one.status == "ok":
            assert (len(one.forecast.forecast_values), one.forecast.forecast_dates[0]) == (count, first)
            assert len(one.forecast.history) > 0
    for table in LEFT:
        assert filled.query(f"SELECT count(*) AS n FROM forecast.{table}") == [{"n": 0}], table


def test_what_is_computed_is_what_a_run_publishes(filled: Any, ask: Callable[..., Any], run: Run) -> None:
    run(filled)
    published, computed = (ask(sku="A", source=source) for source in ("published", "computed"))
    assert (published.source, computed.source) == ("published", "computed")
    assert computed.forecast_dates == published.forecast_dates
    for mine, theirs in zip(computed.forecast_values, published.forecast_values, strict=True):
        assert float(mine) == pytest.approx(float(theirs), rel=0.25)
    assert computed.history == published.history


def test_the_version_in_force_answers_what_it_covers(
    filled: Any, ask: Callable[..., Any], run: Run, computer: Here
) -> None:
    run(filled)
    assert ask(sku="A", horizon=13).source == "published"
    assert computer.asked == []
    longer = ask(sku="A", horizon=20)
    assert (longer.source, len(longer.forecast_values)) == ("computed", 20)
    assert ask(sku="A", period="monthly").source == "computed"
    assert ask(sku="A", horizon=20, source="published").source == "published"


def test_unknown_items_of_a_list_are_marked_and_the_others_answered(filled: Any, ask: Callable[..., Any]) -> None:
    answer = ask(skus=["A", "NO-SUCH", "NEVER", "A", " B "])
    assert [(one.asked, one.status) for one in answer.items] == [
        ("A", "ok"), ("NO-SUCH", "not_found"), ("NEVER", "no_demand"), ("A", "ok"), ("B", "ok"),
    ]  # fmt: skip
    assert answer.as_of == date(2025, 3, 30)


def test_a_family_is_its_active_items(filled: Any, ask: Callable[..., Any]) -> None:
    filled.change("UPDATE manufacturing.skus SET is_active = false WHERE sku_code = 'B'")
    assert [one.asked for one in ask(family="jams").items] == ["A"]
    with pytest.raises(NotFound, match="no family 'Cheese'"):
        ask(family="Cheese")


def test_an_item_nobody_ordered_says_so(filled: Any, ask: Callable[..., Any], run: Run) -> None:
    run(filled)
    with pytest.raises(NotFound, match="Nobody ordered NEVER"):
        ask(sku="NEVER")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "sku"), ({"sku": "A", "skus": ["B"]}, "skus"), ({"sku": "A", "period": "monthly", "horizon": 37}, "horizon"),
        ({"sku": "A", "source": "computed", "version": "V"}, "version"),
        ({"sku": "A", "source": "computed", "location": "MAIN"}, "location"),
    ],
)  # fmt: skip
def test_questions_that_contradict_themselves_say_what_would_be_right(body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        DemandRequest(**body)
    assert refused.value.field == field
    assert refused.value.expected


def test_a_job_is_a_draft_that_is_read_and_never_published(
    filled: Any, service: ForecastService, opened: Opened, run: Run
) -> None:
    run(filled)
    ids = [str(filled.ids[code]) for code in ("A", "B", "NEVER")]
    job = str(uuid4())
    asked = {"tenant_id": str(filled.tenant_id), "run_id": job, "periods": ["monthly"], "horizon": 6, "sku_ids": ids}
    done = forecasting.walk(service, asked)
    assert done["finished"]["ok"] is True
    assert done["finished"]["runs"][0]["run_id"] == job
    assert forecasting.walk(service, asked)["versions"] == done["versions"]  # asked again: the same answer
    found = filled.query("SELECT scope, status, period FROM forecast.forecast_versions ORDER BY scope")
    assert [tuple(row.values()) for row in found] == [("adhoc", "draft", "monthly"), ("demand", "published", "weekly")]
    with opened("ops_copilot").tenant(filled.tenant_id) as tx:
        version = queries.require_version(tx, done["versions"][0]["version_id"])
        answers = queries.demand_forecasts(tx, [filled.ids["A"], filled.ids["B"]], version=version)
    assert {len(one.forecast_values) for one in answers.values()} == {6}


def test_another_tenants_items_are_nobodys(
    make_plant: Callable[..., Any], filled: Any, service: ForecastService
) -> None:
    other = make_plant("plant-two")
    told = service.run(
        {"task": "demand", "tenant_id": str(other.tenant_id), "sku_ids": [str(filled.ids["A"])], "period": "weekly"}
    )
    assert told["items"] == []


def test_more_than_fifty_items_are_not_computed_at_once(filled: Any, service: ForecastService) -> None:
    ids = [str(uuid4()) for _ in range(51)]
    with pytest.raises(ValidationError):
        service.run({"task": "demand", "tenant_id": str(filled.tenant_id), "sku_ids": ids})
