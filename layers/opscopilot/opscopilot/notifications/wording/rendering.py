"""Wording of messages: Jinja2 in a sandbox, every variable required, HTML escaped.

What an alert says is data and never template text, so a title such as "{{ 7*7 }}" or "<script>" is shown as it
is written (P-64). A tenant's own template may be wrong; the alert then goes out in the wording that ships.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from opscopilot.kernel.db import Row
from opscopilot.notifications.channels import ChannelName
from opscopilot.notifications.wording.facts import one_line

log = logging.getLogger(__name__)
MAX_SUBJECT = 250
MAX_SMS = 480  # three segments of the GSM alphabet; carriers cut or refuse more


@dataclass(frozen=True)
class Wording:
    """Template source: subject, text body, and for mail an HTML body."""

    subject: str
    body: str
    body_html: str | None = None


@dataclass(frozen=True)
class Content:
    """A worded message. `fallback` says why a tenant's own template was not used."""

    subject: str
    text: str
    html: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    fallback: str | None = None


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, and no operation that can fill the memory from a few characters."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(isinstance(one, int) and abs(one) < 10**9 for one in (left, right)):
            raise SecurityError(f"'{operator}' is not allowed here")
        return super().call_binop(context, operator, left, right)


# No loader: a tenant's template cannot include a file.
_TEXT = _Sandbox(undefined=StrictUndefined, autoescape=False, trim_blocks=False, keep_trailing_newline=False)
_HTML = _Sandbox(undefined=StrictUndefined, autoescape=True)
for _env in (_TEXT, _HTML):
    for _name in ("range", "lipsum", "cycler", "joiner", "namespace"):
        _env.globals.pop(_name, None)
    for _name in ("center", "indent", "wordwrap", "format"):  # can pad a text to any length
        _env.filters.pop(_name, None)


@lru_cache
def _shipped(name: str) -> str:
    return (resources.files("opscopilot.notifications") / "wording" / name).read_text(encoding="utf-8")


def shipped(channel: ChannelName, alert_type: str = "") -> Wording:
    """The wording that ships for a channel; it covers every alert type. A receipt has a body of its own."""
    subject, body = _shipped("subject.txt.j2"), "file" if alert_type == "file_processed" else "body"
    if channel == "email":
        return Wording(subject, _shipped(f"{body}.txt.j2"), _shipped(f"{body}.html.j2"))
    return Wording(subject, _shipped("short.txt.j2" if channel == "sms" else f"{body}.txt.j2"))


def render(channel: ChannelName, facts: dict[str, Any], own: Wording | None = None) -> Content:
    """The message for `channel`, in the tenant's `own` wording if it works."""
    if own is not None:
        try:
            return _render(channel, own, facts)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            log.warning("own template of %s not used: %s", facts["alert_type"], type(error).__name__)
            content = _render(channel, shipped(channel, facts["alert_type"]), facts)
            return Content(content.subject, content.text, content.html, fallback=f"{type(error).__name__}: {error}")
    return _render(channel, shipped(channel, facts["alert_type"]), facts)


@lru_cache(maxsize=256)
def _compiled(env: _Sandbox, source: str) -> Template:
    """Compiling costs ten times what rendering does, and the same few sources come again and again."""
    return env.from_string(source)


def _render(channel: ChannelName, wording: Wording, facts: dict[str, Any]) -> Content:
    subject = one_line(_compiled(_TEXT, wording.subject).render(facts), MAX_SUBJECT)
    text = _compiled(_TEXT, wording.body).render(facts).strip()
    if channel == "sms":
        text = one_line(text, MAX_SMS)
    html = _compiled(_HTML, wording.body_html).render(facts) if wording.body_html else None
    return Content(subject, text, html)


def own_wording(row: Row) -> Wording | None:
    """The tenant's own template, if the claimed row brought one."""
    if row["own_subject"] is None:
        return None
    return Wording(row["own_subject"], row["own_body"], row["own_html"])
