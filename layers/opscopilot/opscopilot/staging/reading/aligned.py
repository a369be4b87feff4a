"""Reports whose columns stand under each other, with blanks between them instead of separators."""

from __future__ import annotations

import re
from collections.abc import Sequence

_RULES = re.compile(r"\s*[-=]{2,}(\s+[-=]{2,})+\s*")
_GAP = re.compile(r"\S(?:  +)\S")
_ENOUGH = 3


def cuts_of(lines: Sequence[str]) -> tuple[int, ...]:
    """Where the columns of the lines begin, the first (0) included; empty where there are no such columns."""
    if any("\t" in line for line in lines):
        return ()
    ruled = next((line for line in lines if _RULES.fullmatch(line)), None)
    if ruled is not None:
        starts = [match.start() for match in re.finditer(r"[-=]+", ruled)]
        some = [line for line in lines if fits(line, (0, *starts[1:]))]
        return (0, *starts[1:]) if len(some) >= max(_ENOUGH, 0.5 * len(lines)) else ()
    some = [line for line in lines if _GAP.search(line.strip())]
    if len(some) < max(_ENOUGH, 0.8 * len(lines)):
        return ()
    size = max(map(len, some))
    blank = [all(line[at : at + 1] in ("", " ") for line in some) for at in range(size)]
    found = [0]
    at = next((place for place, empty in enumerate(blank) if not empty), size)
    while at < size:
        end = at
        while end < size and blank[end]:
            end += 1
        if end - at > 1 and end < size:
            found.append(end)
        at = end + 1 if end == at else end
    return tuple(found) if len(found) > 1 else ()


def fits(line: str, cuts: Sequence[int]) -> bool:
    """Whether no word of the line stands across a cut."""
    return bool(line.strip()) and all(
        line[cut - 1 : cut].strip() == "" or line[cut : cut + 1].strip() == "" for cut in cuts[1:]
    ) and len(line) > cuts[1]  # fmt: skip


def split(line: str, cuts: Sequence[int], sign: str) -> str:
    """The line with `sign` between its columns, trimmed; as it is where it has no such columns."""
    if not fits(line, cuts):
        return line
    ends = [*cuts[1:], len(line)]
    return sign.join(line[start:end].strip() for start, end in zip(cuts, ends, strict=True))
