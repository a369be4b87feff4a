"""The building blocks against what they are defined to be."""

from __future__ import annotations

from math import exp, lgamma, log
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscopilot.forecasting.engine.cleaning import clean
from opscopilot.forecasting.engine.columns import backtest_cuts, pack
from opscopilot.forecasting.engine.countdist import (
    empirical_quantiles,
    gamma_quantiles,
    negative_binomial_quantiles,
    normal_quantile,
)
from opscopilot.forecasting.engine.intermittent import BANK_NAMES, bank, simplex_weights
from opscopilot.forecasting.engine.pool import choose
from opscopilot.forecasting.engine.seasonality import estimate
from opscopilot.forecasting.engine.smoothing import damping, smooth
from opscopilot.forecasting.engine.types import FloatArray

TAUS = np.array([0.05, 0.5, 0.9, 0.99])


@given(st.floats(0.05, 300), st.floats(1.05, 20))
def test_negative_binomial_quantiles_are_the_first_counts_to_reach_tau(mean: float, phi: float) -> None:
    found = negative_binomial_quantiles(np.array([mean]), np.array([phi]), TAUS)[0]
    r, p = mean / (phi - 1), 1 / phi

    def cdf(k: float) -> float:
        terms = (lgamma(i + r) - lgamma(r) - lgamma(i + 1) + r * log(p) + i * log(1 - p) for i in range(int(k) + 1))
        return sum(map(exp, terms)) if k >= 0 else 0.0

    for tau, k in zip(TAUS, found, strict=True):
        assert cdf(k) >= tau - 1e-9
        assert cdf(k - 1) <= tau + 1e-9


def test_the_gamma_approximation_meets_the_walk_where_it_takes_over() -> None:
    mean, phi = np.array([400.0, 401.0]), np.array([4.0, 4.0])
    near, far = negative_binomial_quantiles(mean, phi, TAUS)
    assert far == pytest.approx(near, rel=0.01)
    assert gamma_quantiles(np.array([50.0]), np.array([1.0]), np.array([0.5]))[0, 0] == pytest.approx(49.67, abs=0.02)


def test_normal_quantiles() -> None:
    p = np.array([1e-6, 0.01, 0.025, 0.5, 0.8, 0.975, 0.999])
    assert normal_quantile(p) == pytest.approx([NormalDist().inv_cdf(x) for x in p], abs=1e-7)


def test_empirical_quantiles_of_an_undecayed_history_are_order_statistics() -> None:
    y = np.array([[3.0, 0.0], [1.0, 5.0], [2.0, 7.0], [4.0, 6.0]])
    valid = np.array([[True, False], [True, True], [True, True], [True, True]])
    (found,) = empirical_quantiles(y, valid, np.array([0.25, 0.5, 1.0]), 1.0)
    assert found[0].tolist() == [1, 2, 4]
    assert found[1].tolist() == [5, 6, 7]


def test_columns_are_right_aligned_and_scaled() -> None:
    columns = pack([np.array([2.0, 4.0]), np.array([1.0, 1.0, 1.0])], [0, 1], [0, 0], 100)
    assert columns.series.tolist() == [1, 0]
    assert columns.y[:, 1].tolist() == [0.0, 2 / 3, 4 / 3]
    assert columns.active().tolist() == [1, 2, 2]


@given(st.integers(1, 400), st.integers(1, 52), st.sampled_from([1, 4, 7, 12, 52]), st.integers(1, 8))
def test_backtests_leave_something_to_learn_from(n: int, horizon: int, season: int, origins: int) -> None:
    cuts = backtest_cuts(n, horizon, season, origins, 5)
    assert len(cuts) <= origins
    assert cuts == sorted(set(cuts))
    assert all(c >= 1 and n - c >= min(5, n - 1) and n - c >= 1 for c in cuts)


def test_every_smoothing_candidate_follows_its_recursion() -> None:
    y = np.array([10.0, 12.0, 11.0, 15.0, 14.0, 13.0, 17.0, 16.0])
    columns = pack([y], [0], [0], 100)
    fitted = smooth(columns, columns.y)
    level = y[:4].mean()
    for value in y:
        level += 0.15 * (value - level)
    assert fitted.level[1, 0] * columns.scale[0] == pytest.approx(level)
    assert fitted.weight.sum(axis=0) == pytest.approx(1)
    assert damping(3)[:, -1].tolist() == [1, 2, 3]
    assert (damping(3)[:, 0] == 0).all()


@pytest.mark.parametrize(("zeros", "season"), [(False, 12), (True, 12), (False, 52)])
def test_a_season_is_found_where_there_is_one_and_only_there(zeros: bool, season: int) -> None:
    rng = np.random.default_rng(3)
    t = np.arange(4 * season)
    shape = 1 + 0.5 * np.sin(2 * np.pi * t / season)
    columns = [100 * shape + rng.normal(0, 5, len(t)), *(100 + rng.normal(0, 5, len(t)) for _ in range(40))]
    if zeros:
        for y in columns:
            y[5] = 0.0
    found = estimate(pack(columns, range(41), [0] * 41, 1000), season)
    assert found.flag[0]
    assert found.flag[1:].mean() <= 0.25
    values = found.offset[:, 0] if zeros else found.factor[:, 0] - 1
    expected = np.sin(2 * np.pi * np.arange(season) / season)
    assert float(np.corrcoef(values, expected)[0, 1]) > 0.97
    assert found.apply(found.remove(np.ones((season, 41)))) == pytest.approx(np.ones((season, 41)))


def test_the_bank_agrees_with_the_reference_on_steady_demand() -> None:
    y: FloatArray = np.tile([0.0, 0.0, 6.0], 60)
    columns = pack([y], [0], [0], 1000)
    means = bank(columns)[:, 0] * columns.scale[0]
    assert len(means) == len(BANK_NAMES)
    assert means == pytest.approx(np.full(len(means), 2.0), rel=0.55)
    assert means[0] == 2.0


def test_simplex_weights_find_the_mix() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 3))
    w = simplex_weights(x, x @ np.array([0.7, 0.3, 0.0]), rounds=2000)
    assert w == pytest.approx([0.7, 0.3, 0.0], abs=0.02)
    assert w.sum() == pytest.approx(1)


def test_p55_the_choice_of_an_origin_never_sees_that_origin() -> None:
    actual = np.array([[[10.0, 10.0]], [[10.0, 10.0]]])
    model = np.array([[[9.0, 9.0]], [[10.0, 10.0]], [[30.0, 30.0]]])
    base = np.repeat(np.full((1, 3, 1, 2), 12.0), 3, axis=0)
    found = choose(model, base, actual, squared=False, gate=True)
    assert found.path[1, 0, 0] == 12.0
    assert found.path[2, 0, 0] == 30.0


def test_launch_gaps_and_ends_are_read_as_what_they_are() -> None:
    launched = clean(np.r_[np.zeros(20), [5.0, 6.0, 0.0, 7.0, 5, 6, 7, 8]], 8)
    assert launched.values.tolist() == [5, 6, 0, 7, 5, 6, 7, 8]
    gap = clean(np.array([np.nan, 4.0, np.nan, 8.0, 2, 2, 2, 2, 2, 2, np.nan]), 8)
    assert gap.values.tolist() == [4, 6, 8, 2, 2, 2, 2, 2, 2, 2]
    assert gap.observed == 8
