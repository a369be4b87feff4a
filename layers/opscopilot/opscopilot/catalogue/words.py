"""The meaning of a header's words, whatever the language, the order and the abbreviations.

"Menge bestellt", "Qty. Ordered" and "quantité commandée" have the same meanings: ordered and quantity. Compounds
are taken apart (Lieferantennummer: supplier, no), words with one slip of the keyboard are still understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources

_SHARP = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "№": " no ", "#": " no ",
                        "%": " pct ", "Ø": "O", "Æ": "AE"})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_TECHNICAL = re.compile(r"^(tbl|fld|col|str|int|dbl|txt|dtm|dec|bln)_?(?=[A-Z])")
_LINKS = ("", "s", "n", "en", "es", "er", "e")
_SHORTEST = 3
_NO_SLIPS = frozenset({"county", "counter", "sector", "story", "closed", "state", "filter", "costume", "region"})
"""Words of their own that look like a slip of another."""
Meanings = frozenset[str]


def fold(text: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_SHARP).casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@cache
def _lexicon() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    text = resources.files("opscopilot.catalogue").joinpath("data/words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        meaning, _, words = line.partition(":")
        if line.startswith("#") or not words:
            continue
        for word in words.split():
            found.setdefault(fold(word), tuple(meaning.split("+")))
    return found


def tokens(header: str) -> list[str]:
    """The words of a header: camelCase, snake_case and signs set them apart."""
    spaced = unicodedata.normalize("NFKC", _TECHNICAL.sub("", header.strip())).translate(_SHARP)
    return [fold(word) for word in _WORD.findall(_CAMEL.sub(" ", spaced))]


@lru_cache(maxsize=20_000)
def meanings(header: str) -> Meanings:
    """What the header's words mean; a word nobody knows stands for itself."""
    found: list[str] = []
    words = tokens(header)
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == "prod":
            found.append("production" if "order" in _meaning(following) else "item")
            continue
        found += _meaning(word) or (word,)
    kept = frozenset(one for one in found if one != "stop")
    return kept or frozenset(found)


def _meaning(word: str) -> tuple[str, ...]:
    lexicon = _lexicon()
    umlaut = word.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    for form in (word, umlaut):
        if form in lexicon:
            return lexicon[form]
    for form in (word, umlaut):
        if parts := _compound(form):
            return parts
    return _slip(word)


def _compound(word: str) -> tuple[str, ...]:
    """The meanings of a compound's parts, the longest first part tried first; none where a part is unknown."""
    lexicon = _lexicon()
    for cut in range(len(word) - _SHORTEST + 1, _SHORTEST - 1, -1):
        head, tail = word[:cut], word[cut:]
        if head not in lexicon or lexicon[head] == ("stop",):
            continue
        for link in _LINKS:
            if not tail.startswith(link) or len(tail) - len(link) < 2:
                continue
            rest = tail[len(link) :]
            if rest in lexicon and lexicon[rest] != ("stop",):
                return (*lexicon[head], *lexicon[rest])
            if len(rest) > _SHORTEST and (more := _compound(rest)):
                return (*lexicon[head], *more)
    return ()


def _slip(word: str) -> tuple[str, ...]:
    """The meaning of the one known word that differs by a single letter more, less, other or swapped."""
    if len(word) < 6:
        return ()
    if word in _NO_SLIPS:
        return ()
    near = {meaning for known, meaning in _lexicon().items() if _one_apart(word, known)}
    return next(iter(near)) if len(near) == 1 else ()


def _one_apart(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or len(other) < 6 or one[0] != other[0]:
        return False
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    left, right = one[head:], other[head:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[2:] == right[2:] and left[:2] == right[1::-1])
    return left[1:] == right if len(left) > len(right) else left == right[1:]
