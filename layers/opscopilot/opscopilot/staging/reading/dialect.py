"""What separates the columns, and which line holds their names."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opscopilot.catalogue import synonyms
from opscopilot.staging.reading.records import Reader, Record
from opscopilot.staging.reading.unpack import TextFile
from opscopilot.staging.refusal import Refused

DELIMITERS = ("+|", "\t", ";", ",", "|")
_SAMPLE_LINES = 400
_HEADER_WITHIN = 40
_VALUE = re.compile(r"[-+(€$£]*\s*[0-9][0-9.,' /:-]*\s*[%€)-]*|[0-9]{4}-[0-9]{2}-[0-9]{2}.*")


@dataclass(frozen=True)
class Dialect:
    """How the file is laid out. `header_row` is the physical line of the column names."""

    delimiter: str
    header_row: int
    body_row: int
    headers: tuple[str, ...]
    preamble: tuple[str, ...]

    @property
    def width(self) -> int:
        """Cells in the header, empty ones included."""
        return len(self.headers)

    @property
    def named(self) -> int:
        """Cells up to the last column that has a name."""
        return max((index + 1 for index, name in enumerate(self.headers) if name), default=0)


def lines_of(text: TextFile) -> Iterator[str]:
    """The file's physical lines, decoded."""
    with text.path.open(encoding=text.encoding, errors=text.errors, newline=text.newline) as stream:
        yield from stream


def delimiter_of(lines: Sequence[str]) -> str | None:
    """The sign that splits most lines into the same number of cells; None where nothing does."""
    best: tuple[float, str] | None = None
    for sign in DELIMITERS:
        counts = Counter(_count(line, sign) for line in lines if line.strip())
        counts.pop(0, None)
        if not counts:
            continue
        common, lines_with = max(counts.items(), key=lambda item: (item[1], item[0]))
        share = lines_with / max(sum(1 for line in lines if line.strip()), 1)
        score = share * share * min(common, 12) ** 0.5
        if sign == "|" and best is not None and best[1] == "+|":
            continue
        if best is None or score > best[0]:
            best = (score, sign)
    return best[1] if best else None


def _count(line: str, sign: str) -> int:
    """Separators outside quotation marks."""
    if '"' not in line:
        return line.count(sign)
    return sum(part.count(sign) for part in line.split('"')[::2])


def detect(text: TextFile, file_name: str, wanted: frozenset[str] = frozenset()) -> Dialect:
    """Delimiter and header of the file. `wanted` are keys of headers that a mapping expects."""
    lines = [line.rstrip("\r\n") for line in itertools.islice(lines_of(text), _SAMPLE_LINES)]
    skip = 0
    stated = re.fullmatch(r"sep=(.)", lines[0].strip(), re.IGNORECASE) if lines else None
    if stated:
        skip = 1
    sign = stated.group(1) if stated else delimiter_of(lines)
    if sign is None and lines and synonyms.is_known(lines[0]):
        sign = ","  # one column is a table too when we know its name
    if sign is None:
        raise Refused(
            "not_a_table",
            f"'{file_name}' has no columns: no comma, semicolon, tab or bar separates anything in its lines. "
            f"Export it as CSV with a header line.",
        )
    records = list(Reader(lines[skip:], sign, strip_nul=text.has_nul))
    index = _header_index(records, wanted)
    if index is None:
        raise Refused(
            "no_header",
            f"'{file_name}' has no line with column names in its first {_HEADER_WITHIN} lines. Export it with its "
            f"header line.",
        )
    header = records[index]
    names = tuple(" ".join(cell.split()) for cell in header.cells or [])
    last = header.row + skip + header.text.count("\n")
    before = tuple(one.text for one in records[:index])
    return Dialect(sign, header.row + skip, last + 1, names, before)


def _filled(record: Record) -> list[str]:
    return [cell.strip() for cell in record.cells or [] if cell.strip()]


def _header_index(records: Sequence[Record], wanted: frozenset[str]) -> int | None:
    """The record that names the columns: the one with the most names we know, else the first that looks so."""
    widths = Counter(len(record.cells or []) for record in records if len(_filled(record)) > 1)
    if not widths:
        return 0 if records and synonyms.is_known(records[0].text) else None
    width = max(widths.items(), key=lambda item: (item[1], item[0]))[0]
    ranked: list[tuple[int, int, float, int]] = []
    for index, record in enumerate(records[:_HEADER_WITHIN]):
        cells = _filled(record)
        if len(cells) < 2:
            continue
        expected = sum(1 for cell in cells if synonyms.key(cell) in wanted)
        known = expected + sum(1 for cell in cells if synonyms.is_known(cell))
        ranked.append((expected, known, _header_like(cells, width), -index))
    if not ranked:
        return None
    expected, known, _, at = max(ranked)
    if expected >= 2:
        return -at
    if known >= 2:  # a record may hold words that are names elsewhere: the first line that is nearly as good wins
        return next(-index for _, names, like, index in ranked if names >= 0.6 * known and (like >= 0.5 or index == at))
    likely = [one for one in ranked if one[2] >= 0.6]
    return -max(likely, key=lambda one: (one[1], one[3]))[3] if likely else None


def _header_like(cells: Sequence[str], width: int) -> float:
    """How much the cells look like names: filled, different, not numbers or dates."""
    words = sum(1 for cell in cells if not _VALUE.fullmatch(cell)) / len(cells)
    different = len({cell.casefold() for cell in cells}) / len(cells)
    return words * different * min(len(cells) / max(width, 1), 1.0)
