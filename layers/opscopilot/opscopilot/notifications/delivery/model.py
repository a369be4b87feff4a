"""What delivery works with: a message that carries one notification or many, why one stays, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from opscopilot.kernel.db import Row
from opscopilot.notifications.channels import Blames

Status = Literal["pending", "suppressed", "sending", "sent", "delivered", "bounced", "failed", "dead"]
Destination = tuple[str, str]
"""Channel and destination: what a circuit breaker watches."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message about to leave: the notifications it carries, most urgent first, all to one address.

    `id` was fixed at the first attempt and is the same at every later one. `attempt` counts this one. `probe`: it
    goes to see whether a destination that failed has recovered.
    """

    id: UUID
    channel: str
    to: str
    destination: str
    attempt: int
    rows: tuple[Row, ...]
    claimed_at: datetime
    probe: bool = False

    @property
    def watched(self) -> Destination:
        """Its destination as the breakers know it."""
        return self.channel, self.destination


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a claimed notification does not leave now: never (suppressed or dead), or not before `until`."""

    reason: str
    until: datetime | None = None
    held_by: Literal["snooze", "breaker"] | None = None
    dead: bool = False

    @property
    def status(self) -> Status | None:
        """The new status; None: it keeps its own and waits."""
        if self.until is not None:
            return None
        return "dead" if self.dead else "suppressed"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a parcel at `at`. `untried`: it was given back without an attempt. `template_error`: why the
    tenant's own template was not used for it."""

    parcel: Parcel
    status: Status
    at: datetime
    provider_id: str | None = None
    error: str | None = None
    blames: Blames | None = None
    scheduled_at: datetime | None = None
    reason: str | None = None
    untried: bool = False
    template_error: str | None = None
