"""Distributions of counts: shares learnt per quantile, levels set right out of sample, sums that keep them."""

from __future__ import annotations

import numpy as np
import pytest

from opscopilot.forecasting.engine import forecast_batch
from opscopilot.forecasting.engine.countlevels import kept_levels, log_odds, read_at
from opscopilot.forecasting.engine.countmix import mixing_shares
from opscopilot.forecasting.engine.intermittent import typical_weights
from tests.unit.forecasting.engine import made

TAUS = np.array([0.1, 0.5, 0.9])
PRIOR = np.array([0.5, 0.5])


def test_the_shares_go_to_the_part_that_is_right() -> None:
    rng = np.random.default_rng(1)
    came = rng.exponential(1.0, (400, 6))
    right = np.broadcast_to(-np.log(1 - TAUS), (400, 3))
    shares = mixing_shares(np.stack([right, right * 3]), came, TAUS, PRIOR, 1.0)
    assert (shares[0] > 0.8).all()
    assert shares.sum(axis=0) == pytest.approx([1, 1, 1])


def test_without_anything_learnt_the_prior_holds() -> None:
    parts = np.ones((2, 3, 3))
    assert (mixing_shares(parts, np.full((3, 2), np.nan), TAUS, PRIOR, 0.9) == 0.5).all()


def test_a_nominal_level_is_exchanged_for_the_one_that_kept_its_word() -> None:
    grid = np.array([0.5, 0.8, 0.9, 0.95, 0.99])
    rng = np.random.default_rng(2)
    came = rng.exponential(1.5, 20_000)
    promised = np.broadcast_to(-np.log(1 - grid), (20_000, 5))
    kept = kept_levels(promised, came, grid, np.array([0.8]))
    assert read_at(promised[:1], grid, kept)[0, 0] == pytest.approx(-1.5 * np.log(0.2), rel=0.05)
    assert kept[0] > log_odds(np.array([0.8]))[0]


def test_one_series_of_surprises_does_not_decide_for_the_others() -> None:
    x = np.tile([1.0, 4.0], (200, 1))
    y, noise = np.r_[np.full(180, 1.0), np.full(20, 60.0)], np.full(200, 0.5)
    assert typical_weights(x, y, noise)[0] > 0.9


def test_intervals_of_spare_parts_cover_what_they_say_and_sums_are_kept() -> None:
    series = made.sparse(400, 60 + 6, 8)
    found = forecast_batch([y[:-6] for y in series], 6, 12)
    actual = np.array([y[-6:] for y in series])
    inside = (actual >= found.lower[0.95]) & (actual <= found.upper[0.95])
    assert 0.93 <= inside.mean() <= 0.98
    total = actual[:, :3].sum(axis=1)
    for tau in (0.9, 0.95, 0.99):
        level = found.cumulative[:, 2, int(np.argmin(np.abs(found.taus - tau)))]
        assert float((total <= level).mean()) == pytest.approx(tau, abs=0.03)
    assert (np.diff(found.cumulative, axis=1) >= 0).all()
