"""Seasons longer than the stated one are found by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from opscopilot.forecasting.engine import forecast_batch
from opscopilot.forecasting.engine.columns import pack
from opscopilot.forecasting.engine.seasonality import estimate
from opscopilot.forecasting.engine.types import FloatArray


def error(actual: FloatArray, forecast: FloatArray) -> float:
    return float(np.abs(actual - forecast).sum() / actual.sum())


def years_of_weeks(count: int, weeks: int, swing: float) -> FloatArray:
    rng = np.random.default_rng(1)
    week = np.arange(weeks) / 52
    wave = swing * np.sin(2 * np.pi * (week + rng.random((count, 1))))
    drift = np.cumsum(rng.normal(0, 0.01, (count, weeks)), axis=1)
    return 100 * np.exp(wave + drift + rng.normal(0, 0.05, (count, weeks)))


def test_weeks_of_a_year_are_found_where_the_file_says_no_season() -> None:
    y = years_of_weeks(25, 273, 0.4)
    result = forecast_batch(list(y[:, :-13]), 13, 1)
    assert error(y[:, -13:], result.mean) < 0.6 * error(y[:, -13:], y[:, -14:-13])
    assert any(name.startswith("regular: long") and weight > 0.1 for name, weight in result.weights.items())


def test_a_season_that_is_not_there_is_not_made_up() -> None:
    y = years_of_weeks(25, 273, 0.0)
    without = forecast_batch(list(y[:, -113:-13]), 13, 1)
    long = forecast_batch(list(y[:, :-13]), 13, 1)
    assert error(y[:, -13:], long.mean) < 1.05 * error(y[:, -13:], without.mean)


def test_hours_of_a_week_on_top_of_hours_of_a_day() -> None:
    rng = np.random.default_rng(2)
    hour = np.arange(24 * 35)
    day = 1 + 0.5 * np.sin(2 * np.pi * hour / 24)
    weekend = np.where((hour // 24) % 7 >= 5, 0.4, 1.0)
    y = 50 * day * weekend * np.exp(rng.normal(0, 0.05, (24, len(hour))))
    result = forecast_batch(list(y[:, :-48]), 48, 24)
    assert error(y[:, -48:], result.mean) < 0.5 * error(y[:, -48:], y[:, -72:-24])


@pytest.mark.parametrize(("season", "years"), [(52, 8), (24, 20), (168, 7)])
def test_long_seasons_are_read_per_phase_where_history_allows(season: int, years: int) -> None:
    rng = np.random.default_rng(3)
    shape = 1 + 0.5 * rng.random(season)
    y = np.tile(shape, years) * np.exp(rng.normal(0, 0.03, season * years))
    found = estimate(pack([y], [0], [0], 5000), season)
    assert found.flag[0]
    assert float(np.corrcoef(found.factor[:, 0], shape)[0, 1]) > 0.97


@pytest.mark.parametrize(("season", "horizon"), [(52, 104), (365, 60), (366, 28)])
def test_seasons_up_to_a_year_of_days_and_two_years_ahead(season: int, horizon: int) -> None:
    rng = np.random.default_rng(4)
    t = np.arange(3 * season)
    y = [20 + 10 * np.sin(2 * np.pi * t / season) + rng.random(len(t)) for _ in range(3)]
    result = forecast_batch(y, horizon, season)
    truth = 20.5 + 10 * np.sin(2 * np.pi * np.arange(3 * season, 3 * season + horizon) / season)
    assert np.abs(result.mean - truth).mean() < 1.5
