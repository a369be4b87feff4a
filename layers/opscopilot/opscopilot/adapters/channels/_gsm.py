"""How long a text message is: carriers count septets of the GSM alphabet, or UTF-16 when one character is not in it."""

from __future__ import annotations

SEGMENTS = 3
"""More than three and carriers begin to cut or to refuse; each is paid for."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE = frozenset("^{}\\[~]|€")  # behind an escape
# What typography puts into texts and the GSM alphabet lacks: one of them would halve the room.
_PLAIN = str.maketrans({
    "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "…": "...",
    "·": "-", "•": "-", "×": "x", "→": "->", "≥": ">=", "≤": "<=", "≈": "~", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
    "\u200b": None,
})  # fmt: skip


def units(text: str) -> tuple[int, bool]:
    """How many units the text takes, and whether they are septets of the GSM alphabet (else 16-bit units)."""
    if all(one in _BASIC or one in _TWICE for one in text):
        return sum(2 if one in _TWICE else 1 for one in text), True
    return len(text.encode("utf-16-be")) // 2, False


def segments(text: str) -> int:
    """How many messages a carrier makes of it."""
    count, gsm = units(text)
    single, joined = (160, 153) if gsm else (70, 67)
    return 1 if count <= single else -(-count // joined)


def fitted(text: str, ending: str | None = None, most: int = SEGMENTS) -> str:
    """`text` on one line in at most `most` segments, cut where it must be. `ending` (a link) is never cut: it stands
    behind the text whole, or not at all where it would leave less than a third of the room to the text."""
    line = " ".join(text.translate(_PLAIN).split())
    tail = f" {' '.join(ending.split())}" if ending else ""
    if tail and 3 * units(tail)[0] > 2 * _room(line + tail, most):
        tail = ""
    if segments(line + tail) <= most:
        return line + tail
    low, high = 0, len(line)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if segments(f"{line[:middle].rstrip()}...{tail}") <= most:
            low = middle
        else:
            high = middle - 1
    return f"{line[:low].rstrip()}...{tail}"


def _room(text: str, most: int) -> int:
    return most * (153 if units(text)[1] else 67)
