"""What a template may say about an alert: plain texts, already formatted for the reader's language and zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from opscopilot.kernel.events import AlertRaised, Severity
from opscopilot.notifications.channels import Action
from opscopilot.notifications.wording.formats import Formats, formats
from opscopilot.notifications.wording.model import Purpose, Reader
from opscopilot.notifications.wording.moments import Deadline, deadline_of
from opscopilot.notifications.wording.printable import lines, one_line, safe_link
from opscopilot.notifications.wording.shipped import Kind, common, kind

COLOURS: dict[Severity, str] = {
    "critical": "#a3123a", "high": "#b93a0b", "medium": "#8a5a00", "low": "#1c4e80", "info": "#475569",
}  # fmt: skip
"""White text on each of them has a contrast of at least 5 : 1."""
DONE = "#1e6b3a"
_MOST_ACTIONS = 8
_MOST_PARAGRAPHS = 40
_LONGEST_IN_SMS = 160


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why and when the message is sent. `since`: when the alert opened; `note`: what somebody said about it (the
    reason of an all-clear); `links`: what its reader can do with one click. `now` None: when the alert was raised."""

    purpose: Purpose = "raised"
    now: datetime | None = None
    since: datetime | None = None
    note: str | None = None
    links: tuple[Action, ...] = ()


RAISED = Occasion()


def facts(alert: AlertRaised, reader: Reader, locale: str = "en", occasion: Occasion = RAISED) -> dict[str, Any]:
    """The variables of every template about one alert. Nothing in them is markup, and nothing is run."""
    how, words = formats(locale), kind(alert.alert_type, locale)
    severities: dict[str, str] = common(locale)["severities"]
    deadline = deadline_of(alert, reader, locale, occasion.now or alert.occurred_at)
    as_of = (occasion.now if occasion.purpose == "resolved" else None) or alert.occurred_at
    found = {
        "code": alert.alert_type if occasion.purpose == "raised" else occasion.purpose,
        "locale": locale,
        "alert_id": str(alert.alert_id),
        "alert_type": alert.alert_type,
        "severity": alert.severity,
        "severity_name": severities[alert.severity],
        "colour": DONE if occasion.purpose == "resolved" else COLOURS[alert.severity],
        "kind": words.label,
        "at_stake": words.at_stake,
        "by": words.by,
        "advice": words.advice,
        "plant": one_line(reader.plant, 100),
        "place": one_line(alert.place, 100) if alert.place else None,
        "as_of": how.moment(as_of, reader.zone),
        "as_of_short": how.short_moment(as_of, reader.zone),
        "open_for": _open_for(occasion, how),
        "note": one_line(occasion.note, 500) if occasion.note else None,
        **_what(alert, words.label), **_money(alert, how), **_measured(alert, how, words), **deadline.facts(),
        **_ways(alert.link or reader.alert_link(alert.alert_id), occasion.links, common(locale)["links"]),
    }  # fmt: skip
    found["figures"] = _figures(found, deadline, words, common(locale)["figures"])
    return found


def _what(alert: AlertRaised, label: str) -> dict[str, Any]:
    name = one_line(alert.entity_name, 80) if alert.entity_name else None
    code = one_line(alert.entity_code, 60) if alert.entity_code else None
    title, message = one_line(alert.title) or label, lines(alert.message)
    about = f"{name} ({code})" if name and code else name or code
    return {
        "title": title,
        "headline": about if name else title.rstrip("."),
        "about": about,
        "name": name,
        "entity_code": code,
        "entity_type": one_line(alert.entity_type.replace("_", " "), 60),
        "message": message,
        "paragraphs": [part for part in message.split("\n\n", _MOST_PARAGRAPHS - 1) if part],
        "actions": [one_line(text, 300) for text in alert.actions[:_MOST_ACTIONS]],
    }


def _money(alert: AlertRaised, how: Formats) -> dict[str, Any]:
    if not alert.currency:
        return {"amount": None, "amount_short": None, "amount_per_hour": None}
    amount, hourly, currency = alert.amount, alert.amount_per_hour, alert.currency
    return {
        "amount": how.money(amount, currency) if amount is not None else None,
        "amount_short": how.money(amount, currency, short=True) if amount is not None else None,
        "amount_per_hour": how.money(hourly, currency) if hourly is not None else None,
    }


def _measured(alert: AlertRaised, how: Formats, words: Kind) -> dict[str, Any]:
    """What was measured and its limit, where their unit is known: a bare number says nothing (P-90). A probability
    has no limit that it breaks, only one from which it is told."""
    observed = _figure(alert.observed, alert.uom, how, words.observed_as)
    limit = _figure(alert.threshold, alert.uom, how, words.observed_as)
    return {"observed": observed, "limit": limit if observed and words.observed_as != "percent" else None}


def _figure(value: Decimal | None, uom: str | None, how: Formats, shown_as: str) -> str | None:
    if value is None or shown_as == "none":
        return None
    if shown_as == "percent":
        return how.percent(value)
    if shown_as == "unit" and not uom:
        return None
    return how.quantity(value, uom)


def _open_for(occasion: Occasion, how: Formats) -> str | None:
    if occasion.since is None or occasion.now is None or occasion.now <= occasion.since:
        return None
    return how.span((occasion.now - occasion.since).total_seconds())


def _ways(source: str | None, offered: Sequence[Action], labels: dict[str, str]) -> dict[str, Any]:
    """Where to look and what to click. A text message has room for one link: to acknowledge, else to look."""
    link = safe_link(source)
    links = [
        {"label": labels.get(one.label, one_line(one.label, 60)), "url": url}
        for one in offered if (url := safe_link(one.url))
    ]  # fmt: skip
    wanted = [one["url"] for one in links[:1]] + [link]
    short = next((url for url in wanted if url and len(url) <= _LONGEST_IN_SMS), None)
    return {"link": link, "links": links, "short_link": short}


def _figures(found: dict[str, Any], deadline: Deadline, words: Kind, labels: dict[str, str]) -> list[dict[str, str]]:
    """The figures that every form shows, each with its label."""
    where = ", ".join(one for one in (found["place"], found["plant"]) if one)
    money = f"{found['amount']} {words.at_stake}" if found["amount"] else None
    limit = f" ({labels['limit']} {found['limit']})" if found["limit"] else ""
    shown: tuple[tuple[str, str | None], ...] = (
        (labels["about"], found["about"]),
        (labels["where"], where),
        (labels["severity"], f"{found['severity_name']}, {words.label}"),
        (labels["open_for"], found["open_for"] if found["code"] != found["alert_type"] else None),
    )
    if found["code"] != "resolved":  # what might have happened is over
        shown += (
            (labels["money"], money),
            (labels["per_hour"], found["amount_per_hour"]),
            (words.observed, f"{found['observed']}{limit}" if found["observed"] else None),
            (labels["deadline"], deadline.shown),
        )
    return [{"label": label, "value": value} for label, value in shown if value]


def machine_readable(alert: AlertRaised, notification_id: str, tenant_code: str) -> dict[str, Any]:
    """The body a webhook gets. The same on every attempt, so that its signature and its meaning are stable."""
    return {
        "notification_id": notification_id,
        "tenant": tenant_code,
        **alert.model_dump(mode="json", exclude={"tenant_id", "correlation_id", "version", "to_users"}),
    }
