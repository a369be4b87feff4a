"""Somebody else's text made safe to print: no control characters, no direction tricks, a bounded length."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Control characters and line ends would break headers; the bidi ones can make a subject read as something else.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\ufeff\ud800-\udfff]+")
MAX_TITLE = 200
MAX_MESSAGE = 8000
_MAX_LINK = 2000


def one_line(text: str, longest: int = MAX_TITLE) -> str:
    """`text` on a single printable line of at most `longest` characters: safe as a header."""
    if len(text) <= longest and text.isprintable() and "  " not in text:  # nearly every text there is
        return text.strip()
    flat = " ".join(_UNPRINTABLE.sub(" ", _INVISIBLE.sub("", text)).split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"


def _indented(line: str) -> str:
    """The line made safe, with up to six of its leading blanks: they show what belongs to what."""
    return line[: min(len(line) - len(line.lstrip(" ")), 6)] + one_line(line, MAX_MESSAGE)


def lines(text: str) -> str:
    """`text` made safe line by line."""
    return "\n".join(_indented(line) for line in text.splitlines()).strip()[:MAX_MESSAGE]


def safe_link(link: str | None) -> str | None:
    """Only web addresses become links; `javascript:` and the like are dropped."""
    if link is None or len(link) > _MAX_LINK or _UNPRINTABLE.search(link):
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    return link if parts.scheme in ("https", "http") and parts.hostname else None
