"""The plant as shipped, made once, and a reader of its files that shares no code with the generator."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sample_data import Truth, generate

Row = dict[str, str]
Read = Callable[[str], dict[int, Row]]


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """The truth of the plant with its default seed, date and scale."""
    return generate(tmp_path_factory.mktemp("plant"))


def read_file(out: Path, facts: dict[str, Any]) -> dict[int, Row]:
    """Records by physical line: no title, header, empty or totals line."""
    data = (out / facts["file"]).read_bytes()
    text = (gzip.decompress(data) if facts["file"].endswith(".gz") else data).decode(facts["encoding"])
    lines = list(csv.reader(io.StringIO(text), delimiter=facts["delimiter"]))
    header = lines[facts["header_line"] - 1]
    assert header == facts["header"]
    return {number: dict(zip(header, cells, strict=True)) for number, cells in enumerate(lines, start=1)
            if number > facts["header_line"] and any(cells) and cells[0] != "Total"}  # fmt: skip


@pytest.fixture(scope="session")
def read(truth: Truth) -> Read:
    """A file's records by physical line."""
    by_name = {one["file"]: one for one in truth.facts["files"]}
    cache: dict[str, dict[int, Row]] = {}

    def reader(name: str) -> dict[int, Row]:
        if name not in cache:
            cache[name] = read_file(truth.out_dir, by_name[name])
        return cache[name]

    return reader


@pytest.fixture(scope="session")
def good(truth: Truth, read: Read) -> Callable[[str], list[Row]]:
    """A file's records without the planted ones."""

    def reader(name: str) -> list[Row]:
        bad = {one["line"] for one in truth.facts["planted"] if one["file"] == name}
        return [row for line, row in read(name).items() if line not in bad]

    return reader


@pytest.fixture(scope="session")
def number() -> Callable[[str], Decimal]:
    """A number as any of the three systems writes it."""

    def parse(text: str) -> Decimal:
        text = text.removeprefix("€ ")
        if "," in text:
            text = text.replace(".", "").replace(",", ".")
        return -Decimal(text[:-1]) if text.endswith("-") else Decimal(text or "0")

    return parse
