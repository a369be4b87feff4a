"""A model's text, sentence by sentence: what its own lookups prove stays, with the citation that proves it.

Stricter than for our own sentences. The arguments a model chose prove nothing (it could prove any figure by asking
for it), figures in words are not accepted, and neither are links or images: an address could carry data away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from opscopilot.copilot.chat import ChatFailed
from opscopilot.copilot.evidence import Facts, verify
from opscopilot.copilot.model import ToolRun
from opscopilot.copilot.say import tell
from opscopilot.kernel.tenancy import PlantSettings

GOOD = ("ok", "stale")
_CITATION = re.compile(r"\s*\[(\d{1,3})\]")
_CITED_AFTER_THE_STOP = re.compile(r"([.!?])((?:\s*\[\d{1,3}\])+)")
_NEXT = re.compile(r"(?<=[.!?])\s+(?=[^\s\da-zß-ÿ])")
_BULLET = re.compile(r"^(?:[-*•·]|\d{1,2}[.)])\s+")
_MARKUP = re.compile(r"\*\*|`|^#{1,6}\s+")
_LINK = re.compile(r"\w+://|\bwww\.|\]\(|!\[|<[a-z/!]|\bmailto:", re.IGNORECASE)
_UNREADABLE = re.compile(
    r"[^\W\d_]\d|(?<!\d)\.\d"  # EUR1200, 1e6, .5: a figure the verifier would take for part of a name
    r"|\d,(?!\d{3}(?!\d))\d|\d['’\u00a0\u202f ]\d{3}(?!\d)"  # 1,5 and 12 345: it would read two figures
    r"|\d\s?(?:[kKM]|bn|(?i:mio|mrd|tsd|thousands?|millions?|billions?|tausend|millionen|milliarden?|mille|mil|millones))\b"
    r"|[½⅓⅔¼¾⅕⅛²³]"
)
_NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve dozen dozens hundred hundreds thousand thousands "
    "million millions half twice double triple zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dutzend "
    "hundert tausend millionen doppelt hälfte deux trois quatre cinq huit neuf dix onze douze douzaine cent mille "
    "moitié dos tres cuatro cinco seis siete ocho nueve diez doce docena cien mil mitad doble".split()
)


@dataclass(frozen=True)
class Proven:
    """What may be said, and how many of the model's sentences may not."""

    sentences: list[str]
    dropped: int


def prove(text: str, runs: Sequence[ToolRun], question: str, plant: PlantSettings) -> Proven:
    """The provable part of a model's answer, then what its unanswered lookups came to, in our own words.

    ChatFailed when it looked nothing up, or when nothing with a figure of its own is left.
    """
    if not runs:
        raise ChatFailed("no_lookup")
    kept: list[str] = []
    dropped = 0
    if any(run.status in GOOD for run in runs):
        prover = _Prover(runs, question)
        checked = [prover.cite(one) for one in split(text)]
        kept = [one for one in checked if one is not None]
        dropped = len(checked) - len(kept)
        if not any(any(char.isdigit() for char in _CITATION.sub("", one)) for one in kept):
            raise ChatFailed("unproven", f"{dropped} sentences dropped")
    for run in unsettled(runs):
        facts = Facts()
        if run.result is not None:
            facts.add(run.result, run.args)
        kept += verify(tell(run, plant), facts)[0]
    return Proven(kept, dropped)


def unsettled(runs: Sequence[ToolRun]) -> list[ToolRun]:
    """Lookups without an answer that the same tool did not answer afterwards; the last such one of each tool."""
    open_ones: dict[str, ToolRun] = {}
    for run in runs:
        open_ones.pop(run.tool, None)
        if run.status not in GOOD:
            open_ones[run.tool] = run
    return list(open_ones.values())


def final(runs: Sequence[ToolRun]) -> list[ToolRun]:
    """The lookups an answer rests on: without those that were asked again and then answered."""
    left = unsettled(runs)
    return [run for run in runs if run.status in GOOD or run in left]


def periods(runs: Sequence[ToolRun], zone: str) -> list[str]:
    """The periods the lookups were about, as dates of the plant."""
    spans = dict.fromkeys((run.args.get("from"), run.args.get("to")) for run in runs if run.status in GOOD)
    told = [(start or "the first record", end or "today") for start, end in spans if start or end]
    return [f"Period: {start} to {end} ({zone})." for start, end in told]


def split(text: str) -> list[str]:
    """Sentences and list lines without markup. A sentence that begins with a figure stays with the one before it."""
    out: list[str] = []
    for line in text.splitlines():
        bare = _MARKUP.sub("", line.strip()).strip()
        bullet = "· " if _BULLET.match(bare) else ""
        bare = _CITED_AFTER_THE_STOP.sub(r"\2\1", _BULLET.sub("", bare))
        parts = [part.strip() for part in _NEXT.split(bare) if any(char.isalnum() for char in part)]
        out += [bullet + parts[0], *parts[1:]] if parts else []
    return out


class _Prover:
    """Proves sentences by the results of one turn."""

    def __init__(self, runs: Sequence[ToolRun], question: str) -> None:
        self._by_run = {run.n: _facts(run, question) for run in runs if run.result is not None}
        self._all = Facts()
        for facts in self._by_run.values():
            self._all.numbers |= facts.numbers
            self._all.texts |= facts.texts
        self._good = [run.n for run in runs if run.status in GOOD]
        self._names = sorted((one for one in self._all.texts if re.search(r"[^\W\d_]", one)), key=len, reverse=True)
        self._words = _words(json.dumps([run.result.model_dump(mode="json") for run in runs if run.result]))

    def cite(self, sentence: str) -> str | None:
        """The sentence with the numbers of the lookups that prove it; None when none does."""
        asked = [n for n in map(int, _CITATION.findall(sentence)) if n in self._by_run]
        bare = _CITATION.sub("", sentence).strip()
        if _LINK.search(bare) or self._hides_a_figure(bare):
            return None
        if not any(char.isdigit() for char in bare):
            return _with(bare, asked)
        for n in dict.fromkeys([*asked, *self._by_run]):
            if verify([bare], self._by_run[n])[0]:
                return _with(bare, [n])
        return _with(bare, asked or self._good) if verify([bare], self._all)[0] else None

    def _hides_a_figure(self, sentence: str) -> bool:
        """Whether it holds a figure that the verifier would not see, outside of names from the records."""
        for name in self._names:
            sentence = sentence.replace(name, " ")
        return bool(_UNREADABLE.search(sentence) or (_words(sentence) & _NUMBER_WORDS) - self._words)


def _with(sentence: str, numbers: Iterable[int]) -> str:
    marks = "".join(f"[{n}]" for n in sorted(set(numbers)))
    return f"{sentence} {marks}" if marks else sentence


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", text.casefold()))


def _facts(run: ToolRun, question: str) -> Facts:
    assert run.result is not None
    data = run.result.data
    if isinstance(data, dict):
        data = {name: value for name, value in data.items() if name != "asked"}
    facts = Facts()
    facts.add(run.result.model_copy(update={"data": data}), {"said": list(_grounded(run.args, question.casefold()))})
    return facts


def _grounded(value: Any, question: str) -> Iterable[Any]:
    """The arguments the person gave, and dates: a day is no quantity, and it must be possible to name the period."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _grounded(inner, question)
    elif (day := _as_date(value)) is not None:
        yield day
    elif not isinstance(value, bool) and re.search(rf"(?<!\w){re.escape(str(value).casefold())}(?!\w)", question):
        yield value


def _as_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None
