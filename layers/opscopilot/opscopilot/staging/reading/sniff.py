"""What a file really is, by its first bytes; its name is asked only where those could mean two things."""

from __future__ import annotations

import codecs
import json
import re
from enum import StrEnum

HEAD = 64 << 10


class Kind(StrEnum):
    """Formats that are read."""

    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZIP = "zip"
    TAR = "tar"
    XLSX = "xlsx"
    XLSB = "xlsb"
    ODS = "ods"
    FLAT_ODS = "fods"
    XLS = "xls"
    XML_SHEET = "xml spreadsheet 2003"
    HTML = "html"
    PARQUET = "parquet"
    JSON = "json"
    NDJSON = "ndjson"
    TEXT = "text"


PACKED = {
    Kind.GZIP: (b"\x1f\x8b",), Kind.BZIP2: tuple(b"BZh%d" % level for level in range(1, 10)), Kind.XZ: (b"\xfd7zXZ\x00",),
    Kind.ZSTD: (b"\x28\xb5\x2f\xfd", *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))),
}  # fmt: skip
_BINARY = {
    Kind.ZIP: (b"PK\x03\x04", b"PK\x05\x06"), Kind.XLS: (b"\xd0\xcf\x11\xe0", b"\x09\x08\x10\x00", b"\x09\x08\x08\x00",
    b"\x09\x04\x06\x00", b"\x09\x02\x06\x00"), Kind.PARQUET: (b"PAR1", b"PARE"),
}  # fmt: skip
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "Export the list itself as CSV or XLSX; a PDF is only its picture"),
    (b"\x89PNG", "a picture", "Export the list as CSV or XLSX"), (b"\xff\xd8\xff", "a picture", "Export the list as CSV or XLSX"),
    (b"GIF8", "a picture", "Export the list as CSV or XLSX"), (b"II*\x00", "a picture", "Export the list as CSV or XLSX"),
    (b"MM\x00*", "a picture", "Export the list as CSV or XLSX"),
    (b"SQLite format 3", "a SQLite database", "Export the table you want as CSV, or set up a database connector"),
    (b"\x00\x01\x00\x00Standard", "an Access database", "Export the table you want as XLSX or CSV"),
    (b"7z\xbc\xaf", "a 7z archive", "Pack it as zip or gz"), (b"Rar!", "a RAR archive", "Pack it as zip or gz"),
    (b"\x04\x22\x4d\x18", "an lz4 archive", "Pack it as zip, gz or zst"), (b"PK\x07\x08", "one piece of a split zip", "Pack it as one file"),
    (b"{\\rtf", "a formatted text (RTF)", "Export the list as CSV or XLSX"), (b"Obj\x01", "an Avro file", "Export it as Parquet or CSV"),
    (b"ORC", "an ORC file", "Export it as Parquet or CSV"), (b"ARROW1", "an Arrow file", "Export it as Parquet or CSV"),
    (b"\x89HDF", "an HDF5 file", "Export it as Parquet or CSV"), (b"MZ", "a program", "Nothing in it is run; export the list as CSV or XLSX"),
    (b"\x7fELF", "a program", "Nothing in it is run; export the list as CSV or XLSX"),
    (b"MIME-Version:", "a web page with its pictures (MHTML)", "Save it as XLSX or CSV"),
    (b"-----BEGIN ", "an encrypted or signed file", "Drop it decrypted"),
)  # fmt: skip
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HTML = re.compile(r"<(!doctype\s+html|html|head|body|table|meta|style|div|center|font|title)", re.IGNORECASE)
_TAG = re.compile(r"<[!?A-Za-z]")
_JSON = re.compile(r"\[\s*(?:[\[{\"\]]|-?[0-9]+[.\]\s,]|true|false|null)|\{\s*[\"}]")


def foreign(head: bytes) -> tuple[str, str] | None:
    """What a file is that holds no table we can read, and what to do instead."""
    # Two letters alone could begin a text: a program has zeros soon after.
    for magic, kind, advice in _FOREIGN:
        if head.startswith(magic) and (len(magic) > 3 or b"\0" in head[:64]):
            return kind, advice
    return None


def decoded(head: bytes) -> str:
    """The beginning of the file as text, good enough to look at."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(name, "ignore")
    if len(head) > 3 and head[1] == 0 and head[0]:
        return head.decode("utf-16-le", "ignore")
    if len(head) > 3 and head[0] == 0 and head[1]:
        return head.decode("utf-16-be", "ignore")
    return head.decode("utf-8", "replace")


def sniff(head: bytes, file_name: str) -> Kind:
    """The format. Zip is told apart by its members later."""
    for kind, magics in (*PACKED.items(), *_BINARY.items()):
        if head.startswith(magics):
            return kind
    if head[257:262] == b"ustar":
        return Kind.TAR
    text = decoded(head).lstrip("\ufeff \t\r\n")
    if _TAG.match(text):
        return _markup(text)
    if _JSON.match(text) and not _is_cells(text, file_name):
        return Kind.NDJSON if _is_lines(text, file_name) else Kind.JSON
    return Kind.TEXT


def _markup(text: str) -> Kind:
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and "<Workbook" in text[:4000]:
        return Kind.XML_SHEET
    if "office:document" in text[:2000] and "urn:oasis:names:tc:opendocument" in text:
        return Kind.FLAT_ODS
    # A page, or XML that is no sheet: the reader of pages says so.
    return Kind.HTML


def is_page(text: str) -> bool:
    """Whether markup is a web page rather than some XML."""
    return bool(_HTML.search(text[:4000]))


def _is_cells(text: str, file_name: str) -> bool:
    """Whether a text named as a delimited file only looks like JSON because its names stand in brackets."""
    named = file_name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))
    return named and text.startswith("[") and not re.match(r"\[\s*[\[{\"]", text)


def _is_lines(text: str, file_name: str) -> bool:
    """Whether every line is a JSON value of its own, some maybe damaged."""
    lines = [line.strip() for line in text.split("\n")[:50] if line.strip()]
    whole = sum(1 for line in lines if line.startswith("{") and _whole(line))
    if len(lines) < 2:
        return any(ending in file_name.lower() for ending in (".jsonl", ".ndjson"))
    return whole >= 1 and whole >= (len(lines) - 1) / 2 and lines[0] != "["


def _whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
