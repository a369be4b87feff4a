"""From the dropped object to a plain text file: gunzip within limits, refuse what is not text, find the encoding."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from opscopilot.staging.refusal import Refused

BLOCK = 1 << 20
MAX_LINE = BLOCK
_RATIO = 300
_RATIO_FROM = 64 << 20
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"), (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF document"), (b"PAR1", "a Parquet file"), (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"), (b"SQLite format 3", "a SQLite database"), (b"BZh", "a bzip2 archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"), (b"7z\xbc\xaf", "a 7z archive"), (b"Rar!", "a RAR archive"),
)  # fmt: skip
_MARKUP = re.compile(rb"<[!?A-Za-z]|[\[{]\s*[\[{\"\]}]")
_UNTIDY = (b"=", b"\t", b"\xa0")
"""Formulas, tabs, no-break spaces (in UTF-8 and cp1252)."""
_CONTROL = bytes(range(9)) + bytes(range(14, 26)) + b"\x1b\x1c\x1d\x1e\x7f"


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


def _cp1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("opscopilot-cp1252", _cp1252)


def sha256(path: Path) -> str:
    """The file's fingerprint."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unpack(source: Path, target: Path, file_name: str, max_bytes: int) -> Path:
    """`source` itself, or `target` holding what was gzipped in it, at most `max_bytes`."""
    with source.open("rb") as stream:
        head = stream.read(16)
    if not head:
        raise Refused("empty_file", f"'{file_name}' is empty (0 bytes). Export it again and check its size.")
    if not head.startswith(b"\x1f\x8b"):
        if file_name.lower().endswith(".gz"):
            raise Refused(
                "damaged_gzip", f"'{file_name}' is named .gz but is not gzip. Drop the plain CSV, or gzip it again."
            )
        return source
    try:
        _gunzip(source, target, file_name, max_bytes)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Refused(
            "damaged_gzip",
            f"'{file_name}' cannot be unpacked: the gzip data is cut off or damaged, as after a broken transfer. "
            f"Transfer it again.",
        ) from error
    return target


def _gunzip(source: Path, target: Path, file_name: str, max_bytes: int) -> None:
    packed, written = source.stat().st_size, 0
    with gzip.open(source, "rb") as stream, target.open("wb") as out:
        while block := stream.read(BLOCK):
            written += len(block)
            if written > max_bytes or (written > _RATIO_FROM and written > packed * _RATIO):
                raise Refused(
                    "too_large",
                    f"'{file_name}' unpacks to more than {written >> 20:,} MB from {packed:,} bytes. "
                    f"Split the export; the limit is {max_bytes >> 20:,} MB of text.",
                )
            out.write(block)
    if not written:
        raise Refused("empty_file", f"'{file_name}' is a gzip of nothing. Export it again and check its size.")


def probe(path: Path, file_name: str) -> TextFile:
    """How to read the text; raises Refused for anything that is not a table of text."""
    with path.open("rb") as stream:
        head = stream.read(64 << 10)
    _refuse_other_kinds(head, file_name)
    newline = "\n" if b"\n" in head else "\r" if b"\r" in head else "\n"
    wide = _utf16(head)
    if wide:
        _check(path, wide, file_name)
        return TextFile(path, wide, "replace", newline, path.stat().st_size, has_nul=False)
    has_nul, untidy = _scan(path, newline.encode(), file_name)
    encoding, errors, mixed = _encoding(path, head)
    return TextFile(path, encoding, errors, newline, path.stat().st_size, has_nul, untidy, mixed)


def _refuse_other_kinds(head: bytes, file_name: str) -> None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            raise Refused(
                "not_a_table", f"'{file_name}' is {kind}, not CSV. Save or export it as CSV and drop that file."
            )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text and len(head) < 64 << 10:
        raise Refused("empty_file", f"'{file_name}' holds nothing but blanks. Export it again and check it.")
    marked = _MARKUP.match(text)
    if marked:
        kind = "HTML or XML" if marked.group().startswith(b"<") else "JSON"
        raise Refused("not_a_table", f"'{file_name}' is {kind}, not CSV. Export it as CSV and drop that file.")
    if _utf16(head):
        return
    noise = len(head) - len(head.translate(None, _CONTROL))
    foreign = len(head) - len(codecs.getincrementaldecoder("utf-8")("ignore").decode(head).encode())
    if noise > len(head) // 100 + 1 or foreign > len(head) * 0.3:
        raise Refused(
            "not_a_table",
            f"'{file_name}' does not hold text (it looks like binary data). Export the table as CSV and drop that.",
        )


def _utf16(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd < len(head) // 4 or min(even, odd) > max(even, odd) // 20:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _check(path: Path, encoding: str, file_name: str) -> None:
    try:
        with path.open(encoding=encoding) as stream:
            stream.read(1 << 16)
    except UnicodeError as error:
        raise Refused(
            "not_a_table", f"'{file_name}' looks like UTF-16 text but is damaged. Export it again, as UTF-8."
        ) from error


def _scan(path: Path, newline: bytes, file_name: str) -> tuple[bool, bool]:
    """Whether there are NUL bytes, and whether cells may need more than trimming of blanks; refuses a file with
    a line too long to be a row."""
    has_nul, untidy, since = False, False, 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            has_nul = has_nul or b"\0" in block
            untidy = untidy or any(mark in block for mark in _UNTIDY)
            first = block.find(newline)
            if (since + len(block) if first < 0 else since + first) > MAX_LINE:
                raise Refused(
                    "not_a_table",
                    f"'{file_name}' has a line of more than {MAX_LINE >> 10:,} KB, which cannot be one row of a "
                    f"table. Export it as CSV with one row per line.",
                )
            since = since + len(block) if first < 0 else len(block) - block.rfind(newline)
    return has_nul, untidy


def _encoding(path: Path, head: bytes) -> tuple[str, str, bool]:
    """Encoding, error handler, and whether two encodings were met in one file."""
    utf8 = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        return utf8, "strict", False
    except UnicodeDecodeError:
        pass
    broken, beyond_ascii = _count_broken(path)
    if beyond_ascii > broken:
        return utf8, "opscopilot-cp1252", True
    return "cp1252", "replace", False


def _count_broken(path: Path) -> tuple[int, int]:
    """Bytes that are not UTF-8, and continuation bytes of characters that are."""
    broken = extra = 0
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            text = decoder.decode(block)
            whole = text.encode()
            broken += len(block) - len(whole)
            extra += len(whole) - len(text)
    return broken, extra
