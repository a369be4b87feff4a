"""What intake and delivery used before `deciding` looked at a whole situation. Goes with its last user."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from opscopilot.kernel.events import SEVERITIES, AlertType, Severity
from opscopilot.notifications.channels import CHANNELS, ChannelName
from opscopilot.notifications.people.quiet import QuietHours

MAX_ATTEMPTS = 6
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
DEFAULT_CHANNELS: tuple[ChannelName, ...] = ("email",)
DEFAULT_MIN_SEVERITY: Severity = "high"

WORKSPACES: dict[AlertType, frozenset[str]] = {
    "threshold_breach": frozenset({"operations", "planning"}),
    "anomaly": frozenset({"operations", "plantops", "planning"}),
    "stockout_risk": frozenset({"operations", "planning"}),
    "forecast_bias": frozenset({"operations", "planning"}),
    "ccp_breach": frozenset({"fsq", "plantops"}),
    "lot_hold": frozenset({"fsq", "plantops"}),
    "supplier_risk": frozenset({"operations", "fsq"}),
    "osa_gap": frozenset({"retail", "brand"}),
    "file_processed": frozenset({"operations", "plantops", "fsq", "planning", "brand", "retail"}),
    "delivery_failed": frozenset({"operations", "plantops", "fsq", "planning", "brand", "retail"}),
}
"""Which workspaces an alert type concerns; a user who names workspaces hears of alerts of those."""


@dataclass(frozen=True)
class Recipient:
    """An active user of the tenant and what they asked for. `explicit` = they saved preferences themselves."""

    user_id: str
    addresses: dict[ChannelName, str] = field(default_factory=dict)
    channels: tuple[ChannelName, ...] = DEFAULT_CHANNELS
    min_severity: Severity = DEFAULT_MIN_SEVERITY
    quiet: QuietHours | None = None
    workspaces: frozenset[str] = frozenset()
    explicit: bool = False


@dataclass(frozen=True)
class Decision:
    """What happens on one channel for one user."""

    user_id: str
    channel: ChannelName
    status: Literal["pending", "suppressed"]
    reason: str | None = None
    scheduled_at: datetime | None = None


def rank(severity: Severity) -> int:
    """4 for critical down to 0 for info: larger is worse."""
    return len(SEVERITIES) - 1 - SEVERITIES.index(severity)


def decide(
    who: Recipient, severity: Severity, alert_type: AlertType, now: datetime, switched_off: Collection[str] = ()
) -> list[Decision]:
    """One decision per channel for this user. Users without preferences of their own leave no trace when the
    alert is simply too small for them; everybody else can read why they were not told."""
    unwanted = None if severity == "critical" else _unwanted(who, severity, alert_type)
    if unwanted is not None:
        return [Decision(who.user_id, one, "suppressed", unwanted) for one in who.channels] if who.explicit else []
    made = [_on_channel(who, one, severity, now, switched_off) for one in who.channels]
    if severity == "critical" and not any(one.status == "pending" for one in made):
        made = _last_resort(who, made, now, switched_off)
    return made


def _unwanted(who: Recipient, severity: Severity, alert_type: AlertType) -> str | None:
    if rank(severity) < rank(who.min_severity):
        return f"Severity {severity} is below this user's minimum, {who.min_severity}."
    concerned = WORKSPACES[alert_type]
    if who.workspaces and not who.workspaces & concerned:
        chosen = ", ".join(sorted(who.workspaces))
        return f"Concerns {', '.join(sorted(concerned))}; this user chose {chosen}."
    return None


def _on_channel(
    who: Recipient, channel: ChannelName, severity: Severity, now: datetime, switched_off: Collection[str]
) -> Decision:
    if channel in switched_off:
        return Decision(who.user_id, channel, "suppressed", f"The channel {channel} is switched off for this plant.")
    if channel not in who.addresses:
        return Decision(who.user_id, channel, "suppressed", f"No address for {channel} is known for this user.")
    release = who.quiet.release(now) if who.quiet and severity != "critical" else None
    if who.quiet is None or release is None:
        return Decision(who.user_id, channel, "pending", scheduled_at=now)
    local = release.astimezone(ZoneInfo(who.quiet.zone))
    reason = f"Held until {local:%Y-%m-%d %H:%M} {who.quiet.zone}: quiet hours {who.quiet}."
    return Decision(who.user_id, channel, "pending", reason, release)


def _last_resort(who: Recipient, made: list[Decision], now: datetime, switched_off: Collection[str]) -> list[Decision]:
    """A critical alert goes out on any channel we have an address for when none that the user chose can work."""
    for channel in CHANNELS:
        if channel in who.addresses and channel not in switched_off and channel not in who.channels:
            reason = "Critical, and no channel this user chose can reach them."
            return [*made, Decision(who.user_id, channel, "pending", reason, now)]
    return made or [Decision(who.user_id, "email", "suppressed", "No address is known for this user.")]


def pause_before(notification_id: UUID, attempt: int, wish_s: float | None = None) -> timedelta:
    """How long to wait after failed `attempt` (1, 2, …): doubling from one minute to an hour, half of it jitter.

    The jitter comes from the id, so messages that failed together do not return together, and a test can know
    it. A receiver that names a pause (Retry-After) gets at least that, up to an hour.
    """
    whole = min(FIRST_PAUSE * (1 << (attempt - 1)), LONGEST_PAUSE)
    digest = hashlib.sha256(f"{notification_id}:{attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    pause = whole / 2 + whole / 2 * share
    return pause if wish_s is None else max(pause, min(timedelta(seconds=max(wish_s, 0)), LONGEST_PAUSE))
