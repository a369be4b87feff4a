"""From facts to a message: the tenant's own template if it works, else the one that ships.

A tenant's own template may be wrong for an alert nobody had thought of; the alert then goes out in the wording that
ships, and the message says so (`Content.fallback`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from jinja2 import TemplateError

from opscopilot.kernel.events import AlertRaised
from opscopilot.notifications.channels import Action, Fact
from opscopilot.notifications.wording import sms
from opscopilot.notifications.wording.digest import digest_facts
from opscopilot.notifications.wording.facts import RAISED, Occasion, facts
from opscopilot.notifications.wording.model import (
    NONE_OF_THEIR_OWN,
    Content,
    Form,
    OwnTemplates,
    Reader,
    Wording,
    form_of,
)
from opscopilot.notifications.wording.printable import one_line
from opscopilot.notifications.wording.sandbox import run
from opscopilot.notifications.wording.shipped import shipped

log = logging.getLogger(__name__)
MAX_SUBJECT = 250

FAULTS = (
    TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError,
)  # fmt: skip
"""What a template that compiles can still raise when it meets facts."""


def render_alert(
    channel: str, alert: AlertRaised, reader: Reader, own: OwnTemplates = NONE_OF_THEIR_OWN, occasion: Occasion = RAISED
) -> Content:
    """The message about one alert, in the first of the reader's languages that has a template for it."""
    code = alert.alert_type if occasion.purpose == "raised" else occasion.purpose
    chosen = own.choose(code, channel, reader.locales)
    return render(channel, facts(alert, reader, chosen.locale, occasion), chosen.own)


def render_digest(
    channel: str,
    items: Sequence[AlertRaised],
    reader: Reader,
    own: OwnTemplates = NONE_OF_THEIR_OWN,
    *,
    now: datetime,
    over: bool = False,
) -> Content:
    """One message about many alerts: grouped by kind, the ten that cost most per hour with their figures. `over`: they
    are all-clears, and nothing is asked of anybody."""
    chosen = own.choose("digest", channel, reader.locales)
    return render(channel, digest_facts(items, reader, chosen.locale, now, over=over), chosen.own)


def render(channel: str, facts: dict[str, Any], own: Wording | None = None) -> Content:
    """The message for `channel`, in the tenant's `own` wording if it works."""
    if own is None:
        return _shipped(channel, facts)
    try:
        return render_own(channel, own, facts)
    except FAULTS as error:
        key = f"{facts['code']}/{channel}/{facts['locale']}"
        log.warning("own template %s not used: %s", key, type(error).__name__)
        return replace(_shipped(channel, facts), fallback=f"{key}: {type(error).__name__}: {error}"[:500])


def render_own(channel: str, own: Wording, facts: dict[str, Any]) -> Content:
    """The message in the tenant's own wording; one of FAULTS when that cannot be."""
    content = _render(channel, own, facts, trusted=False)
    empty = "subject" if not content.subject else "text" if not content.text else None
    if empty:
        raise ValueError(f"its {empty} is empty for this alert")
    return content


def _shipped(channel: str, facts: dict[str, Any]) -> Content:
    return _render(channel, shipped(facts["code"], channel, facts["locale"]), facts, trusted=True)


def _render(channel: str, wording: Wording, facts: dict[str, Any], *, trusted: bool) -> Content:
    form = form_of(channel)
    subject = one_line(run(wording.subject, facts, trusted=trusted), MAX_SUBJECT)
    if form == "sms":
        text = sms.fitted(lambda shown: run(wording.body, shown, trusted=trusted), facts)
    else:
        text = _tidy(run(wording.body, facts, trusted=trusted))
    html = None
    if form == "email" and wording.body_html:
        html = run(wording.body_html, facts, html=True, trusted=trusted)
    apart = facts["figures"] if facts["code"] != "digest" else ()  # the text of a digest has them, in their groups
    return Content(
        subject, text, html, locale=facts["locale"], actions=_buttons(form, text, facts["links"]),
        facts=tuple(Fact(one["label"], one["value"]) for one in apart),
    )  # fmt: skip


def _buttons(form: Form, text: str, links: list[dict[str, str]]) -> tuple[Action, ...]:
    """Links to show beside the text. A text message has its own inside, where the two segments are counted; where
    there are no buttons, what the text has is not said twice."""
    if form == "sms":
        return ()
    return tuple(Action(one["label"], one["url"]) for one in links if form != "text" or one["url"] not in text)


def _tidy(text: str) -> str:
    """No blanks at line ends and never two empty lines in a row, wherever a template left something out."""
    kept: list[str] = []
    for line in (one.rstrip() for one in text.strip().splitlines()):
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept)
