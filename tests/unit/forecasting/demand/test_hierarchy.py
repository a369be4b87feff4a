"""Levels add up to the last millionth, are the closest that do, and are no worse than what they were made from."""

from __future__ import annotations

import numpy as np
import pytest

from opscopilot.forecasting.demand.hierarchy import MILLION, depths, in_millionths, move_bounds, reconcile
from opscopilot.forecasting.demand.levels import Tree, added_up


def random_tree(rng: np.random.Generator, nodes: int) -> np.ndarray:
    """Parents of `nodes` nodes in any order: some roots, any shape."""
    parent = np.array([-1 if i == 0 or rng.random() < 0.05 else rng.integers(0, i) for i in range(nodes)])
    order = rng.permutation(nodes)
    moved = np.full(nodes, -1)
    moved[order] = np.where(parent >= 0, order[np.maximum(parent, 0)], -1)
    return moved


def sums(parent: np.ndarray, values: np.ndarray) -> np.ndarray:
    total = np.zeros_like(values)
    np.add.at(total, parent[parent >= 0], values[parent >= 0])
    return total


@pytest.mark.parametrize("seed", range(25))
def test_levels_add_up_to_the_last_millionth_and_none_is_negative(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parent = random_tree(rng, int(rng.integers(2, 60)))
    base = rng.gamma(0.5, 10 ** rng.uniform(-3, 6, (len(parent), 1)), (len(parent), 4))
    base[rng.random(base.shape) < 0.3] = 0
    found = reconcile(parent, base, rng.gamma(1, 5, base.shape) + 1e-9, np.ones(len(parent), dtype=bool))
    whole = in_millionths(parent, found)
    inner = np.unique(parent[parent >= 0])
    assert (whole >= 0).all()
    assert (sums(parent, whole)[inner] == whole[inner]).all()
    bounds = np.stack([base * 0.5, base * 0.8, base * 1.3, base * 2], axis=2)
    moved = move_bounds(whole, base, bounds)
    chain = np.concatenate(
        [np.zeros_like(moved[:, :, :1]), moved[:, :, :2], whole[:, :, None], moved[:, :, 2:]], axis=2
    )
    assert (np.diff(chain, axis=2) >= 0).all()


@pytest.mark.parametrize("seed", range(10))
def test_it_is_the_weighted_least_squares_answer(seed: int) -> None:
    """Against the textbook formula S (S' W^-1 S)^-1 S' W^-1 b where nothing is pushed below zero."""
    rng = np.random.default_rng(100 + seed)
    parent = random_tree(rng, 14)
    n = len(parent)
    leaves = np.setdiff1d(np.arange(n), parent)
    summing = np.zeros((n, len(leaves)))
    for column, leaf in enumerate(leaves):
        node = leaf
        while node >= 0:
            summing[node, column] = 1
            node = parent[node]
    truth = rng.uniform(50, 150, len(leaves))
    base = (summing @ truth) * rng.uniform(0.95, 1.05, n)
    variance = rng.uniform(1, 9, n)
    weighted = summing.T / variance
    expected = summing @ np.linalg.solve(weighted @ summing, weighted @ base)
    assert (expected > 0).all()
    found = reconcile(parent, base[:, None], variance[:, None], np.ones(n, dtype=bool))[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_node_without_a_forecast_of_its_own_is_the_sum_of_its_children() -> None:
    parent, base = np.array([-1, 0, 0]), np.array([[0.0], [3.0], [4.0]])
    found = reconcile(parent, base, np.ones((3, 1)), np.array([False, True, True]))
    assert found[:, 0].tolist() == [7.0, 3.0, 4.0]


def test_who_would_fall_below_nothing_gets_nothing_and_the_others_share_the_rest() -> None:
    parent = np.array([-1, 0, 0, 0])
    base = np.array([[10.0], [1.0], [20.0], [30.0]])
    variance = np.array([[1e-6], [100.0], [1.0], [1.0]])
    found = reconcile(parent, base, variance, np.ones(4, dtype=bool))[:, 0]
    assert found[1] == 0
    assert found[0] == pytest.approx(10, abs=1e-3)
    assert found[2:].sum() == pytest.approx(found[0])


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        depths(np.array([1, 0]))


def test_a_large_tree_takes_no_time() -> None:
    parent = np.concatenate([[-1], np.zeros(100, dtype=int), 1 + np.arange(50_000) % 100])
    base = np.random.default_rng(1).gamma(2, 5, (len(parent), 13))
    whole = in_millionths(parent, reconcile(parent, base, base + 1, np.ones(len(parent), dtype=bool)))
    assert whole[0].tolist() == whole[1:101].sum(axis=0).tolist()


def test_items_are_not_worse_off_on_rolling_origins() -> None:
    """Sixty noisy items that share a season and a trend only their family shows clearly; errors of twelve origins."""
    rng = np.random.default_rng(7)
    weeks, items, horizon = 160, 60, 4
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(weeks) / 52)
    demand = rng.poisson(np.outer(rng.gamma(2, 10, items), season * np.linspace(1, 1.5, weeks))).astype(float)
    parent = np.concatenate([[-1], np.zeros(items, dtype=int)])
    history = np.vstack([demand.sum(axis=0), demand])
    alone, together = 0.0, 0.0
    for origin in range(weeks - 12 - horizon, weeks - horizon):
        seen, came = history[:, :origin], history[:, origin : origin + horizon]
        base = np.repeat(seen[:, -8:].mean(axis=1, keepdims=True), horizon, axis=1)
        base[0] = seen[0, -8:].mean() * history[0, origin - 52 : origin - 52 + horizon] / seen[0, -60:-52].mean()
        one = np.abs(np.diff(seen[:, -52:], axis=1)).mean(axis=1)[:, None] * 0.8 * np.ones(horizon)
        bounds = np.stack([base - 1.5 * one, base - one, base + one, base + 1.5 * one], axis=2).clip(0)
        plain = np.ones(len(parent), dtype=bool)
        found = (
            added_up(Tree(parent, plain, seen[:, -52:].sum(axis=1), ~plain, ~plain, np.ones_like(base)), base, bounds)
            / MILLION
        )
        alone += np.abs(base[1:] - came[1:]).sum()
        together += np.abs(found[1:] - came[1:]).sum()
    assert together <= alone


def test_a_group_is_what_is_forecast_in_it_and_new_items_come_on_top() -> None:
    """An item that is refused takes its part of last year out of the family; a new one adds what it is expected to."""
    parent = np.array([-1, 0, 0, 0])
    told, outside = np.array([True, True, False, True]), np.array([False, False, False, True])
    volume = np.array([1000.0, 750.0, 250.0, 0.0])
    base = np.array([[20.0], [15.0], [0.0], [4.0]])
    bounds = np.stack([base * 0.5, base * 0.7, base * 1.4, base * 2], axis=2)
    found = added_up(Tree(parent, told, volume, outside, told & False, np.ones((4, 1))), base, bounds)[:, 0] / MILLION
    assert found.tolist() == [19.0, 15.0, 0.0, 4.0]


def test_places_of_an_item_are_left_alone_where_one_of_them_is_refused() -> None:
    parent = np.array([-1, 0, 0])
    told, places = np.array([True, True, False]), np.array([False, True, True])
    base = np.array([[20.0], [5.0], [0.0]])
    bounds = np.stack([base * 0.5, base * 0.7, base * 1.4, base * 2], axis=2)
    found = (
        added_up(Tree(parent, told, np.array([9.0, 3.0, 6.0]), told & False, places, np.ones((3, 1))), base, bounds)[
            :, 0
        ]
        / MILLION
    )
    assert found.tolist() == [20.0, 5.0, 0.0]
