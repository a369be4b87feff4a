"""Until when a message waits and why: silences and planned events first, then the person's own time off.

A wait may end in the middle of another (a silence at 03:00, quiet hours until 07:00): the message leaves at the first
moment at which nothing holds it, and the reason names everything on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opscopilot.kernel.clock import on_the_wall
from opscopilot.kernel.events import AlertType
from opscopilot.kernel.planned import explains
from opscopilot.notifications.policy.matching import same_place
from opscopilot.notifications.policy.model import Availability, HeldBy, Subject
from opscopilot.notifications.policy.rules import Mute, Silence
from opscopilot.notifications.policy.state import Situation

_LONGEST_CHAIN = 50


@dataclass(frozen=True, slots=True)
class Held:
    """What holds a message first, until when (UTC) everything together holds it, and a sentence for each."""

    by: HeldBy
    until: datetime
    reason: str
    silence_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Quieting:
    """The silences and planned events that are about one alert, now or later."""

    silences: tuple[Silence, ...] = ()
    mutes: tuple[Mute, ...] = ()


NOTHING = Quieting()


def quieting(subject: Subject, situation: Situation, now: datetime) -> Quieting:
    """What may keep `subject` quiet from `now` on. Nothing does where it is critical (P-85)."""
    if subject.severity == "critical" or not (situation.silences or situation.mutes):
        return NOTHING
    silences = tuple(one for one in situation.silences if one.ends_at > now and one.matcher.fits(subject))
    mutes = tuple(
        one for one in situation.mutes if one.ends_at > now and explained(subject.alert_type, subject.place, one)
    )
    return Quieting(silences, mutes) if silences or mutes else NOTHING


def explained(alert_type: AlertType, place: str | None, event: Mute) -> bool:
    """Is such an alert at `place` what one expects while the event is on?"""
    return (event.place is None or same_place(event.place, place)) and explains(event.kind, alert_type)


def held(quiet: Quieting, availability: Availability | None, now: datetime, zone: str) -> Held | None:
    """What holds a message met at `now`; None: it may go. `availability` None: the person is always there."""
    first: Held | None = None
    reasons: list[str] = []
    until = now
    for _ in range(_LONGEST_CHAIN):
        one = _next(quiet, availability, until, zone)
        if one is None:
            break
        first = first or one
        reasons.append(one.reason)
        until = one.until
    return first and Held(first.by, until, " ".join(dict.fromkeys(reasons)), first.silence_id)


def _next(quiet: Quieting, availability: Availability | None, at: datetime, zone: str) -> Held | None:
    silence = max((one for one in quiet.silences if one.starts_at <= at < one.ends_at),
                  key=lambda one: (one.ends_at, one.id), default=None)  # fmt: skip
    if silence is not None:
        by = f" by {silence.created_by}" if silence.created_by else ""
        words = f"Held until {on_the_wall(silence.ends_at, zone)}: silenced{by} ({silence.reason})."
        return Held("silence", silence.ends_at, words, silence.id)
    mute = max((one for one in quiet.mutes if one.starts_at <= at < one.ends_at),
               key=lambda one: (one.ends_at, one.name), default=None)  # fmt: skip
    if mute is not None:
        what = mute.kind if mute.name == mute.kind else f"{mute.kind} '{mute.name}'"
        return Held(
            "mute", mute.ends_at, f"Held until {on_the_wall(mute.ends_at, zone)}: explained by the planned {what}."
        )
    off = availability.hold(at) if availability is not None else None
    return None if off is None or off.until <= at else Held(off.by, off.until, off.reason)
