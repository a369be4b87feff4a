"""What the page of a link says. One sentence per case, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from opscopilot.kernel.db import Row
from opscopilot.notifications.links.acting import Found, State
from opscopilot.notifications.links.signing import LIFETIME, LinkAction
from opscopilot.notifications.links.snoozing import Snooze

HEADINGS: dict[LinkAction, str] = {"acknowledge": "Take care of this alert", "snooze": "Be reminded later"}
DONE: dict[LinkAction, str] = {"acknowledge": "You have taken it on", "snooze": "Snoozed"}
CHOICES: dict[Snooze, str] = {"1h": "One hour", "4h": "Four hours", "morning": "The next morning"}
_HOURS = int(LIFETIME.total_seconds() // 3600)
_ELSEWHERE = "Sign in, or use `ops alerts`, to see and handle the alerts of your plant."

INVALID = (404, "This link does not work", "It is not complete, or it is not one of ours. Copy the whole address from "
           f"the message. {_ELSEWHERE}")  # fmt: skip
EXPIRED = (410, "This link has expired", f"Links work for {_HOURS} hours, and nothing was changed now. {_ELSEWHERE}")
UNAVAILABLE = (503, "Not now", "We cannot reach what we need to answer. Nothing was changed: try again in a minute.")
UNREADABLE = (422, "That did not arrive as it should", "Nothing was changed. Go back, choose how long and keep the note "
              "below 2,000 characters.")  # fmt: skip
REFUSED: dict[State, tuple[int, str, str]] = {
    "unknown": INVALID,
    "suspended": (403, "You cannot act here any more", "Your access to this plant has ended or is suspended, so nothing "
                  "was changed. Ask your administrator."),
    "may_not": (403, "Your role only looks", "A viewer cannot take on or snooze alerts, so nothing was changed. Ask "
                "somebody on shift."),
}  # fmt: skip


def refusal(found: Found) -> tuple[int, str, str]:
    """Status, title and sentence of a link that is ours but leads to nothing any more."""
    row = found.row
    if found.state == "used":
        what = "take this alert on" if row["used_for"] == "acknowledge" else "snooze this alert"
        at = local(row["used_at"], row["zone"])
        return 409, "This link was used already", f"It was used to {what}, at {at}. Each link works once."
    if found.state == "closed":
        how = "expired by itself" if row["status"] == "expired" else "was resolved"
        at = local(row["closed_at"], row["zone"])
        return 409, "This alert is over", f"It {how} at {at}. There is nothing left to do, and nothing was changed."
    return REFUSED[found.state]


def done(action: LinkAction, zone: str, now: datetime, until: datetime | None) -> str:
    """What was done, and what follows from it."""
    if action == "acknowledge" or until is None:
        return f"Noted at {local(now, zone)}. Reminders stop and the others can see that you have it."
    return f"Unless it gets worse, nobody hears of it before {local(until, zone)}. Then you are reminded if it is still there."


def taken(row: Row) -> str:
    """That somebody has it already."""
    return f"{row['acknowledged_by']} has taken it on already, at {local(row['acknowledged_at'], row['zone'])}."


def facts(found: Found) -> Iterator[tuple[str, str]]:
    """What is known about the alert in a few words: until when, how bad, where."""
    row = found.row
    if row["deadline"]:
        yield "Until", local(row["deadline"], row["zone"])
    if found.money:
        amount, currency = found.money
        yield "At stake", f"{currency} {amount:,.2f}"
    if row["place"]:
        yield "Where", row["place"]
    if row["snoozed_until"]:
        yield "Snoozed until", local(row["snoozed_until"], row["zone"])
    yield "Plant", row["plant"]


def local(instant: datetime, zone: str) -> str:
    """An instant on the plant's clock: 14:00 on Fri 16 Jan 2026 (Europe/Berlin)."""
    return f"{instant.astimezone(ZoneInfo(zone)):%H:%M on %a %d %b %Y} ({zone})"
