"""Which signs separate, quote and escape: the reading of the first lines that gives the most even table wins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from opscopilot.staging.reading.layout import PLAIN_SIGNS, Layout
from opscopilot.staging.reading.scanner import Record, Scanner, well_formed

SAMPLE_LINES = 300
_COMMON = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "\x01": 1.05, "\x1f": 1.05, "\x02": 1.0, "\x1c": 1.0, "\x1d": 1.0,
           "^": 0.9, "~": 0.9, "§": 0.9, "¦": 0.9, "¬": 0.9, "¶": 0.9}  # fmt: skip
_RARE = {":": 0.6, " ": 0.5, "#": 0.5, "&": 0.5, "!": 0.5, "@": 0.5, "*": 0.5, "%": 0.4, "$": 0.4, "=": 0.4}
"""Signs that separate now and then, and mostly mean something else: only an even table makes them separators."""
_LONG = re.compile(
    r"([|~^¦:;,#@$%&*!=])\1{1,3}|[^\w\s\"'.,()-]{0,2}[|~^¦][^\w\s\"'.,()-]{0,2}|[,;:] | [|;:] |\t[|;,~^]\t"
)
_FOREIGN = re.compile("[;|\t\x01\x1f^~]")
_NUMBER = re.compile(r"\s*[-+(]?[€$£]?\s*\d[\d.,' \u00a0]*\s*[%€$£)-]*\s*")
_REMARKS = re.compile(r"(?:#[^\r\n]*[\r\n]+){2,}(?=[^#\s])")
"""Lines above a table that say that they are remarks."""
_QUOTES = ('"', "'", "`")


class Shape(NamedTuple):
    """What a layout makes of the sample: the usual width, the share of records that have it, and a score."""

    layout: Layout
    width: int
    share: float
    score: float
    records: list[Record]


@dataclass(frozen=True)
class Sample:
    """The first lines of a file. `text` is as the file has it; `newline` ends its records."""

    text: str
    newline: str

    def lines(self) -> list[str]:
        """Lines with something in them."""
        parts = re.split("\r\n|\n|\r|\x1e" if self.newline == "\x1e" else "\r\n|\n|\r", self.text)
        return [line for line in parts if line.strip()][:SAMPLE_LINES]

    def scan(self, layout: Layout) -> list[Record]:
        """The records under a layout."""
        found: list[Record] = []
        for item in Scanner([layout.into(self.text)], layout):
            if isinstance(item, Record):
                found.append(item)
            if len(found) >= SAMPLE_LINES:
                break
        return found


def newline_of(text: str) -> str:
    """What ends the records of a sample: the sign met most outside quotation marks."""
    parts = text.split(max(_QUOTES, key=text.count))
    outside = "".join(parts[::2]) if len(parts) % 2 else text
    pairs = outside.count("\r\n")
    feeds, returns, marks = outside.count("\n") - pairs, outside.count("\r") - pairs, outside.count("\x1e")
    if marks > max(feeds + pairs, returns):
        return "\x1e"
    if returns > feeds + pairs:
        return "\r"
    return "\r\n" if pairs and not feeds and not returns and text.count("\n") == text.count("\r\n") else "\n"


def sniff(sample: Sample, stated: str | None = None) -> Shape | None:
    """The layout of the sample; None where nothing separates anything. `stated` is what the file itself says."""
    if remarks := _REMARKS.match(sample.text):
        sample = replace(sample, text=sample.text[remarks.end() :])
    lines = sample.lines()
    if not lines:
        return None
    best: Shape | None = None
    for delimiter, weight in ({stated: 1.0} if stated else _candidates(lines)).items():
        shape = max(
            (_shaped(sample, Layout(delimiter, quote, "", sample.newline, _sign(delimiter, sample.text)), weight)
             for quote in quotes_of(lines, delimiter)), key=lambda one: one.score,
        )  # fmt: skip
        if not stated and (shape.width < 2 or (delimiter in _RARE and not _even(shape, lines))):
            continue
        if best is None or shape.score > best.score * 1.0001:
            best = shape
    return best


def _candidates(lines: Sequence[str]) -> dict[str, float]:
    found = {sign: weight for sign, weight in (_COMMON | _RARE).items() if any(sign in line for line in lines)}
    for sign, within in _long(lines).items():
        # Where a single sign stands only inside a longer one, the longer one separates.
        for one in within:
            found.pop(one, None)
        found[sign] = 1.02 if within else 0.98
    return found


def _long(lines: Sequence[str]) -> dict[str, set[str]]:
    """Separators of several characters, and the single ones they take the place of."""
    met: Counter[str] = Counter()
    for line in lines:
        met.update({match.group() for match in _LONG.finditer(line) if len(match.group()) > 1})
    bare = [line for line in lines if not any(quote in line for quote in _QUOTES)]
    texts = ["\n".join(bare)] if len(bare) >= min(3, len(lines)) else _outside("\n".join(lines))
    found: dict[str, set[str]] = {}
    for sign, count in met.most_common(12):
        if count < 0.5 * len(lines):
            break
        core = {one for one in sign if one in _COMMON or one in ":#@$%&*!="}
        alone = {
            one for one in core
            if any(text.count(one) == text.count(sign) * sign.count(one) > 0 for text in texts)
        }  # fmt: skip
        if (alone or sign in (", ", "; ")) and not any(sign in other for other in found):
            found = {other: within for other, within in found.items() if other not in sign} | {sign: alone}
    return found


def _outside(text: str) -> list[str]:
    """The text without what is enclosed by the sign that encloses most of it, with and without escapes."""
    quote = max(_QUOTES, key=text.count)
    found = []
    for kept in (text.replace("\\\\", "").replace(f"\\{quote}", ""), text):
        parts = kept.split(quote)
        found += ["".join(parts[::2])] if len(parts) % 2 else []
    return found or [text]


def _sign(delimiter: str, text: str) -> str:
    """A character of its own for a separator that part files cannot have."""
    if delimiter in PLAIN_SIGNS:
        return ""
    return next(
        one for one in ("\x1f", "\x1c", "\x1d", "\x02", "\x03", "\x04", "\x05") if one == delimiter or one not in text
    )


def quotes_of(lines: Sequence[str], delimiter: str) -> list[str]:
    """The signs that may enclose cells, the likelier first; empty where marks open cells and never close them."""
    edge = re.escape(delimiter)
    counted = {}
    for quote in _QUOTES:
        opens = re.compile(rf"(?:^|{edge}) *{quote}(?!{quote}+(?:{edge}|$))")
        closes = re.compile(rf"(?<!^){quote} *(?={edge}|$)")
        some = [line for line in lines if quote in line]
        counted[quote] = (
            sum(len(opens.findall(line)) for line in some), sum(len(closes.findall(line)) for line in some)
        )  # fmt: skip
    begins, ends = counted['"']
    found = ["" if begins >= 3 and ends < 0.3 * begins else '"']
    for quote in _QUOTES[1:]:
        first, last = counted[quote]
        if not min(first, last):
            continue
        sure = (
            min(first, last) >= 2 and min(first, last) > max(begins, ends) and max(first, last) < 2 * min(first, last)
        )
        if sure:
            return [quote]
        found.append(quote)
    return found


def _shape(sample: Sample, layout: Layout, weight: float) -> Shape:
    records = [one for one in sample.scan(layout) if any(cell.strip() for cell in one.cells)]
    widths = Counter(len(one.cells) for one in records if len(one.cells) > 1)
    if not widths:
        return Shape(layout, 1, 0.0, 0.0, records)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    share = count / len(records)
    usual = [one for one in records if len(one.cells) == width]
    clean = sum(_clean(cell) for one in usual for cell in one.cells) / (width * count)
    broken = sum(one.broken for one in records) / len(records)
    score = share**2 * min(width, 12) ** 0.5 * clean**2 * (1 - 0.5 * broken) * weight
    return Shape(replace(layout, usual=width), width, share, score, records)


def _clean(cell: str) -> float:
    """How much a cell looks like one cell: no separators in it, no half quotation."""
    if not cell or cell.isalnum():
        return 1.0
    if _FOREIGN.search(cell):
        return 0.2
    if cell.count('"') % 2:
        return 0.6
    if "," in cell and not _NUMBER.fullmatch(cell):
        return 0.85
    return 1.0


def _even(shape: Shape, lines: Sequence[str]) -> bool:
    """Whether a rare separator makes a table that prose would not make."""
    usual = [one.cells for one in shape.records if len(one.cells) == shape.width]
    under = [one.cells for one in shape.records[1:]]
    share = max(shape.share, sum(len(cells) == shape.width for cells in under) / max(len(under), 1))
    if len(usual) < 3 or share < 0.9:
        return False
    if shape.layout.delimiter == " " and (shape.width < 3 or any("  " in line.strip() for line in lines)):
        return shape.width >= 3 and shape.layout.quote in "".join(lines) and shape.share > 0.9
    numbers = sum(
        1 for column in range(shape.width)
        if sum(1 for cells in usual if _NUMBER.fullmatch(cells[column])) >= 0.7 * len(usual)
    )  # fmt: skip
    return numbers > 0 or any(one in line for line in lines for one in ('"', "'") if shape.share == 1.0)


def _shaped(sample: Sample, layout: Layout, weight: float) -> Shape:
    """What the layout makes of the sample, with a backslash as escape if that makes more records whole."""
    shape = _shape(sample, layout, weight)
    layout = shape.layout
    if not re.search(rf"\\(?:{re.escape(layout.quote) or '$^'}|{re.escape(layout.delimiter)})", sample.text):
        return shape
    other = _shape(sample, replace(layout, escape="\\"), weight)
    width = max(shape.width, other.width) if not shape.score else shape.width

    def whole(one: Shape) -> tuple[int, int]:
        pattern = well_formed(one.layout)
        good = [record for record in one.records if len(record.cells) == width and not record.broken]
        return len(good), sum(1 for record in good if pattern.fullmatch(one.layout.into(record.text)))

    return other if whole(other) > whole(shape) else shape
