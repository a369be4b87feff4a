"""What the stack has sent: emails (SES), topic notifications and text messages (SNS), newest first.

``GET /_local/outbox`` shows them as a page, ``?format=json`` as data. Nothing ever leaves the machine.
"""

from __future__ import annotations

import email
import email.policy
import html
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from local.http_message import Request, Response
from local.seams import outbox as sent

PREFIX = "/_local/outbox"
_IN_NEW_WINDOWS = '<base target="_blank">'
_ADDRESS = re.compile(r"""(https?://[^\s"'<>]+)""")


@dataclass(frozen=True)
class Message:
    """One message as its recipient would have got it."""

    id: str
    sent_at: str
    channel: str
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str


def messages() -> list[Message]:
    """Every message sent since the stack started, newest first."""
    found = [*_emails(), *_notifications(), *_texts()]
    return sorted(found, key=lambda message: message.sent_at, reverse=True)


def endpoint(request: Request) -> Response:
    """The gateway's endpoint for the outbox."""
    if request.method not in ("GET", "HEAD"):
        return Response.json(405, {"message": "Method Not Allowed"})
    found = messages()
    if parse_qs(request.query).get("format") == ["json"]:
        return Response.json(200, {"items": [asdict(message) for message in found], "total": len(found)})
    return Response(200, _page(found).encode(), [("content-type", "text/html; charset=utf-8")])


def _emails() -> Iterator[Message]:
    backend = sent.ses()
    for message, when in zip(list(backend.sent_messages), _times(backend.sent_messages), strict=False):
        if hasattr(message, "raw_data"):
            yield _raw(message, when)
            continue
        to = [address for group in message.destinations.values() for address in group or []]
        body = str(getattr(message, "body", None) or getattr(message, "template_data", ""))
        subject = str(getattr(message, "subject", None) or getattr(message, "template", ""))
        is_html = body.lstrip().startswith("<")
        text, markup = ("", body) if is_html else (body, "")
        yield Message(message.id, when, "email", message.source, to, subject, text, markup)


def _raw(message: Any, when: str) -> Message:
    parsed = email.message_from_string(str(message.raw_data), policy=email.policy.default)
    plain, markup = parsed.get_body(("plain",)), parsed.get_body(("html",))
    to = list(message.destinations) or [str(parsed["To"])]
    return Message(
        message.id,
        when,
        "email",
        message.source or str(parsed["From"]),
        to,
        str(parsed["Subject"] or ""),
        plain.get_content() if plain else "",
        markup.get_content() if markup else "",
    )


def _notifications() -> Iterator[Message]:
    for topic in list(sent.sns().topics.values()):
        for entry, when in zip(list(topic.sent_notifications), _times(topic.sent_notifications), strict=False):
            identifier, text, subject = entry[0], entry[1], entry[2]
            readers = [one.endpoint for one in sent.sns().subscriptions.values() if one.topic is topic]
            yield Message(str(identifier), when, "topic", topic.name, readers, str(subject or ""), str(text), "")


def _texts() -> Iterator[Message]:
    texts = sent.sns().sms_messages
    for identifier, (number, text) in list(texts.items()):
        when: datetime | None = getattr(texts, "times", {}).get(identifier)
        yield Message(identifier, when.isoformat() if when else "", "sms", "", [str(number)], "", str(text), "")


def _times(collection: Any) -> list[str]:
    stamped: list[datetime] = getattr(collection, "times", [])
    return [when.isoformat(timespec="milliseconds") for when in list(stamped)] or [""] * len(collection)


def _page(found: list[Message]) -> str:
    rows = "".join(_row(message) for message in found) or "<p>Nothing has been sent yet.</p>"
    return (
        "<!doctype html><meta charset=utf-8><title>Outbox</title><style>"
        "body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1e21}"
        "article{border:1px solid #d5d9de;border-radius:8px;padding:1rem;margin:1rem 0}"
        "h2{font-size:1rem;margin:0}small{color:#5a6472}pre{white-space:pre-wrap;margin:.6rem 0 0}"
        "iframe{width:100%;height:24rem;border:1px solid #eceff2;margin-top:.6rem}"
        f"</style><h1>Outbox ({len(found)})</h1>{rows}"
    )


def _row(message: Message) -> str:
    # A sandboxed frame without scripts or forms: a mail's markup is data, whatever is in it. A link that a person
    # clicks opens a window of its own, as it would from a mail program.
    body = (
        '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" '
        f'srcdoc="{html.escape(_IN_NEW_WINDOWS + message.html, quote=True)}"></iframe>'
        if message.html
        else f"<pre>{_with_links(_pretty(message.text))}</pre>"
    )
    return (
        f"<article><h2>{html.escape(message.subject or '(no subject)')}</h2>"
        f"<small>{html.escape(message.channel)} · {html.escape(message.sent_at)} · "
        f"{html.escape(message.sender)} → {html.escape(', '.join(message.to) or '(nobody)')}</small>{body}</article>"
    )


def _with_links(text: str) -> str:
    """The text escaped, its addresses as links that open windows of their own."""
    parts = _ADDRESS.split(text)
    return "".join(
        f'<a href="{html.escape(part, quote=True)}" target="_blank" rel="noopener noreferrer">{html.escape(part)}</a>'
        if number % 2
        else html.escape(part)
        for number, part in enumerate(parts)
    )


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
