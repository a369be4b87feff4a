"""New items: what items like them did, with intervals as wide as those differ."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.demand.lookalikes import Candidate, NewItem, closest, guess
from opscopilot.forecasting.engine.types import BASE_TAUS

TAUS = np.array(BASE_TAUS)


def candidate(code: str, values: object, name: str = "Gouda young", price: float | None = 10.0, launched: bool = True
              ) -> Candidate:  # fmt: skip
    return Candidate(code, name, price, np.asarray(values, dtype=float), launched)


def item(values: object = (), name: str = "Gouda smoked", price: float | None = 11.0) -> NewItem:
    return NewItem("NEW", name, price, np.asarray(values, dtype=float))


def test_name_and_price_decide_who_is_like_it() -> None:
    found = [candidate("A", [1] * 30, "Butter salted", 2.0), candidate("B", [1] * 30, "Gouda smoked mild", 12.0),
             candidate("C", [1] * 30, "Gouda smoked", 40.0)]  # fmt: skip
    assert [one.code for one in closest(item(), found, same_category=True)] == ["B", "C", "A"]
    assert [one.code for one in closest(item(), found, same_category=False)] == ["B"]


def test_one_look_alike_is_not_enough() -> None:
    assert guess(item(), [candidate("A", [5] * 30)], 4, TAUS) is None


def test_the_launch_of_the_look_alikes_is_followed_at_the_same_age() -> None:
    ramp = np.concatenate([np.arange(1, 27) * 4.0, np.full(60, 104.0)])
    said = guess(item([4, 8]), [candidate("A", ramp), candidate("B", ramp * 1.1)], 8, TAUS)
    assert said is not None
    assert (np.diff(said.mean) > 0).all()
    assert 8 < said.mean[0] < 20


def test_own_demand_draws_the_level_and_more_of_it_draws_more() -> None:
    like = [candidate(code, np.full(60, 100.0 + shift)) for code, shift in (("A", -5), ("B", 0), ("C", 5))]
    levels = []
    for n in (0, 2, 6):
        said = guess(item([50.0] * n), like, 4, TAUS)
        assert said is not None
        levels.append(said.mean[0])
    assert levels[0] > levels[1] > levels[2] > 50
    assert 95 < levels[0] < 105


def test_intervals_are_as_wide_as_the_look_alikes_differ_and_hold_most_of_them() -> None:
    rng = np.random.default_rng(8)
    inside, wide = [], []
    for spread in (0.1, 0.8):
        hits = []
        for _ in range(150):
            levels = 100 * rng.lognormal(0, spread, 6)
            like = [candidate(str(i), rng.poisson(level, 60)) for i, level in enumerate(levels[:5])]
            said = guess(item(), like, 13, TAUS)
            assert said is not None
            low, high = said.quantiles[:, 1], said.quantiles[:, -2]
            hits.append(((rng.poisson(levels[5], 13) >= low) & (rng.poisson(levels[5], 13) <= high)).mean())
            wide.append((high / said.mean).mean())
        inside.append(np.mean(hits))
    assert min(inside) > 0.85
    assert np.mean(wide[150:]) > np.mean(wide[:150])


def test_every_number_is_finite_and_in_order() -> None:
    said = guess(item([0, 0, 3]), [candidate("A", [0] * 40), candidate("B", [0, 0, 7] * 20, launched=False)], 6, TAUS)
    assert said is not None
    assert np.isfinite(said.quantiles).all()
    assert (np.diff(said.quantiles, axis=1) >= 0).all()
    assert (said.cumulative[-1] >= said.cumulative[0]).all()
    assert said.method == "like A and B"
