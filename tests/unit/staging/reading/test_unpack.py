"""What a file is by its bytes: text and its encoding, packed text, and what is refused with a reason."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from opscopilot.staging.reading import open_tables
from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.reading.unpack import blocks, probe
from opscopilot.staging.refusal import Refused

LIMIT = 1 << 30
CSV = "Artikel;Größe\n1;groß\n"


def wrote(folder: Path, body: bytes) -> Path:
    """The body as a file."""
    path = folder / "object"
    path.write_bytes(body)
    return path


def refused(folder: Path, body: bytes, name: str = "stock.csv", limit: int = LIMIT) -> Refused:
    """Why the body is not taken."""
    with pytest.raises(Refused) as caught:
        open_tables(wrote(folder, body), name, folder, ReadLimits(limit))
    return caught.value


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (CSV.encode(), "utf-8"), (CSV.encode("utf-8-sig"), "utf-8-sig"), (CSV.encode("cp1252"), "cp1252"),
        (CSV.encode("utf-16"), "utf-16"), (CSV.encode("utf-16-le"), "utf-16-le"), (CSV.encode("utf-16-be"), "utf-16-be"),
        (CSV.replace("\n", "\r\n").encode(), "utf-8"), (CSV.replace("\n", "\r").encode(), "utf-8"),
    ],
)  # fmt: skip
def test_encodings_and_line_ends(tmp_path: Path, body: bytes, encoding: str) -> None:
    text = probe(wrote(tmp_path, body), "x.csv")
    assert text.encoding == encoding
    read = "\n".join(blocks(text, Layout(newline="\r\n" if text.paired else text.newline)))
    assert read.splitlines() == CSV.splitlines()


def test_single_foreign_bytes_in_utf8_are_read_and_told(tmp_path: Path) -> None:
    body = ("Größe;Straße;Ärger\n" * 5).encode() + "Müller\n".encode("cp1252")
    text = probe(wrote(tmp_path, body), "x.csv")
    assert text.mixed
    assert list(blocks(text, Layout()))[-1].endswith("\nMüller")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
@pytest.mark.parametrize("times", [1, 2])
def test_packed_text_is_unpacked_whatever_it_is_called(
    tmp_path: Path, pack: Callable[[bytes], bytes], times: int
) -> None:
    body = CSV.encode()
    for _ in range(times):
        body = pack(body)
    (table,) = open_tables(wrote(tmp_path, body), "x.csv", tmp_path, ReadLimits(LIMIT))
    assert (table.headers, table.sample) == (("Artikel", "Größe"), (("1", "groß"),))
    assert len(table.read_as["packed"]) == 1


def test_what_is_called_gz_and_is_not_packed_is_read_as_it_is(tmp_path: Path) -> None:
    (table,) = open_tables(wrote(tmp_path, CSV.encode()), "x.csv.gz", tmp_path, ReadLimits(LIMIT))
    assert table.headers == ("Artikel", "Größe")


@pytest.mark.parametrize(
    ("body", "name", "code", "says"),
    [
        (b"", "stock.csv", "empty_file", "0 bytes"),
        (b"", "stock.csv.gz", "empty_file", "0 bytes"),
        (gzip.compress(b"", mtime=0), "stock.csv.gz", "empty_file", "gzip of nothing"),
        (b" \n\r\n \n", "stock.csv", "empty_file", "blanks"),
        (gzip.compress(CSV.encode() * 500, mtime=0)[:-20], "stock.csv.gz", "damaged_gzip", "cut off"),
        (gzip.compress(CSV.encode() * 500, mtime=0)[:40], "stock.csv.gz", "damaged_gzip", "cut off"),
        (b"PK\x03\x04" + b"x" * 100, "stock.xlsx", "damaged_file", "whose end is missing"),
        (b"\xd0\xcf\x11\xe0" + bytes(2000), "stock.xls", "damaged_file", "old Excel workbook"),
        (b"%PDF-1.7", "stock.csv", "not_a_table", "PDF"),
        (b"<html><body>Please log in", "stock.csv", "not_a_table", "login"),
        (b"<?xml version='1.0'?><a/>", "stock.csv", "not_a_table", "XML"),
        (random.Random(1).randbytes(4000), "stock.csv", "not_a_table", "binary"),
        (random.Random(2).randbytes(4000).replace(b"\0", b""), "stock.csv", "not_a_table", "binary"),
        (b"a,b\n" + b"x" * (3 << 20), "stock.csv", "not_a_table", "line of more than"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_what_was_found_and_what_to_do(
    tmp_path: Path, body: bytes, name: str, code: str, says: str
) -> None:
    refusal = refused(tmp_path, body, name)
    assert refusal.code == code
    assert says in refusal.message
    assert name in refusal.message
    assert refusal.message.endswith(".")


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    bomb = gzip.compress(b"0" * (100 << 20), 9)
    assert refused(tmp_path, bomb, "bomb.csv.gz").code == "too_large"
    assert sum(one.stat().st_size for one in tmp_path.rglob("*")) <= 70 << 20


def test_the_limit_of_text_is_kept(tmp_path: Path) -> None:
    assert refused(tmp_path, gzip.compress(CSV.encode() * 200_000), "x.csv.gz", limit=1 << 20).code == "too_large"
