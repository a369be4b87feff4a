"""Control charts: the worked values of the formula sheet, inlined, and against the sheet where it is at hand."""

from __future__ import annotations

import random
from functools import reduce

import pytest

from opscopilot.forecasting.quality.charts import spc
from tests.unit.forecasting.rules.vectors import vectors

IMR = [10.2, 9.9, 10.1, 10.4, 9.8, 10.0, 10.3, 10.1, 9.7]
Z = [0.2, -0.5, 1.2, 1.5, 0.4, 1.1, 1.3, 2.2, 0.3, 2.4, -0.2, 3.2, -0.1]
NIST = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6,
        52.1]  # fmt: skip


def test_individuals_and_moving_ranges() -> None:
    found = spc.individuals(IMR)
    assert found.center == pytest.approx(10.055556, abs=1e-6)
    assert found.moving_range == pytest.approx(0.3125)
    assert found.sigma == pytest.approx(0.277039, abs=1e-6)
    assert (found.lower, found.upper) == pytest.approx((9.224439, 10.886673), abs=1e-5)
    assert found.moving_range_upper == pytest.approx(1.020938, abs=1e-6)
    assert (11.4 - found.center) / found.sigma == pytest.approx(4.852907, abs=1e-5)


def test_p15_limits_do_not_know_the_signal() -> None:
    assert spc.individuals(IMR).upper < 11.4
    assert spc.individuals([*IMR, 11.4]).upper > 11.3, "with the signal in it the limit all but swallows it"


def test_proportions_have_limits_that_vary_with_n_and_never_fall_below_zero() -> None:
    found = spc.proportion(0.0462, 200)
    assert (found.lower, found.upper) == pytest.approx((0.00167, 0.09073), abs=1e-5)
    assert spc.proportion(0.0462, 50).lower == 0.0
    assert spc.proportion(0.0462, 800).upper < found.upper


def test_western_electric_rules() -> None:
    assert [(one.index, one.rule) for one in spc.western_electric(Z)] == [
        (6, 3), (7, 3), (9, 2), (9, 3), (9, 4), (11, 1), (11, 2),
    ]  # fmt: skip


def test_p15_a_point_on_a_line_belongs_inside() -> None:
    assert spc.western_electric([3.0, -3.0]) == []
    assert spc.western_electric([2.0, 2.0, 2.0]) == []
    assert [one.rule for one in spc.western_electric([0.0] * 20)] == []
    assert spc.western_electric([-3.1]) == [spc.Flag(0, 1, "low")]


def test_a_false_alarm_comes_about_every_92_points() -> None:
    rng = random.Random(4)
    runs, points = 0, 0
    for _ in range(400):
        z: list[float] = []
        while True:
            z.append(rng.gauss(0, 1))
            points += 1
            window = z[-8:]
            if any(one.index == len(window) - 1 for one in spc.western_electric(window)):
                runs += 1
                break
    assert points / runs == pytest.approx(spc.WESTERN_ELECTRIC_ARL, rel=0.2)


def test_the_ewma_behind_the_residuals_is_that_of_the_handbook() -> None:
    """A residual is what a value differs from the level before it; the level then takes 0.3 of it."""
    left = spc.residuals(NIST, 0.3, 50.0)
    assert NIST[-1] - 0.7 * left[-1] == pytest.approx(51.9882, abs=1e-3)


def test_cusum_finds_a_small_lasting_shift_that_no_single_point_shows() -> None:
    z = [0.3, -0.4, 0.1, *[1.2] * 9]
    assert max(abs(one) for one in z) < 3
    assert reduce(spc.cusum, z, (0.0, 0.0)) == pytest.approx((6.3, 0.0))


def test_mean_and_range_of_the_formula_sheet() -> None:
    found = spc.mean_range([[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]])
    assert (found.center, found.mean_range, found.range_upper) == pytest.approx((3.5, 4.0, 8.456))
    assert (found.lower, found.upper) == pytest.approx((3.5 - 2.308, 3.5 + 2.308))
    with pytest.raises(ValueError, match="one size"):
        spc.mean_range([[1, 2], [1, 2, 3]])


def test_the_sheet_itself() -> None:
    sheet = vectors()
    found = spc.individuals(IMR)
    assert (found.upper, found.lower) == pytest.approx((sheet["imr_ucl"], sheet["imr_lcl"]), rel=1e-4)
    assert [[one.index, one.rule] for one in spc.western_electric(Z)] == sheet["weco"]
    share = spc.proportion(sheet["p_bar"], 200)
    assert (share.upper, share.lower) == pytest.approx((sheet["p_ucl"], sheet["p_lcl"]), rel=5e-3)
    a2, rbar = 0.577, sheet["xr_rbar"]
    assert sheet["xr_xbb"] + a2 * rbar == pytest.approx(sheet["xr_ucl"], rel=1e-6)


def test_laney_widens_what_scatters_more_than_sampling() -> None:
    steady = spc.laney([20, 21, 19, 20, 20, 21], [1000] * 6)
    wild = spc.laney([5, 60, 2, 44, 8, 90], [1000] * 6)
    assert steady == 1.0
    assert wild > 5
    assert spc.laney([0, 0], [10, 10]) == 1.0


def test_autocorrelated_values_and_their_residuals() -> None:
    rng = random.Random(1)
    level, values = 0.0, []
    for _ in range(500):
        level = 0.9 * level + rng.gauss(0, 1)
        values.append(level)
    assert spc.autocorrelation(values) > 0.8
    assert abs(spc.autocorrelation(spc.residuals(values, 0.9))) < 0.2
    assert spc.autocorrelation([1.0, 1.0, 1.0]) == 0.0


def test_rules_together_alarm_more_often_than_each() -> None:
    assert spc.between_false_alarms(100, 100) == pytest.approx(50)
