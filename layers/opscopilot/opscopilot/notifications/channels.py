"""The port every channel implements, and what a channel says about itself.

A new channel is one file in `opscopilot.adapters.channels` that defines `KIND`; nothing else names it. The database
knows the shape of a channel's code only, and whoever needs the list is handed it (`Kinds`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from opscopilot.kernel.clock import Clock
from opscopilot.kernel.errors import ValidationFailed

ChannelCode = str
Blames = Literal["destination", "address", "message", "us"]
"""Whose doing a failure is: the receiver's system, this one address, this one message, or our own set-up."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something the reader can do with one click. Channels show it as a button where they can."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A short figure about the alert, worded for people: "At stake" and "EUR 12,500.00"."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """A tenant's own settings of a channel. The secret stays in the secret store; `secret_ref` names it."""

    enabled: bool = True
    reason: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret_ref: str | None = None


@dataclass(frozen=True)
class Message:
    """One message, ready to leave. `id` stays the same over every attempt.

    `data` is the machine-readable body, `secret` the address's own signing secret, `config` what the tenant set for
    the channel. `tenant_id` goes along where the provider reports back about the message.
    """

    id: UUID
    to: str
    subject: str
    text: str
    html: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    secret: str | None = None
    actions: tuple[Action, ...] = ()
    facts: tuple[Fact, ...] = ()
    tenant_id: UUID | None = None
    config: ChannelConfig = field(default_factory=ChannelConfig)


@dataclass(frozen=True)
class Receipt:
    """What the provider said. `delivered` = the recipient's own system took it, not just a carrier."""

    provider_id: str | None = None
    delivered: bool = False


class DeliveryFailed(Exception):
    """The message did not get through. `retryable`: trying the same again later may help.

    `retry_after_s` is the receiver's own wish, in seconds. `blames` decides what the failure counts against: only
    what a destination does opens its circuit breaker.
    """

    def __init__(
        self, detail: str, *, retryable: bool, retry_after_s: float | None = None, blames: Blames = "destination"
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.blames = blames


class Channel(Protocol):
    """A way to a person or a machine. Used from several threads at once."""

    def send(self, message: Message) -> Receipt:
        """Hand the message over within a few seconds, in one attempt; DeliveryFailed when it was not taken."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: at most the first 64 KiB of the body, header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Web(Protocol):
    """HTTP to addresses that users typed in, under the rules of `opscopilot.outbound`."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST and return whatever the server answers; DeliveryFailed when it may not be called or does not answer."""
        ...


class SecretStore(Protocol):
    """Where tenants' secrets of channels are. A secret is a flat set of named texts."""

    def get(self, ref: str, *, fresh: bool = False) -> dict[str, str]:
        """The fields, as they were at most a minute ago (`fresh`: now); empty when there is no such secret."""
        ...

    def put(self, ref: str, fields: Mapping[str, str]) -> None:
        """Make the secret, or replace it."""
        ...


@dataclass(frozen=True)
class Installation:
    """What a channel may use of the installation it runs in. `web` and `secrets` are made when first asked for."""

    region: str
    clock: Clock
    web: Callable[[], Web]
    secrets: Callable[[], SecretStore]
    email_sender: str = ""
    email_configuration_set: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a channel's set-up that an admin fills in: a text, checked by `pattern`."""

    name: str
    title: str
    pattern: str
    example: str


def _usable() -> None:
    """Nothing is missing."""


def masked(address: str) -> str:
    """`a…@fjord.example`, `+49…78`, `https://hooks.slack.com/…`, `tgram://…`: recognisable, not usable."""
    if address.startswith(("https://", "http://")):
        return "/".join(address.split("/", 3)[:3]) + "/…"
    if "://" in address:  # another messenger's: all behind it may be a token
        return f"{address.split('://', 1)[0]}://…"
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if at else f"{address[:3]}…{address[-2:]}"


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What there is to know about a channel before anything is sent over it.

    `check` gives an address in its normal form, or raises ValueError saying what would be right. `destination` names
    the system behind an address: what the circuit breaker and the log speak of, never the whole address. `missing`
    says why the channel cannot work in this installation. `for_people` False: a machine, which gets every alert by
    itself, never in a digest; silences, and the quiet hours of whoever set it up, hold it all the same.
    `address_secret`: each address has a signing secret of its own.
    """

    code: ChannelCode
    title: str
    about: str
    address_field: str
    address_example: str
    check: Callable[[str], str]
    destination: Callable[[str], str]
    build: Callable[[Installation], Channel]
    for_people: bool = True
    address_secret: bool = False
    settings: tuple[Setting, ...] = ()
    secrets: tuple[Setting, ...] = ()
    missing: Callable[[], str | None] = _usable


Kinds = Mapping[ChannelCode, ChannelKind]
"""Every channel of this installation, by code, in alphabetical order."""


def known(kinds: Kinds, code: str, field_name: str = "channel") -> ChannelKind:
    """The channel of that code; ValidationFailed naming the codes that there are."""
    if code not in kinds:
        raise ValidationFailed(
            f"There is no channel '{code}'.", code="unknown_channel", field=field_name, value=code,
            expected=f"one of {', '.join(kinds)}",
        )  # fmt: skip
    return kinds[code]


def all_known(kinds: Kinds, codes: Collection[str], field_name: str) -> tuple[ChannelCode, ...]:
    """The codes, each once, in the order given; ValidationFailed for the first that names no channel."""
    for code in codes:
        known(kinds, code, field_name)
    return tuple(dict.fromkeys(codes))
