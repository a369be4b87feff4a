"""So many messages at once that nobody reads them: they are gathered and go as one (P-86).

More than five for one person on one channel in one batch are gathered for a minute. After five messages within ten
minutes whatever follows waits until those ten minutes are over; critical ones wait a minute at most. Machines
read everything: their channels are never held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from opscopilot.kernel.clock import on_the_wall
from opscopilot.kernel.events import Severity
from opscopilot.notifications.policy.model import ChannelCode, Decision, Plan
from opscopilot.notifications.policy.state import Situation, Traffic

STORM_MESSAGES = 5
STORM_WINDOW = timedelta(minutes=10)
GATHERED = timedelta(minutes=1)
Key = tuple[str, ChannelCode]


@dataclass(slots=True)
class _Count:
    """One person's channel while a batch is gone through."""

    messages: int
    oldest: datetime
    digest_at: datetime | None
    critical_digest_at: datetime | None


@dataclass
class _Spreader:
    """Goes through a batch and remembers how much each person has got."""

    situation: Situation
    now: datetime
    burst: Counter[Key] = field(default_factory=Counter)
    counts: dict[Key, _Count] = field(default_factory=dict)
    made: dict[tuple[int, datetime], Decision] = field(default_factory=dict)

    def leaves(self, one: Decision) -> bool:
        """Is it a message that a person would get now?"""
        due = one.status == "pending" and one.scheduled_at is not None and one.scheduled_at <= self.now
        return due and one.channel not in self.situation.machines

    def spread(self, one: Decision, severity: Severity) -> Decision:
        """The decision itself, or a later one."""
        if not self.leaves(one):
            return one
        key = (one.user_id, one.channel)
        count = self.counts.get(key)
        if count is None:
            count = self.counts[key] = self._so_far(key)
        until = _held_until(count, severity, self.burst[key], self.now)
        if until is None:
            count.messages += 1
            return one
        if severity == "critical":
            count.critical_digest_at = until
        else:
            count.digest_at = until
        return self._later(one, until)

    def _so_far(self, key: Key) -> _Count:
        known = self.situation.traffic.get(key, Traffic())
        return _Count(known.messages, known.oldest or self.now, known.digest_at, known.critical_digest_at)

    def _later(self, one: Decision, until: datetime) -> Decision:
        known = self.made.get((id(one), until))
        if known is None:
            words = f"Held until {on_the_wall(until, self.situation.zone_of(one.user_id))}: {_WHY}"
            known = replace(one, scheduled_at=until, held_by="storm", reason=words, urgent=False)
            self.made[id(one), until] = known
        return known


_WHY = f"more than {STORM_MESSAGES} messages to this person within a short time go as one."


def calm(plans: Sequence[Plan], severities: Sequence[Severity], situation: Situation, now: datetime) -> list[Plan]:
    """The plans, with what would come too thick and fast held back. A plan without such decisions stays itself."""
    spreader = _Spreader(situation, now)
    for plan, severity in zip(plans, severities, strict=True):
        if severity != "critical":
            spreader.burst.update((one.user_id, one.channel) for one in plan.decisions if spreader.leaves(one))
    made: list[Plan] = []
    for plan, severity in zip(plans, severities, strict=True):
        decisions = [spreader.spread(one, severity) for one in plan.decisions]
        changed = any(new is not old for new, old in zip(decisions, plan.decisions, strict=True))
        made.append(replace(plan, decisions=decisions) if changed else plan)
    return made


def _held_until(count: _Count, severity: Severity, burst: int, now: datetime) -> datetime | None:
    if severity == "critical":
        waiting = count.critical_digest_at
        if waiting is not None and now < waiting <= now + GATHERED:
            return waiting
        return now + GATHERED if count.messages >= STORM_MESSAGES else None
    if count.digest_at is not None and now < count.digest_at <= now + STORM_WINDOW:
        return count.digest_at
    if count.messages >= STORM_MESSAGES:
        return max(count.oldest + STORM_WINDOW, now + GATHERED)
    return now + GATHERED if burst > STORM_MESSAGES else None
