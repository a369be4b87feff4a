"""Made-up alerts of every kind, with as little and as much as an alert can have: what a template is tried against."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from opscopilot.kernel.events import AlertRaised, AlertType
from opscopilot.notifications.channels import Action
from opscopilot.notifications.wording.digest import digest_facts
from opscopilot.notifications.wording.facts import Occasion, facts
from opscopilot.notifications.wording.model import MORE_CODES, Purpose, Reader

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
READER = Reader("Fjord Foods", "Europe/Berlin", plant_zone="Europe/Berlin")
_AT_CONSOLE = replace(READER, console="https://ops.example.com")
_LINKS = (
    Action("I take care of it", "https://ops.example.com/notify/links/q6w1c9f0a7"),
    Action("Remind me later", "https://ops.example.com/notify/links/z2k8d4m3b5"),
)
_TYPE_OF: dict[str, AlertType] = {"digest": "stockout_risk", "reminder": "stockout_risk", "resolved": "lot_hold", "step": "ccp_breach"}  # fmt: skip
_ABOUT: dict[AlertType, dict[str, Any]] = {
    "stockout_risk": {
        "entity_name": "Hazelnuts", "entity_code": "RM-001", "entity_type": "sku", "observed": Decimal("0.86"),
        "threshold": Decimal("0.5"), "actions": ("Order 400 kg today.", "Ask Ferrari Nuts to send PO-4711 sooner."),
    },
    "threshold_breach": {
        "entity_name": "Cold store 2", "entity_code": "T-17", "entity_type": "sensor", "observed": Decimal("9.4"),
        "threshold": Decimal(7), "uom": "CEL", "actions": ("Check the door and the compressor.",),
    },
    "anomaly": {
        "entity_name": "Fill weight, filler 1", "entity_code": "W-04", "entity_type": "sensor", "observed": Decimal(512),
        "uom": "GRM",
    },
    "forecast_bias": {
        "entity_name": "Nut bar 40 g", "entity_code": "FG-210", "entity_type": "sku", "observed": Decimal("5.2"),
        "threshold": Decimal(4),
    },
    "ccp_breach": {
        "entity_name": "Pasteuriser 1", "entity_code": "CCP-1", "entity_type": "sensor", "observed": Decimal("68.2"),
        "threshold": Decimal(72), "uom": "CEL", "actions": ("Hold batch B-0815.", "Record the corrective action."),
    },
    "lot_hold": {
        "entity_name": "Milk powder", "entity_code": "L-2231", "entity_type": "lot", "observed": Decimal(1250),
        "uom": "KGM",
    },
    "supplier_risk": {"entity_name": "Ferrari Nuts", "entity_code": "S-88", "entity_type": "supplier"},
    "osa_gap": {
        "entity_name": "Nut bar 40 g, store 114", "entity_code": "ST-114", "entity_type": "store",
        "observed": Decimal(0), "uom": "EA",
    },
    "file_processed": {"entity_code": "MARA.csv", "entity_type": "file"},
    "delivery_failed": {"entity_name": "Anna Berg", "entity_code": "anna", "entity_type": "notification"},
}  # fmt: skip


def alert(alert_type: AlertType, *, full: bool, number: int = 1) -> AlertRaised:
    """An alert of that type: with everything an alert can say, or with just what it must."""
    base: dict[str, Any] = {
        "tenant_id": UUID(int=1), "event_id": UUID(int=number), "alert_id": UUID(int=number), "occurred_at": NOW,
        "correlation_id": "sample", "alert_type": alert_type, "severity": "critical" if number == 1 else "high",
        "title": "Hazelnuts (RM-001) are likely to run out", "entity_type": "plant", "dedupe_key": f"sample-{number}",
        "message": "86 % chance of running out within the lead time of 9 days.\n\n120 kg available, 0 kg due in.",
    }  # fmt: skip
    more: dict[str, Any] = {
        "amount": Decimal("12500.40"), "currency": "EUR" if number % 3 else "USD", "amount_per_hour": Decimal(260),
        "place": "Line 3", "deadline": NOW + timedelta(days=2, hours=-7.5 + 24 * (number - 1)),
        "link": "https://ops.example.com/alerts/4711", **_ABOUT[alert_type],
    }  # fmt: skip
    return AlertRaised(**{**base, **(more if full else {})})


def sample_facts(code: str, locale: str, *, full: bool) -> dict[str, Any]:
    """What a template of that code is given for a made-up alert."""
    links = _LINKS if full else ()
    if code == "digest":
        types = get_args(AlertType)
        count = 12 if full else 1
        items = [alert(types[number % len(types)], full=full, number=number + 1) for number in range(count)]
        return digest_facts(items, _AT_CONSOLE if full else READER, locale, NOW)
    purpose: Purpose = code if code in MORE_CODES else "raised"  # type: ignore[assignment]
    raised = alert(_TYPE_OF.get(code) or code, full=full)  # type: ignore[arg-type]
    since, note = (NOW - timedelta(minutes=20), "The delivery arrived.") if full else (None, None)
    return facts(raised, READER, locale, Occasion(purpose, NOW, since, note, links))


def known_variables(code: str) -> tuple[str, ...]:
    """The names that a template of that code may use."""
    return tuple(sorted(sample_facts(code, "en", full=True)))
