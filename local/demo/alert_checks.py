"""Whether the right people were told, once, with the figures, and whether their click stopped it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from local.demo.alerting import WHO
from local.demo.facts import Check, holds, same

MOST_AT_ONCE = 5


def alert_checks(report: dict[str, Any], truth: dict[str, Any]) -> list[Check]:
    """The facts about the alerts of the sample plant."""
    taken, told = report["taken_on"], report["simulation"]["tellings"]
    zone, items = truth["settings"]["default_time_zone"], report["notifications"]["items"]
    told_before = any(one["user_id"] == WHO and one["acknowledged_by"] for one in items)  # a run before this one
    if taken is None and not told_before:
        return [holds("a stock-out reached the planner", f"a mail to {WHO}", "none", ok=False)]
    return [
        *([] if taken is None else [*_mail(taken, zone), *_link(taken)]),
        *_storm([one for one in items if one["purpose"] == "raised"]),
        same("critical on Sunday at 03:00 would be told at once to", "jonas, mette",
             ", ".join(sorted({one["user_id"] for one in told if one["told"] == "at_once"}))),
    ]  # fmt: skip


def _mail(taken: dict[str, Any], zone: str) -> list[Check]:
    """It says how bad and until when."""
    alert, said = taken["before"], taken["mail"]["said"]
    deadline = datetime.fromisoformat(alert["deadline"]).astimezone(ZoneInfo(zone))
    money, day = f"{alert['currency']} {Decimal(alert['amount']):,.2f}", f"{deadline.day} {deadline:%b %Y}"
    return [
        holds("a stock-out reached the planner by mail with what is at stake", money, taken["mail"]["subject"], money in said),
        holds("and with its deadline", day, taken["mail"]["subject"], day in said),
    ]  # fmt: skip


def _link(taken: dict[str, Any]) -> list[Check]:
    """Looking changes nothing, the button acts once, and everybody can see who has it."""
    after = taken["after"]
    via = next((one["via"] for one in after["history"] if one["kind"] == "acknowledged"), "nobody")
    return [
        same("looking at the link in the mail leaves the alert", "open", taken["before"]["status"]),
        same("its page, its button, its button again answer", "200, 200, 409", ", ".join(map(str, taken["statuses"]))),
        same("the alert is then acknowledged by", f"{WHO} via link", f"{after['acknowledged_by']} via {via}"),
        same("and is not escalated any more", "None", after["next_step_at"]),
        same("handed back, the alert is", "open", taken["handed_back"]["status"]),
    ]


def _storm(items: list[dict[str, Any]]) -> list[Check]:
    """Nobody gets a mail per item: a few at once, the rest together."""
    alone = Counter(one["user_id"] for one in items if one["held_by"] != "storm" and one["status"] != "suppressed")
    rest = {one["scheduled_at"] for one in items if one["held_by"] == "storm" and one["user_id"] == WHO}
    return [
        holds("mails to one person at once, at most", str(MOST_AT_ONCE), max(alone.values(), default=0),
              max(alone.values(), default=0) <= MOST_AT_ONCE),
        holds("digests that gather the rest for the planner", "1", len(rest), len(rest) == 1),
    ]  # fmt: skip
