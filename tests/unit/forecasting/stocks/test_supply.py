"""Lateness as a distribution, delivery performance, recipes exploded: the arithmetic by hand."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest

from opscopilot.forecasting.inventory.dependent import Path, explode
from opscopilot.forecasting.inventory.explosion import per_unit
from opscopilot.forecasting.rules import DeliveredLine, performance, share_interval
from opscopilot.forecasting.supply.delivery import Curves
from opscopilot.forecasting.supply.lateness import counts, hazards, later_than, quantile, survival
from tests.unit.forecasting.rules.vectors import vectors

TOP, MID, RAW, OTHER = (UUID(int=n) for n in range(1, 5))
MILL, SMALL = UUID(int=11), UUID(int=12)


def curve(*late: int, waiting: tuple[int, ...] = ()) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    seen = [(day, False, 100) for day in late] + [(day, True, 100) for day in waiting]
    return survival(hazards(counts(seen), None))


def test_d13_on_time_in_full_and_both_are_three_figures() -> None:
    """Eight lines with a window of two days early: one early, one late, one open and past due, two not complete."""
    lines = [DeliveredLine(0, True), DeliveredLine(-1, True), DeliveredLine(-2, True), DeliveredLine(0, True),
             DeliveredLine(-1, False), DeliveredLine(-5, True), DeliveredLine(3, True), DeliveredLine(None, False)]  # fmt: skip
    found, known = performance(lines), vectors()
    assert (found.on_time, found.in_full, found.otif) == (known["ot"], known["if"], known["otif"])
    assert found.otif != known["otif_product_wrong"]
    assert found.early == 0.125


def test_p71_three_lines_say_little() -> None:
    low, high = share_interval(1, 3) or (0, 0)
    assert low < 0.1
    assert high > 0.75
    assert share_interval(0, 0) is None
    assert performance([]).otif is None


def test_the_curve_of_many_deliveries_is_their_share() -> None:
    found = curve(-2, 0, 5, 10)
    for day, share in ((-3, 1.0), (-2, 0.75), (0, 0.5), (4, 0.5), (5, 0.25), (10, 0.0)):
        assert later_than(found, day) == pytest.approx(share, abs=0.01), day
    assert [quantile(found, share) for share in (0.2, 0.4, 0.7, 0.99)] == [-2, 0, 5, 10]


def test_what_has_not_come_yet_is_later_than_what_it_was() -> None:
    found = curve(-2, 0, 5, 10)
    assert later_than(found, 5, known=0) == pytest.approx(0.5, abs=0.02)
    assert later_than(found, 0, known=3) == 1.0
    assert quantile(found, 0.4, known=0) == 5
    assert quantile(found, 0.1, known=30) == 32  # beyond all experience: one in fourteen a day


def test_p70_an_open_line_counts_as_late_for_as_long_as_it_is() -> None:
    """Half came on the day, half are open and five days late: being late is as likely as not, not impossible."""
    assert later_than(curve(0, waiting=(5,)), 4) == pytest.approx(0.5, abs=0.03)
    assert later_than(curve(0), 4) == pytest.approx(0.0, abs=0.01)


def test_p71_a_supplier_with_three_late_lines_is_pulled_to_all() -> None:
    seen = {(MILL, RAW): [(0, False, 190), (10, False, 10)], (SMALL, RAW): [(10, False, 3)]}
    curves = Curves(seen)
    mill, small = (later_than(curves.curve((who, RAW)), 0) for who in (MILL, SMALL))
    assert mill == pytest.approx(0.05, abs=0.02)
    assert 0.1 < small < 0.6
    assert curves.basis((SMALL, RAW)) == (3, "3 deliveries of the supplier")
    unknown = later_than(curves.curve((UUID(int=99), RAW)), 0)
    assert unknown == pytest.approx(13 / 203, abs=0.02)


def test_d10_scrap_and_yield_divide_and_ways_to_a_component_add_up() -> None:
    needs, loops = per_unit({TOP: {MID: 2.0, RAW: 0.5}, MID: {RAW: 0.35 / 0.95}})
    assert needs[TOP][RAW] == pytest.approx(0.5 + 2 * 0.35 / 0.95)
    assert loops == []


def test_p31_a_loop_is_named_and_does_not_hang() -> None:
    needs, loops = per_unit({TOP: {MID: 2.0}, MID: {RAW: 1.0, TOP: 1.0}})
    assert loops == [[TOP, MID, TOP]]
    assert needs[TOP] == {MID: 2.0, RAW: 2.0}


def line(parent: UUID, child: UUID, qty: float, **dates: date) -> dict[str, object]:
    names = ("effective_from", "effective_to", "component_from", "component_to")
    return {"parent": parent, "child": child, "bom_id": UUID(int=hash(tuple(dates.values())) % 10**6 + parent.int),
            "base_qty": 1, "expected_yield": 1, "qty": qty, "scrap_rate": 0, **dict.fromkeys(names), **dates}  # fmt: skip


def test_variances_of_independent_parents_add_with_the_square_of_the_quantity() -> None:
    buckets = [date(2025, 3, 31) + timedelta(days=7 * n) for n in range(3)]
    parents = {
        TOP: Path(np.full(3, 10.0), np.array([4.0, 8.0, 12.0]), 1), OTHER: Path(np.full(3, 5.0), np.full(3, 9.0), 1)
    }  # fmt: skip
    found = explode([line(TOP, RAW, 2), line(OTHER, RAW, 3)], buckets, parents).paths[RAW]
    assert found.mean.tolist() == [35, 35, 35]
    assert found.cumulative_variance.tolist() == [4 * 4 + 9 * 9, 4 * 8 + 9 * 9, 4 * 12 + 9 * 9]
    assert found.parents == 2


def test_p31_the_recipe_of_the_need_date_counts() -> None:
    buckets = [date(2025, 3, 31) + timedelta(days=7 * n) for n in range(4)]
    change = buckets[2]
    recipes = [line(TOP, RAW, 5, effective_from=change),
               line(TOP, RAW, 2, effective_to=change - timedelta(days=1))]  # fmt: skip
    parents = {TOP: Path(np.full(4, 10.0), np.array([1.0, 2.0, 3.0, 4.0]), 1)}
    found = explode(recipes, buckets, parents).paths[RAW]
    assert found.mean.tolist() == [20, 20, 50, 50]
    assert found.cumulative_variance.tolist() == [4, 8, 33, 58]
