"""Whatever arrives in whatever order and however often: one open alert, and the newest word counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.events import SEVERITIES, AlertRaised, AlertResolved, AlertSeen
from opscopilot.notifications.alerts.folding import Before, fold
from opscopilot.notifications.alerts.model import Alert, AlertEvent, Folded
from opscopilot.notifications.policy.model import rank

NOW = datetime(2026, 1, 20, tzinfo=UTC)
START = datetime(2026, 1, 14, tzinfo=UTC)
ID, TENANT = UUID(int=7), UUID(int=1)


def made(number: int, minute: int, kind: str, severity: str) -> AlertEvent:
    base: dict[str, Any] = {
        "event_id": UUID(int=100 + number), "tenant_id": TENANT, "occurred_at": START + timedelta(minutes=minute),
        "correlation_id": "c", "alert_id": ID, "dedupe_key": "k",
    }  # fmt: skip
    if kind == "resolved":
        return AlertResolved(**base)
    report = AlertSeen if kind == "seen" else AlertRaised
    return report(**base, alert_type="anomaly", severity=severity, title=f"t{minute}", message="m", entity_type="sku")


_KINDS = st.sampled_from(["raised", "raised", "seen", "resolved"])
EVENTS = st.lists(
    st.tuples(st.integers(0, 3000), _KINDS, st.sampled_from(SEVERITIES)),
    min_size=1, max_size=12, unique_by=lambda one: one[0],
).map(lambda found: [made(number, *one) for number, one in enumerate(found)])  # fmt: skip


def run(batches: list[list[AlertEvent]]) -> tuple[Alert | None, list[Folded]]:
    """Fold the batches one after the other, as intake does; the alert at the end."""
    alert: Alert | None = None
    over: dict[UUID, datetime] = {}
    done = []
    for batch in batches:
        folded = fold(batch, Before(alert, dict(over)), NOW)
        for taken in folded.taken:
            if taken.alert is None and isinstance(taken.event, AlertResolved):
                over[ID] = max(over.get(ID, taken.event.occurred_at), taken.event.occurred_at)
        alert = folded.alerts[-1] if folded.alerts else None
        done.append(folded)
    return alert, done


def in_time(events: list[AlertEvent]) -> list[AlertEvent]:
    return sorted(events, key=lambda one: one.occurred_at)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.randoms())
def test_whatever_the_order_of_arrival_the_newest_word_says_whether_it_is_open(
    events: list[AlertEvent], by: Any
) -> None:
    shuffled = list(events)
    by.shuffle(shuffled)
    alert, _ = run([[one] for one in shuffled])
    newest = in_time(events)[-1]
    assert (alert is not None and alert.closed_at is None) == isinstance(newest, AlertRaised)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.integers(1, 11))
def test_it_makes_no_difference_how_events_are_cut_into_batches(events: list[AlertEvent], cut: int) -> None:
    ordered = in_time(events)
    whole, _ = run([ordered])
    parts, _ = run([part for part in (ordered[:cut], ordered[cut:]) if part])
    assert whole == parts


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_p85_one_open_condition_is_told_once_for_each_rise(events: list[AlertEvent]) -> None:
    """Between two tellings it became worse, or it was over in between."""
    alert: Alert | None = None
    told, over = -1, False
    for one in in_time(events):
        before = (alert.severity, alert.reopened_count) if alert else None
        folded = fold([one], Before(alert), NOW)
        over = over or isinstance(one, AlertResolved)
        for telling in folded.tellings.values():
            if telling.only_untold or telling.flapping:
                continue
            assert over or rank(telling.alert.severity) > told or before is None
            told, over = rank(telling.alert.severity), False
        alert = folded.alerts[-1] if folded.alerts else None


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_the_severity_of_an_open_alert_never_falls_and_counts_add_up(events: list[AlertEvent]) -> None:
    alert, done = run([[one] for one in in_time(events)])
    counted = [taken.outcome for folded in done for taken in folded.taken]
    reports = sum(counted.count(one) for one in ("opened", "repeated", "escalated", "reopened"))
    assert (alert.occurrences if alert else 0) == reports
    assert counted.count("opened") == (1 if alert else 0)
    assert (alert.reopened_count if alert else 0) == counted.count("reopened")
    worst = -1
    for one in in_time(events):
        worst = -1 if isinstance(one, AlertResolved) else max(worst, rank(one.severity))
    if alert is not None and alert.closed_at is None:
        assert rank(alert.severity) >= worst
