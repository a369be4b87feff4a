"""Members and their combination: what each is defined to be, and that the past is all they see."""

from __future__ import annotations

import numpy as np
import pytest

from opscopilot.forecasting.engine.columns import Columns, pack
from opscopilot.forecasting.engine.intervals import usual_bias
from opscopilot.forecasting.engine.pool import choose, own_width, pooled_quantiles, weighted_quantiles
from opscopilot.forecasting.engine.regression import pooled_regression
from opscopilot.forecasting.engine.stacking import stack
from opscopilot.forecasting.engine.theta import ALPHA, OMEGA, log_theta_path, theta_path
from opscopilot.forecasting.engine.types import FloatArray


def alone(y: FloatArray) -> Columns:
    return pack([y], [0], [0], 1000)


def dynamic_theta(y: FloatArray, alpha: float, omega: float, horizon: int) -> tuple[float, list[float]]:
    """The model as published (Fiorucci et al. 2016, equations 2-9), one candidate at a time."""
    level, mean, slope, intercept = 0.5 * y[0], 0.0, 0.0, 0.0
    squares, out = 0.0, []
    known = list(y)
    for t in range(1, len(y) + horizon + 1):
        power = (1 - alpha) ** (t - 1)
        guess = level + omega * (power * intercept + (1 - power * (1 - alpha)) / alpha * slope)
        value = known[t - 1] if t <= len(y) else guess
        if 2 < t <= len(y):
            squares += (value - guess) ** 2
        if t > len(y):
            out.append(guess)
        level = alpha * value + (1 - alpha) * level
        slope = ((t - 2) * slope + 6 / t * (value - mean)) / (t + 1) if t > 1 else 0.0
        mean = ((t - 1) * mean + value) / t
        intercept = mean - slope * (t + 1) / 2
    return squares, out


def test_theta_is_the_likelihood_weighted_mean_of_the_published_model() -> None:
    rng = np.random.default_rng(1)
    y = 50 + np.cumsum(rng.normal(0.4, 1.0, 40))
    y /= y.mean()
    found = [dynamic_theta(y, a, w, 6) for a in ALPHA for w in OMEGA]
    squares = np.array([s for s, _ in found])
    weight = (squares / squares.min()) ** (-0.5 * len(y) * 2.5)
    expected = (weight / weight.sum()) @ np.array([path for _, path in found])
    assert theta_path(alone(y), y[:, None], 6)[:, 0] == pytest.approx(expected, rel=2e-3)


def test_theta_of_the_logarithm_follows_growth_in_per_cent() -> None:
    y = 1.05 ** np.arange(40.0)
    columns = alone(y)
    plain = theta_path(columns, columns.y, 4)
    grown = log_theta_path(columns, columns.y, 4, plain)[:, 0] * columns.scale[0]
    assert grown == pytest.approx(1.05 ** np.arange(40.0, 44.0), rel=0.05)
    zeros = pack([np.r_[y, 0.0]], [0], [0], 1000)
    assert (log_theta_path(zeros, zeros.y, 4, plain) == plain).all()


def persistent(count: int, periods: int) -> list[FloatArray]:
    """Series that fall back to their mean at once, which no smoothing can say."""
    rng = np.random.default_rng(2)
    out = []
    for _ in range(count):
        state, values = 0.0, []
        for shock in rng.normal(0, 0.3, periods):
            state = 0.2 * state + shock
            values.append(100 * np.exp(state))
        out.append(np.array(values))
    return out


def test_a_pooled_regression_learns_across_series_what_one_cannot_show() -> None:
    series = persistent(200, 25)
    columns = pack([y[:-1] for y in series], range(200), [0] * 200, 1000)
    actual = np.array([series[i][-1] for i in columns.series])
    last = columns.y[-1:]
    found = pooled_regression(columns, columns.y, 1, 6, last)[0] * columns.scale
    naive = last[0] * columns.scale
    assert np.abs(np.log(found / actual)).mean() < 0.9 * np.abs(np.log(naive / actual)).mean()


def test_a_pooled_regression_of_an_origin_never_sees_another_slot() -> None:
    series = persistent(30, 40)
    pieces, owner = [*series, *(y[:-6] for y in series)], [*range(30), *range(30)]
    slots = [0] * 30 + [1] * 30
    changed = [np.r_[y[:-6], 9 * y[-6:]] for y in series]
    before = pack(pieces, owner, slots, 1000)
    after = pack([*changed, *pieces[30:]], owner, slots, 1000)
    blank = np.zeros((3, 60))
    found, other = (pooled_regression(c, c.y, 3, 8, blank) for c in (before, after))
    assert (found[:, before.slot == 1] == other[:, after.slot == 1]).all()
    assert (found[:, before.slot == 0] != other[:, after.slot == 0]).any()


def backtests(series: int) -> tuple[FloatArray, FloatArray]:
    """Three forecasts of noise: a good one, one with twice the error and one far off."""
    rng = np.random.default_rng(3)
    actual = 100 + rng.normal(0, 5, (4, series, 6))
    whole = np.concatenate([np.full((1, series, 6), 100.0), actual])
    paths = np.stack([100 + 0.0 * whole, whole + rng.normal(0, 30, whole.shape), 0.2 * whole])
    return paths, actual


def test_stacking_finds_what_works_and_trusts_few_series_little() -> None:
    paths, actual = backtests(200)
    prior = np.array([0.5, 0.5, 0.0])
    many = stack(paths, prior, actual, np.full(200, 5.0))
    assert many.weights.sum() == pytest.approx(1)
    assert many.weights[0] > 0.75
    assert many.weights[2] < 0.01
    few = stack(paths[:, :, :1], prior, actual[:, :1], np.full(1, 5.0))
    assert 0.5 <= few.weights[0] <= 0.55
    nothing = stack(paths, prior, np.full_like(actual, np.nan), np.full(200, 5.0))
    assert nothing.weights.tolist() == [0.5, 0.5, 0.0]


def test_p55_what_an_origin_shows_never_tilts_its_own_combination() -> None:
    paths, actual = backtests(50)
    bent = actual.copy()
    bent[2, 0] *= 3
    prior = np.array([0.5, 0.5, 0.0])
    plain, other = (stack(paths, prior, a, np.full(50, 5.0)).path for a in (actual, bent))
    assert np.abs(plain[3, 0] - other[3, 0]).max() < np.abs(plain[1, 0] - other[1, 0]).max()


def test_p55_a_series_whose_own_origins_favour_the_baseline_does_not_keep_the_model() -> None:
    rng = np.random.default_rng(4)
    actual = 100 + rng.normal(0, 5, (6, 40, 4))
    model = np.full((7, 40, 4), 100.0)
    base = np.repeat(np.full((1, 7, 40, 4), 108.0), 3, axis=0)
    actual[:, 1] = 108 + rng.normal(0, 1, (6, 4))
    found = choose(model, base, actual, squared=False, gate=True)
    assert found.share[0] == 0
    assert found.share[1] == 1
    used = found.share < 1
    assert (found.chosen_loss[used] < found.baseline_loss[used]).all()


def test_quantiles_of_errors_weigh_recent_origins_more_and_lean_on_the_prior_when_few() -> None:
    taus = np.array([0.1, 0.5, 0.9])
    even = np.arange(101.0)
    assert weighted_quantiles(even, np.ones(101), taus) == pytest.approx([9.6, 50, 90.4], abs=0.1)
    rng = np.random.default_rng(5)
    z = np.concatenate([rng.normal(0, 1, (1, 400, 3)), rng.normal(0, 3, (1, 400, 3))])
    found = pooled_quantiles(z, taus, np.zeros((3, 3)))
    older = pooled_quantiles(z[::-1], taus, np.zeros((3, 3)))
    assert 1.28 < found[1, 2] < older[1, 2] < 3.84
    few = pooled_quantiles(z[:, :1], taus, np.full((3, 3), 7.0))
    assert few == pytest.approx(np.full((3, 3), 7.0), abs=1.2)
    unseen = np.where(np.arange(3) < 2, z, np.nan)
    assert (pooled_quantiles(unseen, taus, np.zeros((3, 3)))[2] != 0).all()


def test_own_width_of_an_origin_leaves_that_origin_out() -> None:
    z = np.ones((3, 20, 4))
    z[0, 0] = 50.0
    own, without = own_width(z, 0.15)
    assert own[0] > 1.05 > own[1]
    assert without[0, 0] < 1 < without[1, 0]


def test_a_bias_all_origins_agree_on_is_taken_out_and_one_that_comes_and_goes_is_not() -> None:
    rng = np.random.default_rng(6)
    noise, scale = rng.normal(0, 1, (6, 300, 4)), np.ones((7, 300, 4))
    assert usual_bias(noise + 1.0, scale) == pytest.approx(np.full(4, 0.65), abs=0.08)
    swinging = np.where(np.arange(6)[:, None, None] % 2, 1.0, -1.0)
    assert np.abs(usual_bias(noise + swinging, scale)).max() < 0.1
    assert (usual_bias((noise + 1.0)[:2], scale[:3]) == 0).all()
    assert usual_bias((noise + 1.0)[:, :3], scale[:, :3]).max() < 0.25
