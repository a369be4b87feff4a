"""The benchmark's scoring rule on hand-made series."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.sensing import scoring
from benchmarks.sensing.series import Series

FILE = Series("one", np.zeros(1000), [0] * 1000, [(400, 499)])


def flags(*places: int) -> dict[str, np.ndarray]:
    found = np.zeros(1000)
    found[list(places)] = 1.0
    return {"one": found}


def test_silence_is_nothing_and_the_first_moment_is_everything() -> None:
    assert scoring.best([FILE], flags(), "standard")[0] == 0.0
    assert scoring.best([FILE], flags(400), "standard")[0] == pytest.approx(100.0)


def test_later_in_the_window_is_worth_less_and_only_the_first_counts() -> None:
    late = scoring.at([FILE], flags(480), "standard", 0.5)
    assert 0 < late < scoring.at([FILE], flags(430), "standard", 0.5) < 100
    assert scoring.at([FILE], flags(480, 490, 499), "standard", 0.5) == pytest.approx(late)


def test_a_false_alarm_far_away_costs_its_weight_and_before_probation_ends_nothing() -> None:
    right = scoring.at([FILE], flags(400), "standard", 0.5)
    assert scoring.at([FILE], flags(400, 200), "standard", 0.5) == pytest.approx(right - 100 * 0.11 / 2)
    assert scoring.at([FILE], flags(400, 200), "low_fp", 0.5) == pytest.approx(right - 100 * 0.22 / 2)
    assert scoring.at([FILE], flags(400, 100), "standard", 0.5) == pytest.approx(right)


def test_just_behind_a_window_costs_little() -> None:
    near = scoring.at([FILE], flags(400, 501), "standard", 0.5)
    far = scoring.at([FILE], flags(400, 800), "standard", 0.5)
    assert far < near < 100.0


def test_one_threshold_serves_all_files() -> None:
    other = Series("two", np.zeros(1000), [0] * 1000, [])
    scores = {"one": flags(400)["one"] * 0.6, "two": flags(600)["one"] * 0.9}
    points, threshold = scoring.best([FILE, other], scores, "standard")
    assert threshold == pytest.approx(0.6)
    assert points == pytest.approx(100 - 100 * 0.11 / 2)
