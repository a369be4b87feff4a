"""A message as it would leave, before anybody gets it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.events import AlertRaised
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.notifications.wording import sms, versions
from opscopilot.notifications.wording.checking import failed
from opscopilot.notifications.wording.digest import digest_facts
from opscopilot.notifications.wording.facts import Occasion, facts
from opscopilot.notifications.wording.model import MORE_CODES, Content, Purpose, Reader, Wording, form_of
from opscopilot.notifications.wording.rendering import FAULTS, render, render_own
from opscopilot.notifications.wording.samples import sample_facts
from opscopilot.notifications.wording.schemas import Figure, Link, Preview, PreviewRequest
from opscopilot.notifications.wording.versions import Key

_Origin = Literal["shipped", "own", "unsaved"]


def preview(tx: Tx, key: Key, body: PreviewRequest, plant: PlantSettings, now: datetime) -> Preview:
    """The message that comes out; ValidationFailed for a source that is not good, NotFound for what is not there."""
    known = _facts(tx, key, body, plant, now)
    if body.subject is not None and body.body is not None:
        wording = Wording(body.subject, body.body, body.body_html)
        versions.refuse_bad(key, wording)
        return _shown(key, _tried(key, wording, known), "unsaved", None)
    version = body.version or _in_use(tx, key)
    own = versions.source(tx, key, version) if version else None
    return _shown(key, render(key.channel, known, own), "own" if own else "shipped", version)


def _in_use(tx: Tx, key: Key) -> int | None:
    row = versions.summary(tx).get(key)
    return row["version"] if row else None


def _tried(key: Key, wording: Wording, known: dict[str, Any]) -> Content:
    try:
        return render_own(key.channel, wording, known)
    except FAULTS as error:
        raise versions.refusal([failed(key.code, "body", wording.body, error, "like this one")]) from error


def _facts(tx: Tx, key: Key, body: PreviewRequest, plant: PlantSettings, now: datetime) -> dict[str, Any]:
    if body.alert_id is None:
        return sample_facts(key.code, key.locale, full=body.facts == "full")
    alert, since = _alert(tx, body.alert_id)
    reader = Reader(plant.name, plant.default_time_zone, (key.locale,), plant.default_time_zone)
    if key.code == "digest":
        return digest_facts([alert], reader, key.locale, now)
    purpose: Purpose = key.code if key.code in MORE_CODES else "raised"  # type: ignore[assignment]
    return {**facts(alert, reader, key.locale, Occasion(purpose, now, since)), "code": key.code}


def _alert(tx: Tx, alert_id: UUID) -> tuple[AlertRaised, datetime]:
    """The alert as it was last reported, and since when it has been there."""
    row = tx.one(
        """SELECT e.detail, a.first_seen FROM notification.alerts a
           JOIN notification.alert_events e ON e.tenant_id = a.tenant_id AND e.condition_id = a.alert_id
           WHERE a.alert_id = :alert_id AND e.detail ? 'title' ORDER BY e.received_at DESC LIMIT 1""",
        alert_id=alert_id,
    )
    if row is None:
        raise NotFound(f"There is no alert {alert_id}.")
    return AlertRaised.model_validate(row["detail"]), row["first_seen"]


def _shown(key: Key, content: Content, origin: _Origin, version: int | None) -> Preview:
    return Preview(
        origin=origin, version=version, locale=key.locale, subject=content.subject, text=content.text,
        html=content.html, fallback=content.fallback,
        segments=sms.segments(content.text) if form_of(key.channel) == "sms" else None,
        figures=[Figure(label=one.label, value=one.value) for one in content.facts],
        links=[Link(label=one.label, url=one.url) for one in content.actions],
    )  # fmt: skip
