"""Demand over a lead time: a distribution of sums, not a point forecast times a square root."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opscopilot.forecasting.engine import BatchForecast, forecast_batch, lead_time_demand, lead_time_quantiles
from opscopilot.forecasting.engine.leadtime import foreseen_lead_times
from opscopilot.forecasting.engine.reading import read_quantiles, step_quantiles
from opscopilot.forecasting.engine.types import FloatArray
from tests.unit.forecasting.engine import made

HORIZON = 13
Pair = tuple[BatchForecast, FloatArray]


@pytest.fixture(scope="module")
def pair() -> Pair:
    series = made.weekly(120, 150 + HORIZON, 21, seasonal=False) + made.sparse(120, 150 + HORIZON, 22)
    return forecast_batch([y[:-HORIZON] for y in series], HORIZON, 52), np.array([y[-HORIZON:] for y in series])


@pytest.mark.parametrize("lead", [1, 4, 9])
def test_achieved_service_is_what_was_asked_for(pair: Pair, lead: int) -> None:
    forecast, actual = pair
    demand = lead_time_demand(forecast, float(lead))
    total = actual[:, :lead].sum(axis=1)
    for service in (0.9, 0.95):
        assert float((total <= demand.quantile(service)).mean()) == pytest.approx(service, abs=0.05)


def test_stockout_probabilities_are_calibrated(pair: Pair) -> None:
    forecast, actual = pair
    demand = lead_time_demand(forecast, 4.0)
    stock = demand.mean * np.tile([0.6, 1.0, 1.3, 1.8], len(actual) // 4)
    told = demand.stockout_probability(stock)
    happened = (actual[:, :4].sum(axis=1) > stock).astype(float)
    assert float(told.mean()) == pytest.approx(float(happened.mean()), abs=0.06)
    assert float(((told - happened) ** 2).mean()) < 0.8 * float(happened.var())


def test_p57_an_uncertain_lead_time_needs_more_stock(pair: Pair) -> None:
    forecast, _ = pair
    fixed, loose = lead_time_demand(forecast, 4.0), lead_time_demand(forecast, 4.0, 1.5)
    assert loose.mean == pytest.approx(fixed.mean, rel=0.03)
    assert (loose.quantile(0.98) >= fixed.quantile(0.98) * 0.9).all()
    assert loose.quantile(0.98).sum() > 1.05 * fixed.quantile(0.98).sum()


def test_demand_grows_with_the_lead_time_also_beyond_the_horizon(pair: Pair) -> None:
    forecast, _ = pair
    leads = [0.0, 0.5, 1.0, 6.5, 13.0, 13.5, 20.0, 40.0]
    found = [lead_time_demand(forecast, lead) for lead in leads]
    means = np.array([d.mean for d in found])
    highs = np.array([d.quantile(0.95) for d in found])
    assert (np.diff(means, axis=0) >= -1e-9).all()
    assert (np.diff(highs, axis=0) >= -1e-6 * highs[1:]).all()
    assert found[0].quantiles.max() == 0


def test_the_mean_of_the_spread_is_the_mean_asked_for(pair: Pair) -> None:
    forecast, _ = pair
    history = np.tile([2.0, 3.0, 4.0, 7.0], (len(forecast), 1))
    sampled = lead_time_quantiles(forecast, history)
    assert sampled.mean == pytest.approx(lead_time_demand(forecast, 4.0).mean, rel=0.05)


def test_stockout_probability_falls_from_one_to_zero(pair: Pair) -> None:
    forecast, _ = pair
    demand = lead_time_demand(forecast, 3.0, 1.0)
    steps = np.array([demand.stockout_probability(demand.mean * k) for k in (0.0, 0.3, 0.7, 1.0, 1.5, 3.0, 50.0)])
    assert ((steps >= 0) & (steps <= 1)).all()
    assert (np.diff(steps, axis=0) <= 1e-9).all()
    assert (steps[-1] < 0.01).all()
    assert (demand.stockout_probability(np.full(len(forecast), -5.0)) == steps[0]).all()


def test_no_demand_never_runs_out() -> None:
    forecast = forecast_batch([np.zeros(60)], 6, 52)
    assert lead_time_demand(forecast, 4.0).stockout_probability(np.zeros(1))[0] == 0


@pytest.mark.parametrize(("lead", "sd"), [(-1.0, 0.0), (2.0, -0.1), (float("nan"), 0.0)])
def test_impossible_lead_times_are_refused(lead: float, sd: float) -> None:
    forecast = forecast_batch([np.ones(60)], 6, 52)
    with pytest.raises(ValueError, match="lead_time"):
        lead_time_demand(forecast, lead, sd)


def test_demand_that_never_varies_needs_exactly_itself() -> None:
    forecast = forecast_batch([np.full(60, 7.0), np.full(60, 40.0)], 6, 12)
    for lead in (0.5, 1.0, 3.0, 4.5, 9.0):
        demand = lead_time_demand(forecast, lead)
        assert demand.mean == pytest.approx([7 * lead, 40 * lead], rel=1e-6)
        assert demand.quantile(0.99) == pytest.approx([7 * lead, 40 * lead], rel=0.02)


@given(st.floats(0.05, 0.98), st.floats(0.001, 0.019), st.floats(0.1, 40), st.floats(0.0, 3.0))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_more_service_and_more_time_never_need_less(pair: Pair, tau: float, up: float, lead: float, sd: float) -> None:
    forecast, _ = pair
    demand = lead_time_demand(forecast, lead, sd)
    assert np.isfinite(demand.quantiles).all()
    assert (demand.quantiles >= 0).all()
    assert (np.diff(demand.quantiles, axis=1) >= -1e-9 * demand.quantiles[:, 1:]).all()
    assert (demand.quantile(tau + up) >= demand.quantile(tau) * (1 - 1e-9)).all()
    longer = lead_time_demand(forecast, lead * 1.2).quantile(tau)
    assert (longer >= lead_time_demand(forecast, lead).quantile(tau) * (1 - 1e-6)).mean() > 0.99


def test_p57_a_fill_rate_is_not_a_cycle_service_level(pair: Pair) -> None:
    forecast, actual = pair
    until, since = lead_time_demand(forecast, 4.0), lead_time_demand(forecast, 3.0)
    by_fill, by_cycle = until.stock_for_fill_rate(0.95, since), until.quantile(0.95)
    steady, lumpy = slice(0, 120), slice(120, 240)
    assert by_fill[steady].sum() < 0.97 * by_cycle[steady].sum()
    assert by_fill[lumpy].sum() > 1.03 * by_cycle[lumpy].sum()
    short = [np.maximum(actual[:, :n].sum(axis=1) - by_fill, 0.0).sum() for n in (4, 3)]
    assert 1 - (short[0] - short[1]) / actual[:, 3].sum() == pytest.approx(0.95, abs=0.03)
    with pytest.raises(ValueError, match="fill rate"):
        until.stock_for_fill_rate(1.0, since)


def test_shortage_is_the_area_above_the_stock(pair: Pair) -> None:
    forecast, _ = pair
    demand = lead_time_demand(forecast, 4.0)
    assert demand.expected_shortage(np.zeros(len(forecast))) == pytest.approx(demand.mean, rel=0.25)
    assert (demand.expected_shortage(demand.quantiles[:, -1] * 10) == 0).all()


def test_past_lead_times_are_foreseen_a_little_wider_than_they_were() -> None:
    past = np.array([[2.0, 3.0, 3.0, 4.0, 6.0, 3.0], [3.0] * 6])
    found = foreseen_lead_times(past)
    assert found.shape == (2, 25)
    assert (found[1] == 3).all()
    assert found[0].max() > 6
    assert found[0].mean() == pytest.approx(3.5, abs=0.5)
    assert (np.diff(found, axis=1) >= 0).all()
    assert (found > 0).all()


def test_between_and_beyond_the_known_levels() -> None:
    taus, quantiles = np.array([0.1, 0.5, 0.95, 0.99]), np.array([[0.0, 2.0, 2.0, 6.0]])
    asked = np.array([[0.0, 0.3, 0.7, 0.97, 0.998]])
    read = read_quantiles(taus, quantiles, asked)[0]
    assert read[:4] == pytest.approx([0.0, 1.0, 2.0, 4.0])
    assert read[4] == pytest.approx(6 + 4)


def test_any_quantile_of_a_period_can_be_read(pair: Pair) -> None:
    forecast, _ = pair
    read = step_quantiles(forecast, np.array([0.1, 0.165, 0.2, 0.999]))
    assert read[..., 0] == pytest.approx(forecast.quantile(0.1))
    assert (read[..., 1] >= forecast.quantile(0.1)).all()
    assert (read[..., 1] <= forecast.quantile(0.2)).all()
    assert (read[..., 3] >= forecast.quantile(0.995)).all()
