"""What a template may say about an alert: plain texts, already formatted for the reader's zone. Nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from opscopilot.kernel.events import AlertRaised, AlertType, Severity
from opscopilot.kernel.money import rounded

# Control characters and line ends would break headers; the bidi ones can make a subject read as something else.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
MAX_TITLE = 200
MAX_MESSAGE = 8000


@dataclass(frozen=True)
class Kind:
    """How an alert type is named, what its amount means, and what its reader should do first."""

    label: str
    at_stake: str
    advice: str


KINDS: dict[AlertType, Kind] = {
    "stockout_risk": Kind(
        "Stock-out risk", "at stake",
        "Expedite an open purchase order or place one today; check substitutes and allocate what is left.",
    ),
    "threshold_breach": Kind(
        "Limit crossed", "affected", "Check the figure at its source, then bring it back inside its limit."
    ),
    "anomaly": Kind(
        "Unusual figure", "affected", "Compare with the days around it; correct the record if it is a mistake."
    ),
    "forecast_bias": Kind(
        "Forecast is biased", "affected",
        "Look for a lost or won customer, a promotion or a new item; adjust the plan until the model has learned.",
    ),
    "ccp_breach": Kind(
        "Critical limit breached", "affected",
        "Hold the affected product, take the corrective action of the HACCP plan and record it.",
    ),
    "lot_hold": Kind(
        "Lot on hold", "on hold", "Do not ship or use the lot; complete its checks, then release or reject it."
    ),
    "supplier_risk": Kind(
        "Supplier risk", "exposed", "Call the supplier, confirm open deliveries and prepare the second source."
    ),
    "osa_gap": Kind(
        "Empty shelf", "lost sales",
        "Ask the store to check shelf and back room; replenish or correct the stock record.",
    ),
    "file_processed": Kind("File", "affected", "Read the receipt; correct what was rejected and replay it."),
    "delivery_failed": Kind("Message not delivered", "affected", "Correct the address or the channel, then have it sent again."),
}  # fmt: skip

COLOURS: dict[Severity, str] = {
    "critical": "#a3123a", "high": "#c2410c", "medium": "#a16207", "low": "#1c4e80", "info": "#475569",
}  # fmt: skip


def one_line(text: str, longest: int = MAX_TITLE) -> str:
    """`text` on a single printable line of at most `longest` characters: safe as a header."""
    flat = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"


def _indented(line: str) -> str:
    """The line made safe, with up to six of its leading blanks: they show what belongs to what."""
    return line[: min(len(line) - len(line.lstrip(" ")), 6)] + one_line(line, MAX_MESSAGE)


def _paragraphs(text: str) -> str:
    lines = (_indented(line) for line in text.splitlines())
    return "\n".join(lines).strip()[:MAX_MESSAGE]


def _safe_link(link: str | None) -> str | None:
    """Only web addresses become links; `javascript:` and the like are dropped."""
    if link is None or len(link) > 2000 or _UNPRINTABLE.search(link):
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    return link if parts.scheme in ("https", "http") and parts.hostname else None


def _moment(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%a %-d %b %Y %H:%M} ({zone})"


def facts(alert: AlertRaised, plant: str, zone: str) -> dict[str, Any]:
    """The variables of every template. Times are in `zone`; the amount reads "EUR 12,500.00"."""
    kind = KINDS[alert.alert_type]
    amount = None
    if alert.amount is not None and alert.currency:
        amount = f"{alert.currency} {rounded(alert.amount, alert.currency):,}"
    return {
        "alert_id": str(alert.alert_id),
        "alert_type": alert.alert_type,
        "severity": alert.severity,
        "kind": kind.label,
        "at_stake": kind.at_stake,
        "advice": kind.advice,
        "colour": COLOURS[alert.severity],
        "title": one_line(alert.title),
        "message": _paragraphs(alert.message),
        "entity_type": one_line(alert.entity_type.replace("_", " "), 60),
        "entity_code": one_line(alert.entity_code, 100) if alert.entity_code else None,
        "amount": amount,
        "deadline": _moment(alert.deadline, zone) if alert.deadline else None,
        "deadline_day": f"{alert.deadline.astimezone(ZoneInfo(zone)):%a %-d %b}" if alert.deadline else None,
        "link": _safe_link(alert.link),
        "occurred_at": _moment(alert.occurred_at, zone),
        "plant": one_line(plant, 100),
    }


def machine_readable(alert: AlertRaised, notification_id: str, tenant_code: str) -> dict[str, Any]:
    """The body a webhook gets. The same on every attempt, so that its signature and its meaning are stable."""
    return {
        "notification_id": notification_id,
        "tenant": tenant_code,
        **alert.model_dump(mode="json", exclude={"tenant_id", "correlation_id", "version"}),
    }
