"""One attempt at one message, in a worker's thread; and which claimed notifications become messages at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from opscopilot.kernel.clock import Clock, Deadline
from opscopilot.kernel.db import Row
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.channels import Channel, DeliveryFailed, Kinds
from opscopilot.notifications.delivery.backoff import pause_before
from opscopilot.notifications.delivery.breaker import Breaker
from opscopilot.notifications.delivery.checks import destination_of, verdict
from opscopilot.notifications.delivery.composing import Composer, message_id
from opscopilot.notifications.delivery.destinations import Prober
from opscopilot.notifications.delivery.model import Destination, Parcel, Result, Status, Verdict

log = logging.getLogger(__name__)
ENOUGH_TO_SEND_S = 9.0
"""Nothing is sent with less time than this left: a channel answers or gives up within eight seconds."""
GIVEN_UP_AFTER = timedelta(hours=12)
"""A message that waited this long for a destination that is down as long would not be read in time any more."""


@dataclass(frozen=True)
class Attempts:
    """Sends parcels over channels. `blocked` is shared with the round: destinations whose breaker is open, until when."""

    channels: Mapping[str, Channel]
    composer: Composer
    clock: Clock
    deadline: Deadline
    most: int
    blocked: Mapping[Destination, datetime]

    def carry(self, parcel: Parcel) -> Result:
        """What became of it. DeliveryFailed and our own mistakes are results; only the end of the process is not."""
        untried = self._untried(parcel)
        if untried is not None:
            return untried
        fallback: str | None = None
        try:
            message, fallback = self.composer.message(parcel)
            receipt = self.channels[parcel.channel].send(message)
        except DeliveryFailed as error:
            return replace(self._failed(parcel, error), template_error=fallback)
        except Exception as error:
            log.exception("message %s could not be sent", parcel.id)
            fault = f"Our own fault: {type(error).__name__}."
            return self._failed(parcel, DeliveryFailed(fault, retryable=True, blames="us"))
        status: Status = "delivered" if receipt.delivered else "sent"
        return Result(parcel, status, self.clock.now(), provider_id=receipt.provider_id, template_error=fallback)

    def _untried(self, parcel: Parcel) -> Result | None:
        if self.deadline() < ENOUGH_TO_SEND_S:
            return given_back(parcel, self.clock.now())
        until = None if parcel.probe else self.blocked.get(parcel.watched)
        if until is None:
            return None
        reason = _waits(parcel.destination, until, parcel.rows[0]["zone"])
        return replace(given_back(parcel, self.clock.now()), scheduled_at=until, reason=reason)

    def _failed(self, parcel: Parcel, error: DeliveryFailed) -> Result:
        now, detail = self.clock.now(), error.detail[:500]
        if not error.retryable or parcel.attempt >= self.most:
            return Result(parcel, "dead", now, error=detail, blames=error.blames)
        later = now + pause_before(parcel.id, parcel.attempt, error.retry_after_s)
        return Result(parcel, "failed", now, error=detail, blames=error.blames, scheduled_at=later)


def given_back(parcel: Parcel, now: datetime) -> Result:
    """The parcel as it was before it was claimed."""
    return Result(parcel, "pending" if parcel.attempt == 1 else "failed", now, untried=True)


def parcels(
    groups: Sequence[Sequence[Row]], kinds: Kinds, breakers: Mapping[Destination, Breaker], probe: Prober, now: datetime
) -> tuple[list[Parcel], list[tuple[Row, Verdict]]]:
    """Of the messages that were claimed: those that leave, and the notifications that do not and why."""
    leaving: list[Parcel] = []
    staying: list[tuple[Row, Verdict]] = []
    for group in groups:
        judged = [(row, verdict(row, now, kinds)) for row in group]
        going = [row for row, found in judged if found is None]
        if going and group[0]["message_id"] is not None:
            going = list(group)  # its content was fixed at the first attempt
        kept = {row["id"] for row in going}
        staying += [(row, found) for row, found in judged if found is not None and row["id"] not in kept]
        if not going:
            continue
        one = _parcel(going, kinds, now)
        held, is_probe = _breaker(one, breakers, probe, now)
        if held is not None:
            staying += [(row, held) for row in going]
        else:
            leaving.append(_probing(one) if is_probe else one)
    return leaving, staying


def _parcel(rows: Sequence[Row], kinds: Kinds, now: datetime) -> Parcel:
    head = rows[0]
    destination = destination_of(kinds, head["channel"], head["address"])
    return Parcel(
        head["message_id"] or message_id(now, uuid7()), head["channel"], head["address"], destination,
        max(row["attempts"] for row in rows) + 1, tuple(rows), now,
    )  # fmt: skip


def _probing(one: Parcel) -> Parcel:
    return replace(one, probe=True)


def _breaker(
    one: Parcel, breakers: Mapping[Destination, Breaker], probe: Prober, now: datetime
) -> tuple[Verdict | None, bool]:
    """Why this parcel waits for its destination, and whether it is the one that goes to see."""
    breaker = breakers.get(one.watched)
    if breaker is None or breaker.lets_through():
        return None, False
    if breaker.may_probe(now) and probe(one.watched) is not None:
        return None, True
    since, oldest = breaker.opened_at or now, min(row["created_at"] for row in one.rows)
    if now - since > GIVEN_UP_AFTER and now - oldest > GIVEN_UP_AFTER:
        return Verdict(
            f"{one.destination} has not taken anything for {GIVEN_UP_AFTER.seconds // 3600} hours.", dead=True
        ), False
    until = max(breaker.retry_at or now, now + timedelta(seconds=1))
    return Verdict(_waits(one.destination, until, one.rows[0]["zone"]), until, "breaker"), False


def _waits(destination: str, until: datetime, zone: str) -> str:
    local = until.astimezone(ZoneInfo(zone))
    return f"{destination} fails time and again; nothing is sent there before {local:%H:%M:%S} {zone}."
