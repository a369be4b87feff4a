"""The streaming detector: causal, resumable, of bounded memory, and it finds what it should."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from benchmarks.sensing.series import generated
from opscopilot.forecasting.quality.sensors.detector import LEARNING, NAME, REFRACTORY, Detector, Judgement
from opscopilot.forecasting.quality.sensors.tails import Tail


def wave(count: int, seed: int = 1) -> list[float]:
    rng = np.random.default_rng(seed)
    return [float(one) for one in 50 + 8 * np.sin(np.arange(count) * 2 * np.pi / 96) + rng.normal(0, 1, count)]


def judge(values: list[float], detector: Detector | None = None, start: int = 0) -> list[Judgement]:
    found = detector or Detector()
    return [found.add(value, (start + i) * 900 % 86400) for i, value in enumerate(values)]


@pytest.mark.parametrize("cut", [1, 130, 700])
def test_a_detector_resumed_from_json_goes_on_as_if_it_had_never_stopped(cut: int) -> None:
    values = [*wave(900), 90.0, 91.0]
    whole = judge(values)
    first = Detector()
    judge(values[:cut], first)
    resumed = Detector.load(json.loads(json.dumps(first.dump())))
    assert judge(values[cut:], resumed, cut) == whole[cut:]


def test_what_comes_later_changes_nothing_said_before() -> None:
    values = wave(400)
    assert judge(values)[:300] == judge([*values[:300], *[1e6] * 100])[:300]


def test_a_jump_is_told_at_once_and_once() -> None:
    said = judge([*wave(1500), *(one + 40 for one in wave(REFRACTORY, 2))])
    signals = [i for i, one in enumerate(said) if one.signal]
    assert 1500 in signals
    assert len([i for i in signals if i >= 1500]) <= 4, "only what is worse than the last is told again"


def test_a_signal_that_dies_is_told() -> None:
    values = wave(2000)
    said = judge([*values, *[values[-1]] * 90])
    assert any(one.signal for one in said[2000:])


def test_the_surprises_say_what_was_unusual() -> None:
    said = judge([*wave(800), 500.0])[-1]
    assert said.signal
    assert max(said.surprises, key=lambda name: said.surprises[name]) in ("from_start", "range_break")
    assert 0.99 < said.likelihood < 1.0


def test_a_new_sensor_is_learnt_before_it_is_judged() -> None:
    assert not any(one.signal for one in judge([*wave(LEARNING - 20), 900.0, 20.0, 1e9]))


@pytest.mark.parametrize("values", [[5.0] * 600, [0.0] * 600, [1e12, 1e12 + 1] * 300, [-3.5, 1e-12] * 300],
                         ids=["constant", "zero", "huge", "tiny"])  # fmt: skip
def test_any_finite_readings_are_judged_and_nothing_is_found_in_sameness(values: list[float]) -> None:
    said = judge(values)
    assert all(math.isfinite(one.score) and one.score >= 0 for one in said)
    assert not any(one.signal for one in said)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Detector().add(value, 0)


def test_the_memory_does_not_grow() -> None:
    detector = Detector()
    judge(wave(1700), detector)
    early = len(json.dumps(detector.dump()))
    judge(wave(1000, 3), detector)
    assert len(json.dumps(detector.dump())) < 1.15 * early < 60_000


def test_a_state_of_another_method_is_not_taken_up() -> None:
    detector = Detector()
    judge(wave(200), detector)
    assert Detector.load({**detector.dump(), "method": "older"}).count == 0
    assert Detector.load(None).count == 0
    assert Detector.load(detector.dump()).count == 200
    assert NAME in detector.dump()["method"]


def test_noise_gives_few_signals() -> None:
    rng = np.random.default_rng(5)
    said = judge([float(one) for one in rng.normal(20, 2, 2500)])
    assert sum(one.signal for one in said) <= 6


def test_most_built_in_faults_are_found_inside_their_window() -> None:
    hits = 0
    series = generated(4, 1600)
    for one in series:
        detector = Detector()
        signals = {i for i, (value, second) in enumerate(zip(one.values.tolist(), one.seconds, strict=True))
                   if detector.add(value, second).signal}  # fmt: skip
        first, last = one.windows[0]
        hits += any(first <= i <= last for i in signals)
    assert hits >= 3


def test_surprise_is_the_share_of_what_was_as_high() -> None:
    tail = Tail()
    for _ in range(999):
        tail.add(1.0)
    assert tail.add(1.0) == pytest.approx(0.0, abs=1e-3)
    assert tail.add(4.0) == pytest.approx(-math.log10(0.5 / 1001) + 2.0), "two octaves beyond the record"


def test_faded_tails_forget_by_halves() -> None:
    tail = Tail()
    for _ in range(100):
        tail.add(1.0)
    tail.add(1000.0)
    tail.fade()
    assert tail.count == 50.0
    assert tail.record < 1.1
