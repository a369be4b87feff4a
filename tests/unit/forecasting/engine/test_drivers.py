"""Promotions, prices and closed days: what is put into demand is found again, and where there is nothing to find the
forecast stays what it was."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from opscopilot.forecasting.engine import EngineSettings, forecast_batch
from opscopilot.forecasting.engine.drivers import (
    Drivers,
    drivers_from_columns,
    forecast_with_drivers,
    labels_from_ids,
)
from opscopilot.forecasting.engine.types import BatchForecast, FloatArray

H, T = 8, 112
FAST = EngineSettings(origins=3)


def promoted(
    count: int, *, lift: float = 1.0, elasticity: float = 0.0, noise: float = 0.2, seed: int = 3, level: float = 400.0
) -> tuple[list[FloatArray], FloatArray, list[Drivers]]:
    """Weekly series with one-week promotions (`lift` on the log) and price cuts of 10 to 30 %; history, future truth."""
    rng = np.random.default_rng(seed)
    days = T + H
    deal = (rng.random((count, days)) < 0.15).astype(float)
    price = 2.0 * (1 - deal * rng.uniform(0.1, 0.3, (count, days)))
    mean = level * np.exp(rng.normal(0, 0.6, (count, 1)) + lift * deal + elasticity * np.log(price / 2.0))
    demand = mean * np.exp(rng.normal(0, noise, (count, days)))
    drivers = [Drivers(np.c_[p, d][:T], np.c_[p, d][T:], ("price", "deal")) for p, d in zip(price, deal, strict=True)]
    return [y[:T] for y in demand], mean[:, T:], drivers


def error(truth: FloatArray, found: FloatArray) -> float:
    return float(np.abs(truth - found).sum() / truth.sum())


def same(a: BatchForecast, b: BatchForecast) -> bool:
    """Whether two forecasts say the same in everything."""
    for field in ("mean", "quantiles", "cumulative"):
        if not np.array_equal(getattr(a, field), getattr(b, field)):
            return False
    return (a.methods, a.notes, a.refusals) == (b.methods, b.notes, b.refusals)


def test_a_known_lift_is_found_and_put_on_the_weeks_that_are_planned() -> None:
    history, truth, drivers = promoted(24, lift=0.9)
    found = forecast_with_drivers(history, drivers, H, 1, settings=FAST)
    on = np.stack([one.future[:, 1] for one in drivers]) > 0
    assert found.uplift is not None
    base = found.mean - found.uplift
    lift = np.log((found.mean / base)[on])
    assert lift.mean() == pytest.approx(0.9, abs=0.12)
    assert np.abs(found.uplift[~on]).max() < 0.2 * base.mean()
    assert error(truth, found.mean) < 0.6 * error(truth, forecast_batch(history, H, 1, settings=FAST).mean)
    assert all("drivers" in method for method in found.methods)


def test_elasticity_is_found_where_only_the_price_says_so() -> None:
    history, truth, drivers = promoted(24, lift=0.0, elasticity=-3.0)
    only_price = [Drivers(d.past[:, :1], d.future[:, :1], ("price",)) for d in drivers]
    found = forecast_with_drivers(history, only_price, H, 1, settings=FAST)
    assert error(truth, found.mean) < 0.16
    assert found.uplift is not None
    assert found.uplift.max() > 0


def test_groups_that_react_differently_are_told_apart() -> None:
    weak, weak_truth, a = promoted(12, lift=0.2, seed=1)
    strong, strong_truth, b = promoted(12, lift=1.4, seed=2)
    labels = ["weak"] * 12 + ["strong"] * 12
    found = forecast_with_drivers(weak + strong, a + b, H, 1, settings=FAST, groups=labels)
    assert error(np.vstack([weak_truth, strong_truth]), found.mean) < 0.17


def test_intervals_hold_and_sums_belong_to_the_weeks() -> None:
    history, truth, drivers = promoted(60, lift=0.9, noise=0.3)
    found = forecast_with_drivers(history, drivers, H, 1)
    rng = np.random.default_rng(9)
    came = truth * np.exp(rng.normal(0, 0.3, truth.shape))
    inside = (came >= found.lower[0.95]) & (came <= found.upper[0.95])
    assert 0.91 <= inside.mean() <= 0.985
    assert np.nanmean(found.metrics.coverage[0.95]) == pytest.approx(0.95, abs=0.03)
    total = (found.cumulative[:, -1, 0] <= came.sum(axis=1)) & (came.sum(axis=1) <= found.cumulative[:, -1, -1])
    assert total.mean() > 0.9
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    assert (found.lower[0.95] <= found.mean).all()
    assert (found.mean <= found.upper[0.95]).all()


def test_without_drivers_it_is_exactly_the_plain_forecast() -> None:
    history, _, _ = promoted(5)
    plain = forecast_batch(history, H, 1, settings=FAST)
    assert same(forecast_with_drivers(history, [None] * 5, H, 1, settings=FAST), plain)
    assert forecast_with_drivers([], [], H, 1).mean.shape == (0, H)


def test_drivers_that_drive_nothing_change_nothing_much() -> None:
    history, truth, drivers = promoted(24, lift=0.0, noise=0.3)
    plain = forecast_batch(history, H, 1, settings=FAST)
    found = forecast_with_drivers(history, drivers, H, 1, settings=FAST)
    assert error(truth, found.mean) < 1.02 * error(truth, plain.mean)


def test_a_series_without_drivers_keeps_its_plain_forecast_beside_others() -> None:
    history, _, drivers = promoted(12)
    mixed: list[Drivers | None] = [None, *drivers[1:]]
    plain, found = (
        forecast_batch(history, H, 1, settings=FAST),
        forecast_with_drivers(history, mixed, H, 1, settings=FAST),
    )
    assert np.array_equal(found.mean[0], plain.mean[0])
    assert found.methods[0] == plain.methods[0]
    assert found.uplift is not None
    assert (found.uplift[0] == 0).all()


@pytest.mark.parametrize(
    "made", [lambda y: np.zeros_like(y), lambda y: np.full_like(y, 7.0), lambda y: np.full_like(y, np.nan),
             lambda y: np.where(np.arange(len(y)) == 40, 1.0, 0.0), lambda y: np.full_like(y, -1e300),
             lambda y: np.where(np.arange(len(y)) == 3, np.inf, 0.0)],
    ids=["zero", "constant", "unknown", "one-off", "absurd", "infinite"],
)  # fmt: skip
def test_columns_that_say_nothing_do_no_harm(made: object) -> None:
    history, truth, drivers = promoted(12, lift=0.9)
    assert callable(made)
    wider = [
        Drivers(np.c_[d.past, made(d.past[:, 0])], np.c_[d.future, made(d.future[:, 0])], (*d.names, "extra"))
        for d in drivers
    ]
    found = forecast_with_drivers(history, wider, H, 1, settings=FAST)
    assert np.isfinite(found.mean).all()
    assert error(truth, found.mean) < 0.2


def test_the_same_column_twice_is_one_effect() -> None:
    history, truth, drivers = promoted(12, lift=0.9)
    twice = [
        Drivers(np.c_[d.past, d.past], np.c_[d.future, d.future], ("price", "deal", "price 2", "promo"))
        for d in drivers
    ]
    found = forecast_with_drivers(history, twice, H, 1, settings=FAST)
    assert error(truth, found.mean) < 0.2


def test_an_unknown_future_is_a_future_without_promotions() -> None:
    history, _, drivers = promoted(12, lift=0.9)
    unknown = [dataclasses.replace(d, future=np.full_like(d.future, np.nan)) for d in drivers]
    regular = [dataclasses.replace(d, future=np.tile([2.0, 0.0], (H, 1))) for d in drivers]
    a, b = (forecast_with_drivers(history, d, H, 1, settings=FAST) for d in (unknown, regular))
    assert a.mean == pytest.approx(b.mean, rel=0.25)
    short = [Drivers(d.past[-20:], d.future[:2], d.names) for d in drivers]
    assert np.isfinite(forecast_with_drivers(history, short, H, 1, settings=FAST).mean).all()


def test_series_of_every_kind_get_an_answer() -> None:
    history, _, drivers = promoted(4)
    rng = np.random.default_rng(0)
    odd = [
        np.zeros(0),
        np.array([3.0]),
        np.zeros(T),
        np.full(T, 5.0),
        np.full(T, np.nan),
        history[0][-9:],
        history[1] * 1e12,
    ]
    odd.append((rng.random(T) < 0.2) * 4.0)
    ahead = [Drivers(np.zeros((len(y), 1)), np.ones((H, 1)), ("deal",)) for y in odd]
    found = forecast_with_drivers([*history, *odd], [*drivers, *ahead], H, 12, settings=FAST)
    for part in (found.mean, found.quantiles, found.cumulative):
        assert np.isfinite(part).all()
        assert (part >= 0).all()


def test_closed_days_are_no_demand_and_not_a_drop() -> None:
    rng = np.random.default_rng(4)
    days = np.arange(210)
    closed = (np.isin(days % 7, (5, 6)) | (days == 203)).astype(float)
    history = [rng.gamma(9, 10, 196) * (1 - closed[:196]) for _ in range(6)]
    drivers = [Drivers(closed[:196, None], closed[196:, None], ("closed",)) for _ in history]
    found = forecast_with_drivers(history, drivers, 14, 7, settings=FAST)
    shut = closed[196:] > 0
    assert (found.mean[:, shut] == 0).all()
    assert (found.upper[0.95][:, shut] == 0).all()
    assert found.mean[:, ~shut].mean() == pytest.approx(90, rel=0.15)
    assert all("no working time in 5 of the periods ahead" in note for note in found.notes)


def test_who_orders_on_closed_days_is_expected_to_do_so_again() -> None:
    rng = np.random.default_rng(4)
    closed = np.isin(np.arange(210) % 7, (6,)).astype(float)
    history = [rng.gamma(9, 10, 196) for _ in range(6)]
    drivers = [Drivers(closed[:196, None], closed[196:, None], ("closed",)) for _ in history]
    assert (forecast_with_drivers(history, drivers, 14, 7, settings=FAST).mean > 0).all()


def test_drivers_and_series_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 series but 1 drivers"):
        forecast_with_drivers([np.ones(9), np.ones(9)], [None], 4, 1)
    with pytest.raises(ValueError, match="expected"):
        Drivers(np.ones((9, 2)), np.ones((4, 1)), ("price",))


def test_columns_of_a_tidy_table_become_drivers() -> None:
    table = {"promo": [np.array([0, 1, 0, 1.0]), np.zeros(3)], "always": [np.ones(4), np.ones(3)]}
    found = drivers_from_columns(table, [3, 3], 2)
    assert found[0] is not None
    assert found[0].names == ("promo",)
    assert found[0].past.tolist() == [[0], [1], [0]]
    assert found[0].future[0] == 1
    assert np.isnan(found[0].future[1])
    assert drivers_from_columns({"always": table["always"]}, [3, 3], 2) == [None, None]


def test_ids_of_several_parts_are_labels() -> None:
    assert labels_from_ids(["oj_1_7", "oj_1_8", "oj_2_7", "oj_2_8"]) == [("1", "7"), ("1", "8"), ("2", "7"), ("2", "8")]
    assert labels_from_ids(["a", "b", "c"]) is None
    assert labels_from_ids(["a_1", "b"]) is None
