"""Every planning formula against its worked value: inlined here, and once more against the sheet itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from opscopilot.forecasting import rules
from opscopilot.forecasting.rules import bands, reorder, safety, stockout
from tests.unit.forecasting.rules.vectors import vectors

ACTUAL = [D(v) for v in (120, 95, 140, 0, 110, 130)]
FORECAST = [D(v) for v in (110, 105, 120, 30, 115, 118)]
HISTORY = [D(v) for v in (100, 112, 96, 118, 104, 121, 99, 125)]
LUMPY = [0.0, 0, 5, 0, 0, 0, 8, 0, 0, 6, 0, 0]
STEADY = [20.0, 25, 18, 22, 30, 17]
DAYS = [D(v) for v in (120, 130, 125, 118, 140, 0, 0, 122, 133)]
WEEK = [D(v) for v in (30, 35, 40, 28, 32, 33, 36)]
SALES = dict(
    zip(
        (f"S{i}" for i in range(1, 11)),
        map(D, (52000, 21000, 9000, 6000, 4500, 3000, 2000, 1300, 800, 400)),
        strict=True,
    )
)
SIGMA = rules.lead_time_deviation(D(120), D(30), D(9), D(2))
CARPET = rules.safety_stock(rules.lead_time_deviation(D(30), D(5), D(10), D(0)), 0.95)
QUOTED = rules.accuracy(ACTUAL, FORECAST, HISTORY)


def order(position: int, up_to: int, cap: int | None = None) -> D:
    return rules.reorder_quantity(
        D(position), D(1000), D(up_to), moq=D(500), multiple=D(48), cap=None if cap is None else D(cap)
    ).quantity


WORKED: dict[str, tuple[object, Callable[[], Any]]] = {
    "mae": (14.5, lambda: QUOTED.mae),
    "rmse": (16.6783, lambda: QUOTED.rmse),
    "wape": (14.6218, lambda: 100 * (QUOTED.wape or 0)),
    "bias_pct": (-0.5042, lambda: 100 * (QUOTED.bias or 0)),
    "ts": (-0.2069, lambda: QUOTED.tracking_signal),
    "mase": (0.7868, lambda: QUOTED.mase),
    "pinball90": (10.8, lambda: rules.pinball(D(130), D(118), D("0.9"))),
    "pinball90b": (0.5, lambda: rules.pinball(D(110), D(115), D("0.9"))),
    "z95": (1.644854, lambda: safety.z_value(0.95)),
    "carpet_ss": (26.0074, lambda: CARPET),
    "carpet_rop": (326.0074, lambda: rules.reorder_point(D(30), D(10), CARPET)),
    "sig_ltd": (256.3201, lambda: SIGMA),
    "ss": (421.6091, lambda: rules.safety_stock(SIGMA, 0.95)),
    "rop": (1501.6091, lambda: rules.reorder_point(D(120), D(9), rules.safety_stock(SIGMA, 0.95))),
    "ss_const_lt": (148.0368, lambda: rules.safety_stock(rules.lead_time_deviation(D(120), D(30), D(9), D(0)), 0.95)),
    "eoq": (998.5785, lambda: rules.economic_order_quantity(D(15600), D(45), D("0.22") * D("6.40"))),
    "dos_fwd": (7.5492, lambda: rules.days_of_supply(D(700), DAYS)),
    "days_until_critical": (7, lambda: rules.days_until_critical(D(410), D(180), WEEK)),
    "so_pois": (0.047908, lambda: stockout.poisson_tail(20, 14)),
    "so_nb": (0.114741, lambda: stockout.negative_binomial_tail(20, 14, 28)),
    "so_norm": (0.041176, lambda: stockout.normal_tail(20, 14, 14**0.5)),
    "so_norm_nocc": (0.054405, lambda: stockout.normal_tail(20, 14, 14**0.5, continuity=False)),
    "so_boot": (0.068359, lambda: stockout.empirical_tail(list(map(D, (0, 3, 5, 4, 9, 2, 6, 7))), 3, D(20))),
    "G95": (0.020893, lambda: safety.unit_loss(1.644854)),
    "esc": (5.3553, lambda: safety.expected_shortage(SIGMA, 1.644854)),
    "fill": (0.994645, lambda: rules.fill_rate(SIGMA, 1.644854, D(1000))),
    "z_fill99": (1.37171, lambda: safety.z_for_fill_rate(0.99, SIGMA, D(1000))),
    "ss_fill99": (351.5961, lambda: rules.safety_stock_for_fill_rate(0.99, SIGMA, D(1000))),
    "ip": (855, lambda: rules.inventory_position(D(640), D(300), D(85))),
    "rq1": (1536, lambda: order(855, 2360)),
    "rq2": (528, lambda: order(880, 1000)),
    "rq_cap": (1440, lambda: order(855, 2360, 1440)),
    "abc": (
        {
            **dict.fromkeys(("S1", "S2", "S3"), "A"),
            **dict.fromkeys(("S4", "S5", "S6"), "B"),
            **dict.fromkeys(("S7", "S8", "S9", "S10"), "C"),
        },
        lambda: rules.abc_classes(SALES),
    ),
    "cv_sample": (0.220817, lambda: bands.coefficient_of_variation([D(int(v)) for v in STEADY])),
    "adi": (4.0, lambda: rules.demand_pattern([D(int(v)) for v in LUMPY]).interval),
    "cv2": (0.038781, lambda: rules.demand_pattern([D(int(v)) for v in LUMPY]).cv2),
    "croston": (1.737864, lambda: rules.croston(LUMPY, 0.1)),
    "sba": (1.650971, lambda: rules.sba(LUMPY, 0.1)),
    "tsb": (1.445546, lambda: rules.tsb(LUMPY, 0.1)),
    "ses": (21.64835, lambda: rules.simple_exponential_smoothing(STEADY, 0.3)),
    "doh": (48.6667, lambda: rules.days_on_hand(D("7.5"))),
    "excess": (2698, lambda: rules.excess_stock(D(5200), D(1502), D(1000))),
}


def same(found: object, expected: object) -> bool:
    if isinstance(expected, dict):
        return found == expected
    return float(str(found)) == pytest.approx(float(str(expected)), rel=1e-4)


@pytest.mark.parametrize("name", list(WORKED))
def test_inlined_worked_value(name: str) -> None:
    expected, compute = WORKED[name]
    assert same(compute(), expected)


@pytest.mark.parametrize("name", list(WORKED))
def test_worked_value_of_the_sheet(name: str) -> None:
    sheet = vectors()
    assert same(WORKED[name][1](), sheet[name])


def test_shelf_life_cap_is_days_times_demand() -> None:
    assert reorder.shelf_life_cap(D(12), D(120)) == D(1440)
