"""What one person gets of an alert: channel by channel, now, later or never, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from opscopilot.notifications.policy.holding import NOTHING, Held, Quieting, held
from opscopilot.notifications.policy.model import ChannelCode, Decision, Person, Purpose, Subject, rank
from opscopilot.notifications.policy.state import Situation
from opscopilot.notifications.policy.wishes import wanted


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why somebody is told: the alert itself, or a step of its escalation (`round`), which sets aside what they wish.

    `quiet`: silences and planned events that are about the alert. `named`: people whom a step names. `on_call`:
    people whom nothing but those holds. `channels`: a step's own.
    """

    purpose: Purpose = "raised"
    round: int = 0
    quiet: Quieting = NOTHING
    named: frozenset[str] = frozenset()
    on_call: frozenset[str] = frozenset()
    channels: tuple[ChannelCode, ...] = ()


@dataclass
class Reach:
    """Makes the decisions for one situation and instant; equal questions about holds are asked once."""

    situation: Situation
    now: datetime
    _holds: dict[tuple[str, Quieting], Held | None] = field(default_factory=dict)

    def decisions(self, who: Person, subject: Subject, occasion: Occasion) -> list[Decision]:
        """One decision per channel. People without preferences of their own leave no trace when the alert is
        simply too small for them; everybody else can read why they were not told."""
        named = who.user_id in occasion.named
        channels, unwanted = wanted(who, subject)
        if unwanted is not None and not named:
            return [self._never(who, one, unwanted, occasion) for one in channels] if who.explicit else []
        if named and occasion.channels:
            channels = occasion.channels
        made = [self._on_channel(who, one, subject, occasion) for one in channels]
        must_know = named or subject.severity == "critical" or subject.alert_type == "delivery_failed"
        if must_know and not any(one.status == "pending" for one in made):
            made += self._last_resort(who, subject, channels, occasion)
            if not made:
                made = [self._never(who, "email", "No address is known for this user.", occasion)]
        return made

    def _never(self, who: Person, channel: ChannelCode, why: str, occasion: Occasion) -> Decision:
        return Decision(who.user_id, channel, "suppressed", why, purpose=occasion.purpose, round=occasion.round)

    def _closed(self, who: Person, channel: ChannelCode, subject: Subject) -> str | None:
        """Why nothing can go to that person over that channel."""
        off = self.situation.switched_off.get(channel)
        if off is not None:
            return f"The channel {channel} is switched off for this plant{f' ({off})' if off else ''}."
        if channel not in self.situation.channels:
            return f"The channel {channel} is not set up in this installation."
        address = who.addresses.get(channel)
        if not address:
            return f"No address for {channel} is known for this user."
        if subject.alert_type == "delivery_failed" and subject.entity_code is not None:
            failing = (f"{channel}:{who.user_id}", f"{channel}:{self.situation.destination(channel, address)}")
            if subject.entity_code in failing:
                return "This is the way that failed; other channels tell of it."
        return self.situation.dead_addresses.get((channel, address.casefold()))

    def _on_channel(self, who: Person, channel: ChannelCode, subject: Subject, occasion: Occasion) -> Decision:
        closed = self._closed(who, channel, subject)
        if closed is not None:
            return self._never(who, channel, closed, occasion)
        on_call = who.user_id in occasion.on_call
        critical = subject.severity == "critical"
        hold = None if critical else self._hold(who, occasion, on_call=on_call)
        return Decision(
            who.user_id, channel, "pending", hold.reason if hold else None, hold.until if hold else self.now,
            hold.by if hold else None, occasion.purpose, occasion.round,
            urgent=critical or (on_call and hold is None), silence_id=hold.silence_id if hold else None,
        )  # fmt: skip

    def _hold(self, who: Person, occasion: Occasion, *, on_call: bool) -> Held | None:
        availability = None if on_call else who.availability
        if availability is None and occasion.quiet is NOTHING:
            return None
        key = (f"{on_call} {who.user_id}", occasion.quiet)
        if key not in self._holds:
            self._holds[key] = held(occasion.quiet, availability, self.now, who.zone)
        return self._holds[key]

    def _last_resort(
        self, who: Person, subject: Subject, tried: tuple[ChannelCode, ...], occasion: Occasion
    ) -> list[Decision]:
        """Any other channel we have an address for, when none that was chosen can work."""
        for channel in self.situation.channels:
            if channel not in tried and self._closed(who, channel, subject) is None:
                one = self._on_channel(who, channel, subject, occasion)
                why = "No channel this user chose can reach them, and they have to know."
                return [Decision(
                    one.user_id, channel, "pending", f"{why} {one.reason}" if one.reason else why, one.scheduled_at,
                    one.held_by, one.purpose, one.round, one.urgent, one.silence_id,
                )]  # fmt: skip
        return []


def reaches(decisions: list[Decision]) -> bool:
    """Does anything leave, now or later?"""
    return any(one.status == "pending" for one in decisions)


def is_serious(subject: Subject) -> bool:
    """Grave enough that whoever is on call is told at any hour."""
    return rank(subject.severity) >= rank("high")
