"""The page a link opens: plain HTML, no script, nothing from elsewhere, readable on a telephone and by a screen reader."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from html import escape

from opscopilot.notifications.links.acting import Found
from opscopilot.notifications.links.signing import LinkAction
from opscopilot.notifications.links.snoozing import choices
from opscopilot.notifications.links.wording import Trouble, Words

MAX_NOTE = 2000
_STYLE = """
:root{color-scheme:light dark}body{font:17px/1.5 system-ui,sans-serif;margin:0;color:#16202a;background:#f4f6f8}
main{max-width:34rem;margin:0 auto;padding:1.5rem}h1{font-size:1.5rem;margin:.2em 0 .6em}
section{background:#fff;border:1px solid #ccd5dd;border-radius:8px;padding:1rem;margin:0 0 1.2rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem;margin:.8rem 0 0}dt{color:#4a5a68}dd{margin:0}
fieldset{border:1px solid #ccd5dd;border-radius:8px;margin:0 0 1rem;padding:.6rem 1rem}label{display:block;padding:.35rem 0}
textarea{box-sizing:border-box;width:100%;min-height:4.5rem;font:inherit;padding:.5rem;border:1px solid #76858f;
border-radius:6px}button{font:inherit;font-weight:600;min-height:3rem;width:100%;border:0;border-radius:8px;color:#fff;
background:#0b5cad;cursor:pointer;margin-top:1rem}:focus-visible{outline:3px solid #f0a500;outline-offset:2px}
.severity{font-weight:700;text-transform:uppercase;font-size:.85rem}.critical,.high{color:#a61b1b}
@media (prefers-color-scheme:dark){body{color:#e3eaf0;background:#10161c}section{background:#18212a;border-color:#33424f}
dt{color:#a5b4c1}fieldset,textarea{border-color:#5a6a77}textarea{background:#10161c;color:inherit}
.critical,.high{color:#ff8a80}}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}  # fmt: skip


def asking(words: Words, found: Found, action: LinkAction, now: datetime) -> str:
    """What the alert is, who acts, one button."""
    row = found.row
    taken = ""
    if row["acknowledged_at"]:
        at = words.how.moment(row["acknowledged_at"], row["zone"])
        taken = f"<p>{escape(words.say('taken', who=row['acknowledged_by'], moment=at))}</p>"
    return _page(
        words, words.button(action, "heading"),
        f"{_alert(words, found)}{taken}<p>{escape(words.say('you_act_as', who=row['who'], plant=row['plant']))}</p>"
        f"<form method='post'>{_options(words, now, row['zone']) if action == 'snooze' else ''}"
        f"<label for='note'>{escape(words.say('note'))}</label>"
        f"<textarea id='note' name='note' maxlength='{MAX_NOTE}'></textarea>"
        f"<button type='submit'>{escape(words.button(action, 'button'))}</button></form>",
    )  # fmt: skip


def done(words: Words, found: Found, action: LinkAction, now: datetime) -> str:
    """What was done."""
    said = words.done(action, found.row["zone"], now, found.until)
    return _page(words, words.button(action, "done"), f"<p role='status'>{escape(said)}</p>{_alert(words, found)}")


def refused(words: Words, what: Trouble, found: Found | None = None) -> str:
    """Why nothing was done. The alert is shown only to whoever holds a link that is ours and may see it."""
    title, said = words.trouble(what, found)
    shown = _alert(words, found) if found is not None and what in ("used", "closed") else ""
    return _page(words, title, f"<p role='alert'>{escape(said)}</p>{shown}")


def _alert(words: Words, found: Found) -> str:
    row = found.row
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in words.facts(found))
    return (
        f"<section aria-label='{escape(words.say('the_alert'))}'>"
        f"<p class='severity {escape(row['severity'])}'>{escape(words.severity(row['severity']))}</p>"
        f"<strong>{escape(row['title'] or words.say('an_alert'))}</strong><dl>{facts}</dl></section>"
    )


def _options(words: Words, now: datetime, zone: str) -> str:
    lines = "".join(
        f"<label><input type='radio' name='until' value='{choice}'{' checked' if choice == '1h' else ''}> "
        f"{escape(words.choice(choice, until, zone))}</label>"
        for choice, until in choices(now, zone).items()
    )
    return f"<fieldset><legend>{escape(words.say('remind_after', zone=zone))}</legend>{lines}</fieldset>"


def _page(words: Words, title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang='{words.locale}'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><meta name='robots' content='noindex'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
