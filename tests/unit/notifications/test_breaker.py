"""The circuit breaker as a rule: when it opens, how its pauses grow, what closes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.notifications.delivery.breaker import FIRST_PAUSE, LONGEST_PAUSE, OPENS_AFTER, Breaker

NOW = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)


def test_four_failures_are_bad_luck_and_five_are_not() -> None:
    assert Breaker().after(["no"] * 4, NOW).lets_through()
    assert Breaker().after(["no"] * 4 + [None] + ["no"] * 4, NOW).lets_through()
    opened = Breaker().after(["no"] * 5, NOW)
    assert (opened.state, opened.opened_at, opened.retry_at) == ("open", NOW, NOW + FIRST_PAUSE)
    assert opened.after(["late"] * 9, NOW) == opened, "what was sent before it opened says nothing new"
    assert opened.after([None], NOW) == Breaker()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40))
def test_pauses_grow_and_have_an_end(probes: int) -> None:
    found, now = Breaker().after(["no"] * OPENS_AFTER, NOW), NOW
    pauses = [FIRST_PAUSE]
    for _ in range(probes):
        assert found.retry_at is not None
        assert not found.may_probe(found.retry_at - timedelta(seconds=1))
        now = found.retry_at
        assert found.may_probe(now)
        found = found.probing(now).after(["no"], now)
        assert found.retry_at is not None
        pauses.append(found.retry_at - now)
    assert pauses == sorted(pauses)
    assert max(pauses) <= LONGEST_PAUSE
    assert found.opened_at == NOW, "it says since when the destination is down"
    assert found.probing(now).after([None], now) == Breaker()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([None, "no"]), max_size=30))
def test_it_is_open_only_after_five_in_a_row(outcomes: list[str | None]) -> None:
    found = Breaker()
    row = 0
    for one in outcomes:
        row = 0 if one is None else row + 1
        found = found.after([one], NOW)
        if found.lets_through():
            assert row < OPENS_AFTER
        else:
            assert row >= OPENS_AFTER
