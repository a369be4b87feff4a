"""Reading a file in one call, for people, notebooks and tests: everything in memory, nothing loaded."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from opscopilot.staging.reading import open_tables
from opscopilot.staging.reading.table import Note, Prepared, ReadLimits, Table


class OddRecord(NamedTuple):
    """A record of a wrong width or with a mark out of place: where it begins, its text, what is wrong."""

    row: int
    text: str
    message: str


@dataclass(frozen=True)
class ReadTable:
    """A table read whole. `rows` are the cells as the file has them, each row as wide as `headers`; `source_rows`
    are their rows in the file. `odd` records are not among them; `footers` and `preamble` stood around them."""

    headers: list[str]
    rows: list[list[str]]
    notes: list[Note]
    read_as: dict[str, Any]
    name: str = ""
    source_rows: list[int] = field(default_factory=list)
    odd: list[OddRecord] = field(default_factory=list)
    preamble: list[str] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)
    blank: int = 0
    repeated_headers: int = 0


def read_tables(
    path: str | Path, wanted: frozenset[str] = frozenset(), limits: ReadLimits | None = None
) -> list[ReadTable]:
    """Every table of a file, container or workbook. `wanted` are keys (synonyms.key) of expected headers.

    Raises Refused for what holds no table, OSError where the file cannot be read.
    """
    source = Path(path)
    with TemporaryDirectory(prefix="read-") as folder:
        inside = Path(folder)
        tables = open_tables(source, source.name, inside, limits or ReadLimits(), wanted)
        return [_whole(table, inside / f"table-{number}") for number, table in enumerate(tables)]


def read_table(path: str | Path, wanted: frozenset[str] = frozenset()) -> ReadTable:
    """The first table of a file; see read_tables."""
    return read_tables(path, wanted)[0]


def _whole(table: Table, folder: Path) -> ReadTable:
    folder.mkdir()
    prepared = table.prepare(folder)
    numbered = [row for part in prepared.parts for row in _records(part, prepared.delimiter)]
    return ReadTable(
        list(table.headers), [row[2:] for row in numbered], [*table.notes, *prepared.notes], table.read_as, table.name,
        [int(row[1]) for row in numbered], _odd(prepared), list(table.preamble), prepared.footers, prepared.blank,
        prepared.repeated_headers,
    )  # fmt: skip


def _records(part: Path, delimiter: str) -> list[list[str]]:
    with part.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter, strict=True))


def _odd(prepared: Prepared) -> list[OddRecord]:
    found = []
    with prepared.spool.open(encoding="utf-8", newline="") as stream:
        for _, _, raw, errors in csv.reader(stream):
            record = json.loads(raw)
            found.append(OddRecord(record["source_row"], str(record.get("line", "")), json.loads(errors)[0]["message"]))
    return found
