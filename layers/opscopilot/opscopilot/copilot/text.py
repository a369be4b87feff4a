"""Words: folding, tokens, stop words and the language of a question (English, German, French, Spanish)."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[a-z0-9][a-z0-9._/-]*")

STOP: dict[str, frozenset[str]] = {
    "en": frozenset(
        "a an the of for to in on at is are was were be do does did have has had we our us you i me my it its this that "
        "these those there what which who how many much when where why show give tell list get find please any all and "
        "or with by from as can could would should will right now currently today need know about than then into so far "
        "per out up still not no yes if they them their theirs he she his her here also just only very both each being been am let want like see look us ours your yours".split()
    ),
    "de": frozenset(
        "der die das den dem des ein eine einen einem einer und oder ist sind war waren wie viel viele wieviel was welche "
        "welcher welches wann wo warum zeige zeig gib mir uns wir ich haben hat von vom zu zum zur im in an am auf für mit "
        "bei aus es gibt noch bitte unser unsere reicht heute jetzt".split()
    ),
    "fr": frozenset(
        "le la les un une des de du d l et ou est sont combien que quel quelle quels quelles quand où pourquoi montre "
        "montrer donne moi nous avons a au aux en dans sur pour avec par il y ce cette ces s'il vous plaît reste "
        "aujourd'hui maintenant notre nos".split()
    ),
    "es": frozenset(
        "el la los las un una unos unas de del y o es son cuanto cuánto cuantos cuántos cuanta que qué cual cuál cuales "
        "cuando cuándo donde dónde por porque para con en al hay tenemos muestra muestrame dame nos queda quedan hoy ahora "
        "nuestro nuestra".split()
    ),
}
_ALL_STOP = frozenset().union(*(frozenset(fold for word in words for fold in (word,)) for words in STOP.values()))


def fold(text: str) -> str:
    """Lower case without accents, so that 'Überfällig' and 'uberfallig' meet."""
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


_FOLDED_STOP = frozenset(fold(word) for word in _ALL_STOP)


def tokens(text: str) -> list[str]:
    """Folded words of a text; codes such as BK-M68B-38 stay whole."""
    return [word.rstrip("._/-") for word in _WORD.findall(fold(text))]


def content_words(text: str) -> list[str]:
    """Tokens that carry meaning."""
    return [word for word in tokens(text) if word not in _FOLDED_STOP]


def stem(word: str) -> str:
    """A crude common stem: plural and verb endings of the four languages, for matching only."""
    if len(word) <= 3 or any(char.isdigit() for char in word):
        return word
    for ending in ("ungen", "ingen", "ments", "ment", "ing", "ies", "ung", "en", "es", "ed", "e", "s", "n"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def language(text: str) -> str:
    """The question's language by its little words; English when nothing speaks for another."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    scores = {code: sum(word in known for word in words) for code, known in STOP.items()}
    best = max(scores, key=lambda code: (scores[code], code == "en"))
    return best if scores[best] > scores["en"] else "en"
