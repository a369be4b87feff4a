"""Unpacking and encodings: what is text, in which encoding, and what is refused with a reason."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from opscopilot.staging.reading.layout import Layout
from opscopilot.staging.reading.unpack import blocks, probe, unpack
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
        probe(unpack(wrote(folder, body), folder / "text", name, limit), name)
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


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    text = probe(unpack(wrote(tmp_path, gzip.compress(CSV.encode())), tmp_path / "text", "x.csv.gz", LIMIT), "x")
    assert "\n".join(blocks(text, Layout())) + "\n" == CSV


@pytest.mark.parametrize(
    ("body", "name", "code", "says"),
    [
        (b"", "stock.csv", "empty_file", "0 bytes"),
        (b"", "stock.csv.gz", "empty_file", "0 bytes"),
        (gzip.compress(b"", mtime=0), "stock.csv.gz", "empty_file", "gzip of nothing"),
        (b" \n\r\n \n", "stock.csv", "empty_file", "blanks"),
        (gzip.compress(CSV.encode() * 500, mtime=0)[:-20], "stock.csv.gz", "damaged_gzip", "cut off"),
        (gzip.compress(CSV.encode() * 500, mtime=0)[:40], "stock.csv.gz", "damaged_gzip", "cut off"),
        (CSV.encode(), "stock.csv.gz", "damaged_gzip", "not gzip"),
        (b"PK\x03\x04" + b"x" * 100, "stock.xlsx", "not_a_table", "Excel"),
        (b"%PDF-1.7", "stock.csv", "not_a_table", "PDF"),
        (b"<html><body>", "stock.csv", "not_a_table", "HTML"),
        (b'[{"a": 1}]', "stock.csv", "not_a_table", "JSON"),
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
    assert (tmp_path / "text").stat().st_size <= 70 << 20


def test_the_limit_of_text_is_kept(tmp_path: Path) -> None:
    assert refused(tmp_path, gzip.compress(CSV.encode() * 200_000), "x.csv.gz", limit=1 << 20).code == "too_large"
