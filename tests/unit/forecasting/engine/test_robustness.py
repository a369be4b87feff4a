"""Whatever comes in, the answer is finite, not negative, ordered, and says where it comes from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opscopilot.forecasting.engine import BatchForecast, EngineSettings, forecast_batch, lead_time_demand


def assert_sound(result: BatchForecast) -> None:
    for level in result.levels:
        lower, upper = result.lower[level], result.upper[level]
        assert np.isfinite(lower).all()
        assert np.isfinite(upper).all()
        assert (lower >= 0).all()
        assert (lower <= result.mean).all()
        assert (result.mean <= upper).all()
    assert np.isfinite(result.quantiles).all()
    assert np.isfinite(result.cumulative).all()
    assert (np.diff(result.quantiles, axis=2) >= 0).all()
    assert (np.diff(result.cumulative, axis=2) >= 0).all()
    assert all(result.methods)
    metrics = result.metrics
    known = (metrics.origins > 0) & np.isfinite(metrics.loss) & np.isfinite(metrics.baseline_loss)
    assert (metrics.loss[known] <= metrics.baseline_loss[known] * (1 + 1e-9) + 1e-9).all()


RNG = np.random.default_rng(7)
WEEKS = np.arange(160)
CASES = {
    "nothing": np.array([]),
    "one point": np.array([5.0]),
    "one zero": np.array([0.0]),
    "two points": np.array([5.0, 9.0]),
    "three points": np.array([5.0, 9.0, 1.0]),
    "only NaN": np.array([np.nan, np.nan]),
    "gaps": np.where(WEEKS % 7 == 3, np.nan, 50.0 + WEEKS),
    "ends in NaN": np.r_[np.full(60, 8.0), np.full(6, np.nan)],
    "infinite": np.r_[np.full(60, 8.0), np.inf],
    "constant": np.full(120, 42.0),
    "all zero": np.zeros(150),
    "exact period": np.tile([1.0, 5.0, 9.0, 3.0], 40),
    "exact year": np.tile(100 + 50 * np.sin(np.arange(52) * 2 * np.pi / 52), 4),
    "exact trend": 10.0 + WEEKS,
    "huge": 1e12 * (1 + 0.1 * RNG.random(150)),
    "huge with a year": 1e12 * (2 + np.sin(WEEKS * 2 * np.pi / 52)),
    "tiny": 1e-9 * RNG.random(150),
    "denormal": np.full(60, 1e-310),
    "beyond quantity": np.r_[np.ones(60), 1e200],
    "collapse": np.r_[100 + 10 * RNG.random(120), np.zeros(30)],
    "collapse at the end": np.r_[100 + 10 * RNG.random(120), np.zeros(3)],
    "launch": np.r_[np.zeros(120), 30 + RNG.random(30)],
    "one demand": np.r_[np.zeros(100), 7.0, np.zeros(49)],
    "lumps": np.where(RNG.random(150) < 0.07, 5000.0, 0.0),
    "grams": np.where(RNG.random(150) < 0.4, RNG.random(150) * 1e-3, 0.0),
    "negative": np.r_[np.full(60, 8.0), -3.0, np.full(20, 8.0)],
    "spike": np.r_[np.ones(100), 1e9, np.ones(40)],
    "seven": np.arange(7.0),
    "eight": np.arange(8.0),
    "nine": np.arange(9.0),
}


@pytest.mark.parametrize("season", [1, 7, 12, 52])
@pytest.mark.parametrize("name", list(CASES))
def test_every_hard_input_alone_gets_a_sound_answer(name: str, season: int) -> None:
    assert_sound(forecast_batch([CASES[name]], 13, season))


@pytest.mark.parametrize("season", [1, 4, 12, 52])
@pytest.mark.parametrize("horizon", [1, 13])
def test_all_hard_inputs_together(season: int, horizon: int) -> None:
    result = forecast_batch(list(CASES.values()), horizon, season)
    assert_sound(result)
    demand = lead_time_demand(result, 4.5, 1.5)
    assert np.isfinite(demand.quantiles).all()
    assert (demand.quantiles >= 0).all()


def test_an_empty_batch_is_an_empty_answer() -> None:
    result = forecast_batch([], 4, 52)
    assert len(result) == 0
    assert result.mean.shape == (0, 4)


def test_fallbacks_and_refusals_are_stated() -> None:
    names = ["nothing", "three points", "all zero", "negative", "launch", "gaps"]
    result = forecast_batch([CASES[name] for name in names], 6, 52)
    assert result.refusals[0] == "no history: there is no observed period"
    assert "3 observed periods, at least 8" in str(result.refusals[1])
    assert result.methods[1] == "mean of 3 periods (too few data for a model)"
    assert result.methods[2] == "zero (no demand in history)"
    assert result.refusals[2] is None
    assert "negative demand (-3 in period 61)" in str(result.refusals[3])
    assert "120 leading zero periods left out" in result.notes[4]
    assert "missing periods filled" in result.notes[5]
    assert result.mean[1] == pytest.approx(np.full(6, 5.0))


def test_the_same_input_gives_the_same_answer_to_the_last_bit() -> None:
    first = forecast_batch(list(CASES.values()), 13, 52)
    second = forecast_batch(list(CASES.values()), 13, 52)
    assert (first.mean == second.mean).all()
    assert (first.cumulative == second.cumulative).all()
    assert first.methods == second.methods


def test_the_unit_of_a_series_does_not_matter() -> None:
    series = [50 + 10 * np.sin(WEEKS) + RNG.random(160) for _ in range(5)]
    small = forecast_batch(series, 8, 52)
    large = forecast_batch([1e12 * y for y in series], 8, 52)
    assert large.mean == pytest.approx(1e12 * small.mean, rel=1e-6)
    assert large.upper[0.8] == pytest.approx(1e12 * small.upper[0.8], rel=1e-6)


def test_wide_batches_are_cut_into_blocks_of_bounded_size() -> None:
    series = [20 + RNG.random(60) for _ in range(50)]
    result = forecast_batch(series, 4, 52, settings=EngineSettings(block=20))
    assert_sound(result)
    assert np.isfinite(result.metrics.wape).all()


@pytest.mark.parametrize(
    ("horizon", "season", "levels", "names"),
    [(0, 52, (0.8,), "horizon"), (13, 0, (0.8,), "season"), (13, 52, (1.0,), "level"), (13, 52, (0.2,), "level")],
)
def test_senseless_requests_name_the_field(horizon: int, season: int, levels: tuple[float, ...], names: str) -> None:
    with pytest.raises(ValueError, match=names):
        forecast_batch([np.ones(30)], horizon, season, levels=levels)


VALUES = st.one_of(
    st.floats(min_value=0, max_value=1e13, allow_subnormal=True),
    st.integers(min_value=0, max_value=5).map(float),
    st.just(0.0),
    st.just(float("nan")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(VALUES, max_size=70).map(np.array), min_size=1, max_size=6),
    st.integers(min_value=1, max_value=15),
    st.sampled_from([1, 4, 7, 12, 52]),
)
def test_any_batch_of_any_series_is_sound(series: list[np.ndarray], horizon: int, season: int) -> None:
    assert_sound(forecast_batch(series, horizon, season))
