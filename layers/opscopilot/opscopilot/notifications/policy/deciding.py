"""Who is told what, over which channel and when. Pure: the same input always gives the same plan.

Rules, in order: `critical` is always told, at once, to everybody it concerns who can be reached, whatever the
preferences (P-85). Otherwise the severity and the workspace must be wanted. A channel needs an address that works and
must not be switched off. Silences, planned events, quiet hours and time off hold a message until they are over;
whoever is on call is held by the first two only. What comes too thick and fast is gathered (`storms`, P-86).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from opscopilot.notifications.policy import stepping, storms
from opscopilot.notifications.policy.holding import Quieting, held, quieting
from opscopilot.notifications.policy.model import Decision, Person, Plan, Purpose, Subject
from opscopilot.notifications.policy.reaching import Occasion, Reach, is_serious, reaches
from opscopilot.notifications.policy.rules import Policy
from opscopilot.notifications.policy.state import Situation

_Key = tuple[str, str, str | None, frozenset[str], Quieting, str | None, str | None]
NOT_EXCLUSIVE = "Nobody in the policy's first step can be reached: everybody is told by their preferences."


def decide(subject: Subject, situation: Situation, now: datetime) -> Plan:
    """What follows from one alert that was raised, or became worse, at `now`."""
    return decide_all([subject], situation, now)[0]


def decide_all(subjects: Sequence[Subject], situation: Situation, now: datetime) -> list[Plan]:
    """What follows from each of a batch of alerts, told in this order. What one person gets counts over the batch."""
    batch = _Batch(situation, now)
    plans = [batch.plan(one) for one in subjects]
    return storms.calm(plans, [one.severity for one in subjects], situation, now)


def tell(
    subject: Subject, situation: Situation, now: datetime, users: Collection[str], purpose: Purpose, round: int = 0
) -> Plan:
    """A later word about an alert (a reminder, its end) to these of the people, by their wishes and time off."""
    occasion = Occasion(purpose, round, quieting(subject, situation, now))
    reach = Reach(situation, now)
    told = [
        made for who in situation.people if who.user_id in users for made in reach.decisions(who, subject, occasion)
    ]
    return storms.calm([Plan(told)], [subject.severity], situation, now)[0]


@dataclass
class _Batch:
    """Alerts of one kind and severity that nothing tells apart have one list of decisions."""

    situation: Situation
    now: datetime
    _made: dict[_Key, tuple[list[Decision], tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reach = Reach(self.situation, self.now)
        self._on_call = frozenset(self.situation.on_call(self.now))

    def plan(self, subject: Subject) -> Plan:
        """The plan before storms are calmed."""
        policy = stepping.policy_for(subject, self.situation)
        quiet = quieting(subject, self.situation, self.now)
        # The only type where the thing it is about decides over which channel somebody hears of it.
        about = subject.entity_code if subject.alert_type == "delivery_failed" else None
        key = (subject.alert_type, subject.severity, subject.workspace, subject.to_users, quiet,
               policy.code if policy else None, about)  # fmt: skip
        if key not in self._made:
            self._made[key] = self._decide(subject, policy, quiet)
        decisions, notes = self._made[key]
        plan = Plan(decisions, notes=notes)
        if policy is None:
            return plan
        # While a silence or a planned event holds the alert back nobody can be late in taking it on.
        wait = held(quiet, None, self.now, self.situation.zone)
        done = 1 if stepping.starts_at_once(policy) else 0
        due = stepping.due(policy, done, wait.until if wait else self.now)
        return replace(plan, policy_code=policy.code, policy_step=done, next_step_at=due)

    def _decide(
        self, subject: Subject, policy: Policy | None, quiet: Quieting
    ) -> tuple[list[Decision], tuple[str, ...]]:
        first = policy.steps[0] if policy is not None and stepping.starts_at_once(policy) else None
        named = stepping.named(first, self.situation, self.now) if first else stepping.NOBODY
        on_call = named.on_call | (self._on_call if is_serious(subject) else frozenset())
        occasion = Occasion(
            quiet=quiet, named=named.users, on_call=on_call, channels=first.channels if first else ()
        )  # fmt: skip
        if policy is not None and policy.exclusive and first is not None:
            decisions = self._told(self._people(named.users), subject, occasion)
            if reaches(decisions):
                return decisions, ()
            return [*decisions, *self._everybody(subject, occasion, named.users)], (NOT_EXCLUSIVE,)
        return self._everybody(subject, occasion, frozenset()), ()

    def _everybody(self, subject: Subject, occasion: Occasion, but: frozenset[str]) -> list[Decision]:
        """By their wishes: the people the alert names; everybody, where none of those can be told."""
        if subject.to_users:
            asked = self._people((subject.to_users | occasion.named) - but)
            if any(who.user_id in subject.to_users for who in asked):
                decisions = self._told(asked, subject, occasion)
                if subject.severity != "critical" or reaches(decisions):
                    return decisions
        return self._told([who for who in self.situation.people if who.user_id not in but], subject, occasion)

    def _people(self, users: Collection[str]) -> list[Person]:
        return [self.situation.by_id[one] for one in sorted(users) if one in self.situation.by_id]

    def _told(self, people: Sequence[Person], subject: Subject, occasion: Occasion) -> list[Decision]:
        return [made for who in people for made in self._reach.decisions(who, subject, occasion)]
