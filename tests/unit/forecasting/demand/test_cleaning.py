"""What is learned from: estimates of what was not asked for, and what is set aside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opscopilot.forecasting.demand.cleaning import Block, clean, orders_stop


def block(ordered: Any, **other: Any) -> Block:
    values = np.atleast_2d(np.asarray(ordered, dtype=float))
    nothing = np.zeros_like(values)
    given = {name: np.atleast_2d(np.asarray(other.get(name, nothing), dtype=float))
             for name in ("one_off", "lost", "out_share", "out_qty", "out_lines")}  # fmt: skip
    lines = np.atleast_2d(np.asarray(other.get("lines", (values > 0) * 5.0), dtype=float))
    promo = np.atleast_2d(np.asarray(other.get("promo", nothing), dtype=bool))
    lengths = np.full(len(values), values.shape[1], dtype=np.int64)
    return Block(np.zeros(len(values), dtype=np.int64), lengths, values, lines=lines, promo=promo, **given)


def test_nothing_is_done_to_ordinary_demand() -> None:
    rng = np.random.default_rng(3)
    ordered = rng.poisson(20, (200, 156)).astype(float)
    found = clean(block(ordered), "weekly")
    assert (found.values == ordered).all()


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
def test_intermittent_demand_has_no_outliers_of_its_own(size: float) -> None:
    rng = np.random.default_rng(4)
    ordered = (rng.random((100, 120)) < 0.2) * rng.lognormal(2, size, (100, 120)).round()
    assert (clean(block(ordered), "weekly").values == ordered).all()


def test_p51_an_estimate_is_never_below_what_was_ordered() -> None:
    rng = np.random.default_rng(5)
    ordered = rng.poisson(30, (50, 60)).astype(float)
    share = np.where(rng.random(ordered.shape) < 0.2, rng.random(ordered.shape), 0)
    found = clean(block(ordered, out_share=share, lines=np.where(share > 0, 0, 4)), "weekly", set_aside=False)
    assert (found.values >= ordered).all()


def test_p51_whether_orders_stop_is_seen_in_the_lines_of_days_without_stock() -> None:
    share = np.zeros((3, 20))
    share[:, 10:14] = 1.0
    lines = np.full((3, 20), 5.0)
    lines[0, 10:14] = 0
    lines[2, 10:14] = 0
    lost = np.zeros((3, 20))
    lost[2, 11] = 8
    out_lines = np.where(share > 0, lines, 0)
    found = orders_stop(
        block(np.full((3, 20), 50.0), lines=lines, out_share=share, out_lines=out_lines, lost=lost), share > 0
    )
    assert found.tolist() == [True, False, False], "stops; goes on; records what it could not serve"


def test_an_event_that_all_items_share_is_not_an_outlier() -> None:
    ordered = np.random.default_rng(6).poisson(50, (40, 80)).astype(float)
    ordered[:, 50] *= 6
    ordered[7, 30] *= 8
    found = clean(block(ordered), "weekly")
    changed = np.argwhere(found.values != ordered).tolist()
    assert changed == [[7, 30]]


def test_a_short_history_and_the_newest_buckets_are_not_judged() -> None:
    short, recent = np.full(11, 10.0), np.full(30, 10.0)
    short[5], recent[-1] = 500, 500
    assert (clean(block(short), "weekly").values == short).all()
    assert (clean(block(recent), "weekly").values == recent).all()


def test_a_one_off_is_taken_out_of_its_bucket_and_nothing_else() -> None:
    ordered, single = np.full(30, 10.0), np.zeros(30)
    ordered[20], single[20] = 510, 500
    found = clean(block(ordered, one_off=single), "monthly")
    assert found.values[0].tolist() == [10.0] * 30
    assert found.rule(0, 20) == "one_off_removed"
    kept = clean(block(ordered, one_off=single), "monthly", set_aside=False)
    assert kept.values[0, 20] == 510
