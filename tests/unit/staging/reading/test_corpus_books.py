"""The corpus of workbooks, pages, JSON, Parquet and archives: each file gives its tables or its refusal."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from opscopilot.staging.reading import open_tables
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused
from tests.corpus import books, sheets
from tests.corpus.books import Case

CASES = [*books.CASES, *sheets.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path) -> None:
    source, inside = tmp_path / "object", tmp_path / "inside"
    source.write_bytes(case.body)
    inside.mkdir()
    if case.refused:
        with pytest.raises(Refused) as refusal:
            open_tables(source, case.name, inside, ReadLimits(1 << 30))
        assert refusal.value.code == case.refused
        assert case.name.split(".")[0] in refusal.value.message or "nested" in case.name
        return
    told, bad, found = set(), 0, []
    tables = open_tables(source, case.name, inside, ReadLimits(1 << 30))
    for index, table in enumerate(tables):
        folder = tmp_path / f"out-{index}"
        folder.mkdir()
        prepared = table.prepare(folder)
        told |= {note.code for note in (*table.notes, *prepared.notes)}
        bad += prepared.rejected
        rows: list[tuple[str, ...]] = [table.headers]
        for part in prepared.parts:
            with part.open(encoding="utf-8", newline="") as stream:
                rows += [tuple(row[2:]) for row in csv.reader(stream, delimiter=prepared.delimiter)]
        assert table.sample[: len(rows) - 1] == tuple(rows[1:])  # maybe a total after them
        found.append(tuple(rows))
    assert tuple(found) == case.tables
    assert (bad, case.notes - told) == (case.bad, set())
    assert not case.names or tuple(table.name for table in tables) == case.names
