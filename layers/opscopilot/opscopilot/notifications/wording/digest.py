"""What a digest says: every alert counted, the ones that cost most by name, money never added across currencies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from opscopilot.kernel.events import SEVERITIES, AlertRaised
from opscopilot.notifications.channels import Action
from opscopilot.notifications.wording.facts import COLOURS, Occasion, facts
from opscopilot.notifications.wording.formats import formats
from opscopilot.notifications.wording.model import Reader
from opscopilot.notifications.wording.moments import deadline_of
from opscopilot.notifications.wording.printable import one_line, safe_link
from opscopilot.notifications.wording.shipped import common, kind

SHOWN = 10
"""Alerts that a digest names; the list behind its link has them all."""


def digest_facts(
    items: Sequence[AlertRaised], reader: Reader, locale: str, now: datetime, list_link: str | None = None,
    links: tuple[Action, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """The variables of the digest template. `items` in any order, at least one."""
    ranked = sorted(items, key=lambda one: _rank(one, now))
    shown = ranked[:SHOWN]
    worst = min((one.severity for one in items), key=SEVERITIES.index)
    first = min((one for one in items if one.deadline), key=lambda one: one.deadline or now, default=None)
    how, labels = formats(locale), common(locale)["links"]
    offered = [
        {"label": labels.get(one.label, one_line(one.label, 60)), "url": url}
        for one in links if (url := safe_link(one.url))
    ]  # fmt: skip
    groups = _groups(ranked, shown, reader, locale, now)
    return {
        "code": "digest",
        "locale": locale,
        "severity": worst,
        "severity_name": common(locale)["severities"][worst],
        "colour": COLOURS[worst],
        "plant": one_line(reader.plant, 100),
        "count": len(items),
        "more": len(items) - len(shown),
        "totals": _totals(items, locale),
        "groups": groups,
        "first_line": _line(ranked[0], reader, locale, now),
        "deadline_day": deadline_of(first, reader, locale, now).day if first else None,
        "list_link": safe_link(list_link),
        "links": offered,
        "figures": [
            {"label": f"{one['kind']} ({one['count']})", "value": ", ".join(one["amounts"]) or str(one["count"])}
            for one in groups
        ],
        "as_of": how.moment(now, reader.zone),
        "as_of_short": how.short_moment(now, reader.zone),
    }


def _rank(alert: AlertRaised, now: datetime) -> tuple[int, bool, Decimal, int, str]:
    """Critical ones first, then by what every hour costs, then by severity."""
    hourly = _per_hour(alert, now)
    severity = SEVERITIES.index(alert.severity)
    return min(severity, 1), hourly is None, -(hourly or Decimal(0)), severity, str(alert.alert_id)


def _per_hour(alert: AlertRaised, now: datetime) -> Decimal | None:
    if alert.amount_per_hour is not None:
        return alert.amount_per_hour
    if alert.amount is None or alert.deadline is None:
        return None
    hours = Decimal(str((alert.deadline - now).total_seconds())) / 3600
    return alert.amount / max(hours, Decimal(1))


def _totals(items: Sequence[AlertRaised], locale: str) -> list[str]:
    """One sum per currency, the largest first."""
    sums: dict[str, Decimal] = {}
    for one in items:
        if one.amount is not None and one.currency:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.amount
    how = formats(locale)
    return [how.money(sums[one], one, short=True) for one in sorted(sums, key=lambda one: (-sums[one], one))]


def _groups(
    ranked: Sequence[AlertRaised], shown: Sequence[AlertRaised], reader: Reader, locale: str, now: datetime
) -> list[dict[str, Any]]:
    """By kind of alert, in the order of the first of each; a group may have none among those that are shown."""
    kinds: dict[str, list[AlertRaised]] = {}
    for one in ranked:
        kinds.setdefault(one.alert_type, []).append(one)
    return [
        {
            "kind": kind(alert_type, locale).label,
            "at_stake": kind(alert_type, locale).at_stake,
            "count": len(same),
            "amounts": _totals(same, locale),
            "alerts": [
                {"line": _line(one, reader, locale, now), "link": safe_link(one.link), "severity": one.severity}
                for one in shown if one.alert_type == alert_type
            ],
        }
        for alert_type, same in kinds.items()
    ]  # fmt: skip


def _line(alert: AlertRaised, reader: Reader, locale: str, now: datetime) -> str:
    """ "Hazelnuts (RM-001): EUR 12,500 at stake, 2 days left (Thu 26 Nov)"."""
    known = facts(alert, reader, locale, Occasion(now=now))
    stake = f"{known['amount_short']} {known['at_stake']}" if known["amount_short"] else None
    left = f"{known['time_left']} ({known['deadline_day']})" if known["time_left"] else None
    figures = ", ".join(one for one in (known["observed"], stake, left) if one)
    return f"{known['headline']}: {figures}" if figures else str(known["headline"])
