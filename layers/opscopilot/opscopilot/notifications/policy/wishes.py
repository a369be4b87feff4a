"""What a person wants to be told of an alert, and over which channels."""

from __future__ import annotations

from opscopilot.kernel.events import AlertType, Severity
from opscopilot.notifications.policy.model import ChannelCode, Person, Subject, Wish, rank

ASKED_MIN_SEVERITY: Severity = "low"
"""For the people an alert names (whoever dropped the file it is about) and who have saved no preferences."""

_ALL = frozenset({"operations", "plantops", "fsq", "planning", "brand", "retail"})
WORKSPACES: dict[AlertType, frozenset[str]] = {
    "threshold_breach": frozenset({"operations", "planning"}),
    "anomaly": frozenset({"operations", "plantops", "planning"}),
    "stockout_risk": frozenset({"operations", "planning"}),
    "forecast_bias": frozenset({"operations", "planning"}),
    "ccp_breach": frozenset({"fsq", "plantops"}),
    "lot_hold": frozenset({"fsq", "plantops"}),
    "supplier_risk": frozenset({"operations", "fsq"}),
    "osa_gap": frozenset({"retail", "brand"}),
    "file_processed": _ALL,
    "delivery_failed": _ALL,
}
"""Which workspaces an alert type concerns; a user who names workspaces hears of alerts of those."""


def workspaces_of(subject: Subject) -> frozenset[str]:
    """The workspaces an alert concerns: those of its type, or the one it names."""
    return WORKSPACES[subject.alert_type] if subject.workspace is None else frozenset({subject.workspace})


def wanted(who: Person, subject: Subject) -> tuple[tuple[ChannelCode, ...], str | None]:
    """The channels this person chose for such an alert, and why they do not want it (None: they do).

    What they said about one of the workspaces concerned counts instead of their general wish. Of several such
    wishes the most generous wins: the smallest severity, and every channel of those that let the alert pass.
    """
    concerned = workspaces_of(subject)
    mine = concerned & who.workspaces if who.workspaces else concerned
    special = [who.wishes[one] for one in sorted(mine) if one in who.wishes]
    wishes = special or [_general(who, subject)]
    if subject.severity == "critical":
        return _channels(wishes, subject.severity), None
    if not mine:
        chosen = ", ".join(sorted(who.workspaces))
        return (
            _channels(wishes, subject.severity),
            f"Concerns {', '.join(sorted(concerned))}; this user chose {chosen}.",
        )
    passing = [one for one in wishes if rank(subject.severity) >= rank(one.min_severity)]
    if passing:
        return _channels(passing, subject.severity), None
    smallest = min((one.min_severity for one in wishes), key=rank)
    where = f" for {', '.join(sorted(mine & set(who.wishes)))}" if special else ""
    return (
        _channels(wishes, subject.severity),
        f"Severity {subject.severity} is below this user's minimum{where}, {smallest}.",
    )


def _general(who: Person, subject: Subject) -> Wish:
    """People the alert names hear of more than others, unless they said themselves what they want."""
    if who.user_id in subject.to_users and not who.explicit:
        return Wish(ASKED_MIN_SEVERITY, who.wish.channels, who.wish.by_severity)
    return who.wish


def _channels(wishes: list[Wish], severity: Severity) -> tuple[ChannelCode, ...]:
    return tuple(dict.fromkeys(channel for one in wishes for channel in one.channels_for(severity)))
