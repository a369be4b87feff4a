"""Every delimited file of the corpus gives its table, or is refused for its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from opscopilot.staging.reading.api import ReadTable, read_tables
from opscopilot.staging.refusal import Refused
from tests.corpus import text_layouts, text_shapes
from tests.corpus.cases import Case

CASES = [*text_layouts.CASES, *text_shapes.CASES]


def test_names_are_different() -> None:
    assert len({one.name for one in CASES}) == len(CASES) >= 90


@pytest.mark.parametrize("one", [one for one in CASES if not one.refused], ids=lambda one: one.name)
def test_it_gives_its_table(tmp_path: Path, one: Case) -> None:
    (tmp_path / "export.csv").write_bytes(one.body)
    first, *further = read_tables(tmp_path / "export.csv", one.wanted)
    assert _table(first) == (one.headers, one.rows)
    assert [_table(table) for table in further] == list(one.more)
    assert tuple(odd.row for odd in first.odd) == one.odd
    assert one.notes <= {note.code for note in first.notes}
    assert len(first.footers) == one.footers
    assert one.encoding in ("", first.read_as["encoding"])


@pytest.mark.parametrize("one", [one for one in CASES if one.refused], ids=lambda one: one.name)
def test_it_is_refused(tmp_path: Path, one: Case) -> None:
    (tmp_path / "export.csv").write_bytes(one.body)
    with pytest.raises(Refused) as caught:
        read_tables(tmp_path / "export.csv", one.wanted)
    assert caught.value.code == one.refused


def _table(table: ReadTable) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    return tuple(table.headers), tuple(tuple(row) for row in table.rows)
