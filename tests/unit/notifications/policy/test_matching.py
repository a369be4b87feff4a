"""Which alerts are meant."""

from __future__ import annotations

import time

import pytest

from opscopilot.notifications.policy.matching import Matcher
from tests.unit.notifications.policy.making import alert


@pytest.mark.parametrize(
    ("pattern", "code", "fits"),
    [
        ("OVEN-*", "OVEN-2", True), ("oven-*", "OVEN-2", True), ("OVEN-?", "OVEN-12", False), ("*", None, True),
        ("*-2", "OVEN-2", True), ("OVEN", "OVEN-2", False), ("S.1", "S-1", False), ("[a-z]*", "b", False),
        ("a*", "a\nb", True), ("OVEN-*", None, False),
    ],
)  # fmt: skip
def test_patterns(pattern: str, code: str | None, fits: bool) -> None:
    assert Matcher(entity_pattern=pattern).fits(alert(entity_code=code)) is fits


def test_a_hostile_pattern_takes_no_time() -> None:
    started = time.process_time()
    assert not Matcher(entity_pattern="*a" * 40 + "b").fits(alert(entity_code="a" * 100))
    assert time.process_time() - started < 1


def test_everything_given_has_to_fit() -> None:
    one = Matcher(frozenset({"anomaly"}), frozenset({"plantops"}), "S-*", "plant-1", "c")
    assert one.fits(alert())
    assert not one.fits(alert(alert_type="osa_gap"))
    assert not one.fits(alert(place="PLANT-2"))
    assert not one.fits(alert(correlation_key="d"))
    assert not Matcher(workspaces=frozenset({"retail"})).fits(alert())
    assert Matcher(workspaces=frozenset({"retail"})).fits(alert(workspace="retail"))
    assert Matcher().is_empty
    assert not one.is_empty
