"""May a notification that waited still leave? Asked at the moment it is claimed. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from opscopilot.kernel.clock import on_the_wall
from opscopilot.kernel.db import Row
from opscopilot.kernel.events import SEVERITIES
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.delivery.model import Verdict

_WHY_SUPPRESSED = {
    "bounce": "bounced", "complaint": "complained about our mail", "opt_out": "opted out", "manual": "was taken off",
}  # fmt: skip


def verdict(row: Row, now: datetime, kinds: Kinds) -> Verdict | None:
    """Why `row` (as `claiming` reads it) does not leave now; None: it does."""
    return _alert_is_over(row) or _nobody_there(row, kinds) or _cannot_work(row, kinds) or _snoozed(row, now)


def _alert_is_over(row: Row) -> Verdict | None:
    """A message already under way to some of its readers is not called back: the others see the same content."""
    state, told = row["alert_status"], row["purpose"]
    if told == "resolved":
        return None if state in ("resolved", "expired") else Verdict("The condition has come back meanwhile.")
    if state == "acknowledged" and told != "reminder":  # a reminder is what somebody asked for
        return Verdict(
            f"{row['acknowledged_by']} acknowledged it at {_clock(row, 'acknowledged_at')} before this was due."
        )
    if state == "resolved" and not _must_be_told(row):
        return Verdict(f"It was resolved at {_clock(row, 'closed_at')} before this was due.")
    if state == "expired":
        return Verdict(f"It expired at {_clock(row, 'closed_at')} before this was due.")
    if SEVERITIES.index(row["alert_severity"]) < SEVERITIES.index(row["severity"]):
        return Verdict(f"Replaced: it has become {row['alert_severity']} meanwhile.")
    return None


def _must_be_told(row: Row) -> bool:
    """A critical condition that is gone by itself has left its traces: what was made meanwhile may have to be held."""
    return row["severity"] == "critical" and row["purpose"] == "raised" and row["resolved_by"] is None


def _nobody_there(row: Row, kinds: Kinds) -> Verdict | None:
    if row["user_status"] != "active":
        return Verdict("The user is no longer active.")
    if not row["address"]:
        return Verdict(f"No address for {row['channel']} is known for this user.")
    if row["channel"] not in kinds:
        return Verdict(f"The channel {row['channel']} is not set up in this installation.")
    if row["channel_enabled"] is False:
        return Verdict(f"The channel {row['channel']} is switched off for this plant.")
    return None


def _cannot_work(row: Row, kinds: Kinds) -> Verdict | None:
    """What is known to fail: an address that bounced, and telling somebody by a channel that it does not work."""
    if row["suppressed_for"] is not None:
        why = _WHY_SUPPRESSED[row["suppressed_for"]]
        day = row["suppressed_since"].astimezone(ZoneInfo(row["zone"]))
        return Verdict(f"This address {why} on {day:%Y-%m-%d}; nothing is sent to it until an admin lifts that.")
    if row["alert_type"] == "delivery_failed":
        destination = destination_of(kinds, row["channel"], row["address"])
        if row["fingerprint"] in (failure_of(row["channel"], destination), failure_of(row["channel"], row["user_id"])):
            return Verdict("This is the way that failed; other channels tell of it.")
    return None


def destination_of(kinds: Kinds, channel: str, address: str) -> str:
    """The system behind an address. One that is stored and cannot be read stands for itself: it fails alone."""
    try:
        return kinds[channel].destination(address)
    except Exception:
        return "an address that cannot be read"


def failure_of(channel: str, what: str) -> str:
    """The fingerprint of "messages do not get through": of a destination, or of one user's address."""
    return f"delivery_failed:{channel}:{what}"


def _snoozed(row: Row, now: datetime) -> Verdict | None:
    until = row["snoozed_until"]
    if until is None or until <= now or row["purpose"] == "resolved":
        return None
    return Verdict(f"{row['snoozed_by']} snoozed it until {on_the_wall(until, row['zone'])}.", until, "snooze")


def _clock(row: Row, column: str) -> str:
    """`06:12` in the reader's zone, with the day where it is not the day the message was made for."""
    instant, zone = row[column], ZoneInfo(row["zone"])
    if instant is None:
        return "an unknown time"
    local = instant.astimezone(zone)
    same_day = local.date() == row["scheduled_at"].astimezone(zone).date()
    return f"{local:%H:%M}" if same_day else f"{local:%Y-%m-%d %H:%M}"
