"""Demand that is sometimes zero: counted where the backtests say so, regular where there is a shape to follow."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine import forecast_batch
from opscopilot.forecasting.engine.border import to_be_tried


def test_lumpy_counts_with_some_zeros_are_counted() -> None:
    rng = np.random.default_rng(3)
    series = [rng.poisson(rng.lognormal(1.5, 1.1, 80) * size).astype(float) for size in rng.uniform(0.5, 2, 60)]
    found = forecast_batch(series, 6, 12)
    assert np.mean([(y == 0).mean() for y in series]) < 0.24
    assert found.demand_class.count("intermittent") > 45


def test_a_season_with_months_of_nothing_stays_regular() -> None:
    rng = np.random.default_rng(4)
    shape = np.array([0, 0, 1, 3, 6, 9, 10, 9, 6, 3, 1, 1]) * 20.0
    series = [rng.poisson(np.tile(shape, 8) * size).astype(float) for size in rng.uniform(0.5, 2, 40)]
    found = forecast_batch(series, 12, 12)
    assert found.demand_class.count("regular") == 40
    assert (found.mean[:, :2] < 0.1 * found.mean[:, 6:7]).all()


def test_what_never_is_zero_is_not_tried() -> None:
    assert to_be_tried([np.ones(9), np.array([1.0, 0.0, 2.0])]).tolist() == [1]
