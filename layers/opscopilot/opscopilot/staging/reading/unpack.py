"""A plain text file: its fingerprint, its encoding, its text in pieces; what is not text is refused."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opscopilot.staging.reading import encoding
from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.refusal import Refused

BLOCK = 1 << 19
_CONTROL = b"\0" + bytes(range(3, 9)) + bytes(range(14, 26)) + b"\x7f"
"""Never in text; some other control characters separate cells and records, or switch sets of characters."""
_UNREADABLE = -0.7
"""Bytes that no encoding makes better text of than this are not text."""


@dataclass(frozen=True)
class TextFile:
    """A plain text file and how to read it. `mixed` = UTF-8 with single bytes of cp1252 in it; `untidy` = cells
    may be padded with more than blanks or hold formulas."""

    path: Path
    encoding: str
    errors: str
    newline: str
    size: int
    has_nul: bool
    untidy: bool = True
    mixed: bool = False
    other: str = ""
    """An encoding that is nearly as likely."""
    paired: bool = False
    """Whether every line ends in \\r\\n, and neither sign stands alone."""


def _cp1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("opscopilot-cp1252", _cp1252)


def sha256(path: Path) -> str:
    """The file's fingerprint."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def probe(path: Path, file_name: str) -> TextFile:
    """How to read the text; raises Refused for anything that is not a table of text."""
    with path.open("rb") as stream:
        head = stream.read(64 << 10)
    _refuse_binary(head, file_name)
    wide = encoding.wide(head)
    newline = "\r" if head.count(b"\r") - head.count(b"\r\n") > head.count(b"\n") else "\n"
    if wide:
        _check(path, wide, file_name)
        return TextFile(path, wide, "replace", newline, path.stat().st_size, has_nul=True)
    ends = b"\x1e" if head.count(b"\x1e") > head.count(newline.encode()) else newline.encode()
    found = encoding.scan(path, ends.decode(), file_name)
    chosen = encoding.choose(found, head)
    if chosen.score < _UNREADABLE:
        raise _binary(file_name)
    return TextFile(
        path, chosen.name, chosen.errors, newline, found.size, found.nul, found.untidy, chosen.mixed, chosen.other,
        found.pairs == found.feeds == found.returns > 0,
    )  # fmt: skip


def blocks(text: TextFile, layout: Layout) -> Iterator[str]:
    """The decoded text in pieces of about a megabyte, cut between lines, without the line break at the cut."""
    end = layout.newline if layout.newline != "\n" or text.paired else "\n"
    decoder = codecs.getincrementaldecoder(text.encoding)(text.errors)
    rest = ""
    with text.path.open("rb") as stream:
        while data := stream.read(BLOCK):
            piece = decoder.decode(data)
            if text.has_nul:
                piece = piece.replace("\0", "")
            rest += piece
            cut = rest.rfind(end)
            if cut >= 0:
                yield layout.into(rest[:cut])
                rest = rest[cut + len(end) :]
    rest += decoder.decode(b"", final=True)
    if rest:
        yield layout.into(rest)


def _refuse_binary(head: bytes, file_name: str) -> None:
    if not head.strip(b"\xef\xbb\xbf \t\r\n") and len(head) < 64 << 10:
        raise Refused("empty_file", f"'{file_name}' holds nothing but blanks. Export it again and check it.")
    if encoding.wide(head):
        return
    noise = len(head) - len(head.translate(None, _CONTROL))
    if noise > len(head) // 100 + 1:
        raise _binary(file_name)


def _binary(file_name: str) -> Refused:
    return Refused(
        "not_a_table",
        f"'{file_name}' does not hold text (it looks like binary data). Export the table as CSV and drop that.",
    )


def _check(path: Path, name: str, file_name: str) -> None:
    try:
        with path.open(encoding=name) as stream:
            stream.read(1 << 16)
    except UnicodeError as error:
        raise Refused(
            "not_a_table",
            f"'{file_name}' looks like {name.upper()[:6]} text but is damaged. Export it again, as UTF-8.",
        ) from error
