"""What the engine claims about itself has to hold on periods it has not seen."""

from __future__ import annotations

import sys
from datetime import date

import numpy as np
import pytest

from opscopilot.forecasting.engine import BatchForecast, forecast_batch
from opscopilot.forecasting.engine.types import FloatArray
from tests.unit.forecasting.engine import made

HORIZON = 13


def covered(result: BatchForecast, actual: FloatArray, level: float) -> float:
    inside = (actual >= result.lower[level]) & (actual <= result.upper[level])
    return float(inside.mean())


def wape(actual: FloatArray, forecast: FloatArray) -> float:
    return float(np.abs(actual - forecast).sum() / actual.sum())


def split(series: list[FloatArray], horizon: int) -> tuple[list[FloatArray], FloatArray]:
    return [y[:-horizon] for y in series], np.array([y[-horizon:] for y in series])


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("seasonal", [False, True])
def test_p54_an_80_percent_interval_holds_70_to_90_percent_of_what_comes(seed: int, seasonal: bool) -> None:
    train, actual = split(made.weekly(60, 156 + HORIZON, seed, seasonal=seasonal), HORIZON)
    result = forecast_batch(train, HORIZON, 52)
    assert actual.size >= 200
    assert 0.70 <= covered(result, actual, 0.80) <= 0.90
    assert 0.90 <= covered(result, actual, 0.95) <= 0.99
    assert min(bound.min() for bound in result.lower.values()) >= 0
    told = np.nanmean(result.metrics.coverage[0.80])
    assert 0.70 <= told <= 0.90


@pytest.mark.parametrize("batch", [1, 4])
def test_p54_intervals_hold_for_tenants_with_a_handful_of_items(batch: int) -> None:
    train, actual = split(made.weekly(40, 120 + HORIZON, 5, seasonal=False), HORIZON)
    parts = [forecast_batch(train[i : i + batch], HORIZON, 52) for i in range(0, len(train), batch)]
    inside = [covered(p, actual[i * batch : (i + 1) * batch], 0.80) for i, p in enumerate(parts)]
    assert 0.70 <= float(np.mean(inside)) <= 0.90


def test_p54_intermittent_upper_bounds_hold() -> None:
    train, actual = split(made.sparse(150, 160 + HORIZON, 4), HORIZON)
    result = forecast_batch(train, HORIZON, 52)
    assert {"intermittent"} == set(result.demand_class)
    for tau in (0.9, 0.95, 0.975):
        assert float((actual <= result.quantile(tau)).mean()) == pytest.approx(tau, abs=0.035)


def test_p55_nothing_is_used_that_did_not_beat_the_named_baseline() -> None:
    train = made.weekly(40, 120, 6, seasonal=False) + made.sparse(40, 120, 7)
    result = forecast_batch(train, HORIZON, 52)
    metrics = result.metrics
    assert (metrics.origins > 0).all()
    for i, method in enumerate(result.methods):
        if method.startswith("combination"):
            assert metrics.loss[i] < metrics.baseline_loss[i]
        else:
            assert method == f"{metrics.baseline_name[i]} (no model beat it)"
            assert metrics.loss[i] == pytest.approx(metrics.baseline_loss[i])
        assert metrics.baseline_name[i] in result.baselines
    assert set(metrics.loss_name[:40]) == {"wape"}
    assert set(metrics.loss_name[40:]) == {"rmse"}


def test_p55_a_random_walk_is_left_to_the_naive_forecast() -> None:
    rng = np.random.default_rng(8)
    walks = [1000 + np.cumsum(rng.normal(0, 10, 150)) for _ in range(30)]
    train, actual = split(walks, 4)
    result = forecast_batch(train, 4, 1)
    naive = np.array([y[-1] for y in train])[:, None]
    assert wape(actual, result.mean) <= 1.1 * wape(actual, naive)


def test_a_weekly_season_is_found_and_used() -> None:
    train, actual = split(made.weekly(60, 156 + HORIZON, 9, seasonal=True), HORIZON)
    quarter = np.array([y[-HORIZON:].mean() for y in train])[:, None]
    assert wape(actual, forecast_batch(train, HORIZON, 52).mean) < 0.85 * wape(actual, quarter)


def test_an_item_that_faded_out_is_not_forecast_from_its_best_days() -> None:
    rng = np.random.default_rng(10)
    alive = made.sparse(20, 60, 11)
    faded = np.concatenate([rng.poisson(300, 14), [0, 0, 0, 0, 0, 6, 0, 0]]).astype(np.float64)
    result = forecast_batch([*alive, faded], 6, 12)
    assert result.mean[-1].max() < 40


def test_p55_adventureworks_weekly_online_against_its_bars(capsys: pytest.CaptureFixture[str]) -> None:
    train, actual = made.adventureworks_online(date(2024, 12, 30))
    result = forecast_batch(train, HORIZON, 52)
    found = wape(actual, result.mean)
    with capsys.disabled():
        bar = "bar 21.49 %: the best of five simple methods, picked with hindsight"
        sys.stdout.write(f"\nAdventureWorks weekly online, {len(train)} series: WAPE {found:.2%} ({bar})\n")
    assert (len(train), actual.sum()) == (86, 14100)
    assert found < 0.2180
    for baseline, bar_value in (("naive last", 0.2735), ("historic mean", 0.5369), ("seasonal naive", 0.9707)):
        assert found < bar_value, baseline
    assert 0.77 <= covered(result, actual, 0.80) <= 0.85


def test_p55_adventureworks_monthly_of_all_channels_beats_its_bar(capsys: pytest.CaptureFixture[str]) -> None:
    train, actual = made.adventureworks_monthly("2025-01")
    result = forecast_batch(train, 3, 12)
    found = wape(actual, result.mean)
    with capsys.disabled():
        sys.stdout.write(
            f"\nAdventureWorks monthly, all channels, {len(train)} series: WAPE {found:.2%} (bar 19.48 %)\n"
        )
    assert (len(train), actual.sum()) == (56, 11258)
    assert found <= 0.1948


@pytest.mark.parametrize(
    ("name", "group", "limit", "most"),
    [("hospital", "hospital", 200, 0.85), ("m1", "M1-monthly", 200, 0.90), ("tourism", "T-quarterly", 200, 0.86)],
)
def test_public_series_are_forecast_better_than_naive2(name: str, group: str, limit: int, most: float) -> None:
    train, actual, horizon, season = made.parquet(name, group, limit)
    result = forecast_batch(train, horizon, season)
    naive = np.array([_naive2(y, horizon, season) for y in train])
    scale = np.array([np.abs(y[season:] - y[:-season]).mean() for y in train])[:, None]

    def smape(forecast: FloatArray) -> float:
        return float(np.mean(200 * np.abs(actual - forecast) / (np.abs(actual) + np.abs(forecast))))

    def mase(forecast: FloatArray) -> float:
        return float(np.mean(np.abs(actual - forecast) / scale))

    owa = (smape(result.mean) / smape(naive) + mase(result.mean) / mase(naive)) / 2
    assert owa < most
    assert 0.68 <= covered(result, actual, 0.80) <= 0.92


def _naive2(y: FloatArray, horizon: int, season: int) -> FloatArray:
    """The M-competitions' yardstick: last value, deseasonalised where the season is significant."""
    n = len(y)
    z = y - y.mean()
    ac = np.array([(z[k:] * z[: n - k]).sum() / (z * z).sum() for k in range(1, season + 1)])
    limit = 1.645 / np.sqrt(n) * np.sqrt(1 + 2 * (ac[:-1] ** 2).sum())
    if n < 3 * season or abs(ac[-1]) <= limit:
        return np.repeat(y[-1], horizon)
    window = np.r_[0.5, np.ones(season - 1), 0.5] / season if season % 2 == 0 else np.ones(season) / season
    half = len(window) // 2
    ratio, phase = y[half : n - half] / np.convolve(y, window, "valid"), np.arange(half, n - half) % season
    index = np.array([ratio[phase == j].mean() for j in range(season)])
    index /= index.mean()
    result: FloatArray = y[-1] / index[(n - 1) % season] * index[(n + np.arange(horizon)) % season]
    return result
