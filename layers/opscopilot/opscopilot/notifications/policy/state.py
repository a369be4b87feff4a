"""How things stand when alerts are decided: people, silences, planned events, policies, and what just went out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from opscopilot.notifications.policy.model import ChannelCode, Person
from opscopilot.notifications.policy.rules import DEFAULT_POLICY, Mute, Policy, Silence

Rota = Callable[[datetime], Sequence[str]]
"""Who is on call at an instant: user ids, the first of them first."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one person got over one channel within the last ten minutes, or is about to get.

    `digest_at`, `critical_digest_at`: when what a storm holds back already will leave.
    """

    messages: int = 0
    oldest: datetime | None = None
    digest_at: datetime | None = None
    critical_digest_at: datetime | None = None


def _address(_channel: ChannelCode, address: str) -> str:
    return address


@dataclass(frozen=True)
class Situation:
    """Everything `deciding` looks at, loaded once for a batch of alerts.

    `channels`: every channel of this installation, in the order in which they are tried when the chosen ones fail.
    `machines`: those at whose end is a machine. `switched_off`: channel -> why. `dead_addresses`: (channel, address
    in lower case) -> why nothing is sent there. `zone`: the plant's. `destination`: the
    system behind an address of a channel, as the circuit breaker names it.
    """

    people: Sequence[Person]
    channels: tuple[ChannelCode, ...] = ("email", "sms", "slack", "apprise", "webhook")
    machines: frozenset[ChannelCode] = frozenset({"webhook"})
    switched_off: Mapping[ChannelCode, str] = field(default_factory=dict)
    dead_addresses: Mapping[tuple[ChannelCode, str], str] = field(default_factory=dict)
    silences: Sequence[Silence] = ()
    mutes: Sequence[Mute] = ()
    policies: Sequence[Policy] = (DEFAULT_POLICY,)
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    traffic: Mapping[tuple[str, ChannelCode], Traffic] = field(default_factory=dict)
    zone: str = "UTC"
    destination: Callable[[ChannelCode, str], str] = field(default=_address, compare=False)

    @cached_property
    def by_id(self) -> dict[str, Person]:
        """The people by user id."""
        return {one.user_id: one for one in self.people}

    def zone_of(self, user_id: str) -> str:
        """The zone in which that person reads times."""
        found = self.by_id.get(user_id)
        return found.zone if found else self.zone

    def name_of(self, user_id: str) -> str:
        """What others call that person: the name, else the id."""
        found = self.by_id.get(user_id)
        return found.name or user_id if found else user_id

    def on_call(self, now: datetime) -> dict[str, str]:
        """Who is on call now -> in which schedule (the first by its code)."""
        found: dict[str, str] = {}
        for code in sorted(self.rotas):
            for user_id in self.rotas[code](now):
                found.setdefault(user_id, code)
        return found
