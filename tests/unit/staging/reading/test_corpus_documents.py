"""Every JSON file of the corpus gives its tables, or is refused for its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from opscopilot.staging.reading.api import ReadTable, read_tables
from opscopilot.staging.refusal import Refused
from tests.corpus.cases import Case
from tests.corpus.documents import CASES


def dropped(folder: Path, one: Case) -> Path:
    """The case as a file under the name it would have."""
    path = folder / ("export.ndjson" if one.name.startswith("lines: ") else "export.json")
    path.write_bytes(one.body)
    return path


def test_names_are_different() -> None:
    assert len({one.name for one in CASES}) == len(CASES) >= 85


@pytest.mark.parametrize("one", [one for one in CASES if not one.refused], ids=lambda one: one.name)
def test_it_gives_its_table(tmp_path: Path, one: Case) -> None:
    first, *further = read_tables(dropped(tmp_path, one), one.wanted)
    assert _table(first) == (one.headers, one.rows)
    assert [_table(table) for table in further] == list(one.more)
    assert tuple(odd.row for odd in first.odd) == one.odd
    assert one.notes <= {note.code for note in first.notes}


@pytest.mark.parametrize("one", [one for one in CASES if one.refused], ids=lambda one: one.name)
def test_it_is_refused(tmp_path: Path, one: Case) -> None:
    path = dropped(tmp_path, one)
    with pytest.raises(Refused) as caught:
        read_tables(path, one.wanted)
    assert caught.value.code == one.refused, caught.value.message
    assert path.name in caught.value.message
    assert len(caught.value.message) < 500


def _table(table: ReadTable) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    return tuple(table.headers), tuple(tuple(row) for row in table.rows)
