"""What a digest says: every alert counted, the ones that cost most by name, money never added across currencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from opscopilot.kernel.events import SEVERITIES, AlertRaised
from opscopilot.notifications.alerts.ranking import per_hour
from opscopilot.notifications.wording.facts import COLOURS, DONE, Occasion, facts
from opscopilot.notifications.wording.formats import formats
from opscopilot.notifications.wording.model import Reader
from opscopilot.notifications.wording.moments import deadline_of
from opscopilot.notifications.wording.printable import one_line, safe_link
from opscopilot.notifications.wording.shipped import common, kind

SHOWN = 10
"""Alerts that a digest names; the list behind its link has them all."""


def digest_facts(
    items: Sequence[AlertRaised], reader: Reader, locale: str, now: datetime, *, over: bool = False
) -> dict[str, Any]:
    """The variables of the digest template. `items` in any order, at least one; `over`: all-clears, without figures."""
    ranked = sorted(items, key=lambda one: _rank(one, now))
    shown = ranked[:SHOWN]
    worst = min((one.severity for one in items), key=SEVERITIES.index)
    first = min((one for one in items if one.deadline), key=lambda one: one.deadline or now, default=None)
    how, teller = formats(locale), _Teller(reader, locale, now, over)
    groups = _groups(ranked, shown, teller)
    return {
        "code": "digest",
        "locale": locale,
        "over": over,
        "severity": worst,
        "severity_name": common(locale)["severities"][worst],
        "colour": DONE if over else COLOURS[worst],
        "plant": one_line(reader.plant, 100),
        "count": len(items),
        "more": len(items) - len(shown),
        "totals": teller.totals(items),
        "groups": groups,
        "first_line": teller.line(ranked[0]),
        "deadline_day": deadline_of(first, reader, locale, now).day if first and not over else None,
        "list_link": safe_link(reader.list_link),
        "links": [],
        "figures": [
            {"label": f"{one['kind']} ({one['count']})", "value": ", ".join(one["amounts"]) or str(one["count"])}
            for one in groups
        ],
        "as_of": how.moment(now, reader.zone),
        "as_of_short": how.short_moment(now, reader.zone),
    }


def _rank(alert: AlertRaised, now: datetime) -> tuple[int, bool, Decimal, int, str]:
    """Critical ones first, then by what every hour costs, then by severity."""
    hourly = per_hour(alert.amount, alert.amount_per_hour, alert.deadline, now)
    severity = SEVERITIES.index(alert.severity)
    return min(severity, 1), hourly is None, -(hourly or Decimal(0)), severity, str(alert.alert_id)


@dataclass(frozen=True, slots=True)
class _Teller:
    """Words for one reader. What is `over` has no figures any more: nothing is at stake."""

    reader: Reader
    locale: str
    now: datetime
    over: bool

    def totals(self, items: Sequence[AlertRaised]) -> list[str]:
        """One sum per currency, the largest first."""
        sums: dict[str, Decimal] = {}
        for one in items:
            if one.amount is not None and one.currency and not self.over:
                sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.amount
        how = formats(self.locale)
        return [how.money(sums[one], one, short=True) for one in sorted(sums, key=lambda one: (-sums[one], one))]

    def line(self, alert: AlertRaised) -> str:
        """ "Hazelnuts (RM-001): EUR 12,500 at stake, 2 days left (Thu 26 Nov)"."""
        known = facts(alert, self.reader, self.locale, Occasion(now=self.now))
        stake = f"{known['amount_short']} {known['at_stake']}" if known["amount_short"] else None
        left = f"{known['time_left']} ({known['deadline_day']})" if known["time_left"] else None
        figures = ", ".join(one for one in (_measured(known, alert), stake, left) if one and not self.over)
        return f"{known['headline']}: {figures}" if figures else str(known["headline"])


def _measured(known: dict[str, Any], alert: AlertRaised) -> str | None:
    """What was measured, where the unit says what it is; a chance or a ratio needs a label, and a line has none."""
    if not known["observed"] or not alert.uom:
        return None
    return f"{known['observed']} / {known['limit']}" if known["limit"] else str(known["observed"])


def _groups(ranked: Sequence[AlertRaised], shown: Sequence[AlertRaised], teller: _Teller) -> list[dict[str, Any]]:
    """By kind of alert, in the order of the first of each; a group may have none among those that are shown."""
    kinds: dict[str, list[AlertRaised]] = {}
    for one in ranked:
        kinds.setdefault(one.alert_type, []).append(one)
    return [
        {
            "kind": kind(alert_type, teller.locale).label,
            "at_stake": kind(alert_type, teller.locale).at_stake,
            "count": len(same),
            "amounts": teller.totals(same),
            "alerts": [
                {"line": teller.line(one), "severity": one.severity,
                 "link": safe_link(one.link or teller.reader.alert_link(one.alert_id))}
                for one in shown if one.alert_type == alert_type
            ],
        }
        for alert_type, same in kinds.items()
    ]  # fmt: skip
