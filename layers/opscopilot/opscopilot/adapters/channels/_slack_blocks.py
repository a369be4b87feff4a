"""A message as Slack's Block Kit: header, text, figures side by side, buttons that are links."""

from __future__ import annotations

import re
from typing import Any

from opscopilot.notifications.channels import Message

# Slack refuses a message that goes beyond any of these.
_HEADER, _SECTION, _FIELD, _BUTTON, _URL = 150, 3000, 2000, 75, 3000
_FIELDS, _BUTTONS, _SECTIONS = 10, 5, 10
_URL_IN_TEXT = re.compile(r"https?://[^\s|<>\"'()]+[^\s|<>\"'().,;:!?]")


def body(message: Message) -> dict[str, Any]:
    """The message's `text` (what a phone shows) and its blocks."""
    shown: list[dict[str, Any]] = [{"type": "header", "text": _plain(message.subject, _HEADER)}]
    shown += [{"type": "section", "text": _marked(part)} for part in _parts(_linked(escaped(message.text)))]
    if message.facts:
        fields = [
            _marked(_cut(f"*{escaped(one.label)}*\n{escaped(one.value)}", _FIELD)) for one in message.facts[:_FIELDS]
        ]
        shown.append({"type": "section", "fields": fields})
    buttons = [
        {"type": "button", "text": _plain(one.label, _BUTTON), "url": one.url, "action_id": f"link_{index}"}
        for index, one in enumerate(message.actions[:_BUTTONS]) if len(one.url) <= _URL
    ]  # fmt: skip
    if buttons:
        shown.append({"type": "actions", "elements": buttons})
    return {"text": _cut(escaped(message.subject), _SECTION), "blocks": shown, "unfurl_links": False}


def escaped(text: str) -> str:
    """Slack's three control characters; without this an alert's text could mention everybody or hide a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _linked(text: str) -> str:
    """Web addresses as links. Slack would find them by itself, but then it would find @channel too."""
    return _URL_IN_TEXT.sub(r"<\g<0>>", text)


def _parts(text: str) -> list[str]:
    """A long text as several sections, cut at line ends where there are any; never inside an escape."""
    found: list[str] = []
    while text and len(found) < _SECTIONS:
        if len(text) <= _SECTION:
            return [*found, text]
        end = text.rfind("\n", 1, _SECTION + 1)
        end = end if end > 0 else len(_cut(text, _SECTION, ""))
        found.append(text[:end])
        text = text[end:].lstrip("\n")
    return found


def _cut(text: str, longest: int, sign: str = "…") -> str:
    if len(text) <= longest:
        return text
    short = text[: longest - len(sign)]
    escape = short.rfind("&")
    if escape > len(short) - 5 and ";" not in short[escape:]:  # half an escape would be shown as it is
        short = short[:escape]
    return short + sign


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _cut(text, longest) or "-", "emoji": False}


def _marked(text: str) -> dict[str, Any]:
    """`verbatim`: nothing in it is taken for a mention or a channel's name."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}
