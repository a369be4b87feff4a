"""What the bytes of a text file are: one pass over them finds the encoding and everything else reading must know."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from pathlib import Path

from opscopilot.staging.reading import alphabets
from opscopilot.staging.refusal import Refused

BLOCK = 1 << 20
MAX_LINE = BLOCK
_SAMPLE = 64 << 10
_UNTIDY = (b"=", b"\t", b"\xa0")
"""Formulas, tabs, no-break spaces (in UTF-8 and cp1252)."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_MARGIN = 0.12
"""Two encodings that score closer than this and read the text differently leave the matter unsure."""


@dataclass(frozen=True)
class Encoding:
    """How to decode: `errors` is the handler; `other` is the runner-up where the two are too close to be sure."""

    name: str
    errors: str = "strict"
    mixed: bool = False
    other: str = ""
    score: float = 1.0


@dataclass
class Bytes:
    """What one pass over a file's bytes found."""

    size: int = 0
    nul: bool = False
    untidy: bool = False
    returns: int = 0
    feeds: int = 0
    pairs: int = 0
    """\\r, \\n, and \\r\\n (which counts in the other two as well)."""
    utf8: bool = True
    broken: int = 0
    beyond: int = 0
    """Bytes that are not UTF-8; bytes of characters that are, beyond the first."""
    foreign: bytearray = field(default_factory=bytearray)
    """The first lines that hold anything but ASCII."""
    newline: str = "\n"


def wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32, by its byte order mark or by where the zeros stand."""
    for mark, name in _MARKS[1:]:
        if head.startswith(mark):
            return name
    zeros = [head[at::4].count(0) for at in range(4)]
    quarter = max(len(head) // 4, 1)
    if min(zeros[1:]) > quarter * 0.9 and zeros[0] < quarter // 10:
        return "utf-32-le"
    if min(zeros[:3]) > quarter * 0.9 and zeros[3] < quarter // 10:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if even + odd < len(head) // 10 or min(even, odd) > max(even, odd) // 20:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    # Stray zeros are no UTF-16: read so, the file must still have lines.
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    return name if ("\n" in text or "\r" in text) and text.count("\ufffd") <= 1 else None


def scan(path: Path, newline: str, file_name: str) -> Bytes:
    """Read all bytes once; refuses a file with a line too long to be a row."""
    found, since, end = Bytes(newline=newline), 0, newline.encode()
    decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder("utf-8")("strict")
    last = b""
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            found.size += len(block)
            _count(found, block, last)
            first = block.find(end)
            if (since + len(block) if first < 0 else since + first) > MAX_LINE:
                raise Refused(
                    "not_a_table",
                    f"'{file_name}' has a line of more than {MAX_LINE >> 10:,} KB, which cannot be one row of a "
                    f"table. Export it as CSV with one row per line.",
                )
            since = since + len(block) if first < 0 else len(block) - block.rfind(end)
            decoder = _decode(found, decoder, block)
            last = block[-1:]
    if found.utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            found.utf8, found.broken = False, found.broken + len(error.object)
    return found


def _count(found: Bytes, block: bytes, last: bytes) -> None:
    found.nul = found.nul or b"\0" in block
    found.untidy = found.untidy or any(mark in block for mark in _UNTIDY)
    returns = block.count(b"\r")
    found.feeds += block.count(b"\n")
    if returns or last == b"\r":
        found.returns += returns
        found.pairs += block.count(b"\r\n") + (last == b"\r" and block.startswith(b"\n"))
    if len(found.foreign) < _SAMPLE and not block.isascii():
        for line in block.replace(b"\r", b"\n").split(b"\n"):
            if not line.isascii():
                found.foreign += line[:4000] + b"\n"
                if len(found.foreign) >= _SAMPLE:
                    break


def _decode(found: Bytes, decoder: codecs.IncrementalDecoder, block: bytes) -> codecs.IncrementalDecoder:
    """Try the block as UTF-8; after the first byte that is not, count."""
    if found.utf8:
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError:
            found.utf8 = False
            decoder = codecs.getincrementaldecoder("utf-8")("ignore")
            decoder.setstate((pending, 0))
        else:
            if len(text) != len(block):
                found.beyond += len(block) - len(text)
            return decoder
    before = len(decoder.getstate()[0])
    text = decoder.decode(block)
    whole = len(text.encode())
    found.broken += before + len(block) - whole - len(decoder.getstate()[0])
    found.beyond += whole - len(text)
    return decoder


def choose(found: Bytes, head: bytes) -> Encoding:
    """The encoding of what `scan` read."""
    utf8 = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if found.utf8:
        if any(mark in head for mark in (b"\x1b$B", b"\x1b$@", b"\x1b(J")):
            return Encoding("iso2022_jp", "replace")
        return Encoding(utf8)
    if found.beyond > found.broken:
        return Encoding(utf8, "opscopilot-cp1252", mixed=True)
    return legacy(bytes(found.foreign))


def legacy(sample: bytes) -> Encoding:
    """The likeliest of the encodings from before Unicode, for lines that hold more than ASCII."""
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    scored: list[tuple[float, int, str, str]] = []
    for rank, (name, script) in enumerate(alphabets.SINGLE.items()):
        text = whole.decode(name, "replace")
        # What is common comes first: a rarer encoding must explain the bytes clearly better.
        scored.append((alphabets.score_single(text, script) - 0.01 * rank, -rank, name, text))
    for name in alphabets.MULTI:
        score = alphabets.score_multi(whole, name)
        if score > 0:
            scored.append((score, -50, name, whole.decode(name, "replace")))
    scored.sort(reverse=True)
    best = scored[0]
    rivals = [one for one in scored[1:] if one[3] != best[3] and best[0] - one[0] < _MARGIN]
    return Encoding(best[2], "replace", other=rivals[0][2] if rivals else "", score=best[0])
