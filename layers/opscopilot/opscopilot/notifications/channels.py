"""The port every channel implements. A new channel is one adapter and one line in the composition root."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

ChannelName = Literal["email", "slack", "sms", "webhook"]
CHANNELS: tuple[ChannelName, ...] = ChannelName.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Message:
    """One message, ready to leave. `id` is the notification's and stays the same over every attempt."""

    id: UUID
    to: str
    subject: str
    text: str
    html: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    secret: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What the provider said. `delivered` = the recipient's own system took it, not just a carrier."""

    provider_id: str | None = None
    delivered: bool = False


class DeliveryFailed(Exception):
    """The message did not get through. `retryable`: trying the same again later may help.

    `retry_after_s` is the receiver's own wish, in seconds.
    """

    def __init__(self, detail: str, *, retryable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class Channel(Protocol):
    """A way to a person."""

    def send(self, message: Message) -> Receipt:
        """Hand the message over within a few seconds; DeliveryFailed when it was not taken."""
        ...
