"""Text messages: at most two segments, whatever the alert says, and the essentials stay whole.

A segment of a longer message holds 153 characters of the GSM alphabet, or 67 of any other. Typographic characters are
written plainly, so that one dash does not halve the room.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

MAX_SEGMENTS = 2
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("^{}\\[~]|€")  # each takes two places
_PLAIN = str.maketrans({
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "…": "...", "„": '"', "“": '"', "”": '"', "«": '"', "»": '"',
    "’": "'", "‘": "'", "‚": ",", "·": "-", "•": "-", "×": "x", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ",
    "á": "à", "â": "a", "ã": "a", "ç": "Ç", "ê": "e", "ë": "e", "í": "ì", "î": "i", "ï": "i", "ó": "ò", "ô": "o",
    "õ": "o", "ú": "ù", "û": "u", "°": " ", "²": "2", "³": "3", "ł": "l", "Ł": "L", "đ": "d", "ı": "i", "œ": "oe",
})  # fmt: skip
_SHRINKABLE = (
    ("advice", 0), ("first_line", 16), ("title", 16), ("headline", 16), ("about", 16), ("plant", 8),
    ("short_link", 0), ("list_link", 0), ("link", 0),
)  # fmt: skip
"""What may become shorter to make room, and how short: the least needed first. The texts of `actions` come before
them; a link is whole or not there."""
_SHORTEST_ACTION = 16


def plain(text: str) -> str:
    """`text` on one line, typographic characters and accents outside the GSM alphabet written plainly."""
    return " ".join("".join(map(_gsm, text.translate(_PLAIN))).split())


def _gsm(char: str) -> str:
    if char in _GSM or char in _GSM_TWO:
        return char
    base = unicodedata.normalize("NFKD", char)[0]
    return base if base in _GSM else char


def segments(text: str) -> int:
    """How many segments a carrier bills for `text`."""
    size, one, more = _size(text)
    return 1 if size <= one else -(-size // more)


def _size(text: str) -> tuple[int, int, int]:
    if all(char in _GSM or char in _GSM_TWO for char in text):
        return len(text) + sum(char in _GSM_TWO for char in text), 160, 153
    return len(text.encode("utf-16-be")) // 2, 70, 67


def _excess(text: str) -> int:
    size, _, room = _size(text)
    return max(0, size - MAX_SEGMENTS * room)


def fitted(render: Callable[[dict[str, Any]], str], facts: dict[str, Any]) -> str:
    """What `render` makes of `facts`, in two segments: names and advice are cut, never figures, times and links."""
    return cut(_shrunk(render, facts))


def fits(render: Callable[[dict[str, Any]], str], facts: dict[str, Any]) -> bool:
    """Whether nothing but names and advice has to be cut."""
    return not _excess(_shrunk(render, facts))


def _shrunk(render: Callable[[dict[str, Any]], str], facts: dict[str, Any]) -> str:
    text = plain(render(facts))
    if not _excess(text):
        return text
    shorter = dict(facts)
    for shrink in (_without_actions, *(_shortened(name, shortest) for name, shortest in _SHRINKABLE)):
        shrink(shorter, _excess(text))
        text = plain(render(shorter))
        if not _excess(text):
            break
    return text


def cut(text: str) -> str:
    """The beginning of `text` that fits, for a template that leaves nothing else to shorten."""
    while excess := _excess(text):
        text = text[: -max(1, excess // 2) - 3].rstrip() + "..."
    return text


def _without_actions(facts: dict[str, Any], excess: int) -> None:
    first = str((facts.get("actions") or [""])[0])
    enough = len(first) - excess >= _SHORTEST_ACTION
    facts["actions"] = [_cut_to(first, len(first) - excess)] if enough else []
    if first and not enough:
        facts["advice"] = ""  # the actions of the alert are better than the advice of its kind: neither, then


def _shortened(name: str, shortest: int) -> Callable[[dict[str, Any], int], None]:
    def shrink(facts: dict[str, Any], excess: int) -> None:
        text = facts.get(name)
        if isinstance(text, str):
            size = len(text) - excess
            whole_or_nothing = shortest == 0 and (size < _SHORTEST_ACTION or "://" in text)
            facts[name] = "" if whole_or_nothing else _cut_to(text, max(shortest, size))

    return shrink


def _cut_to(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 3].rstrip(" .,;:") + "..."
