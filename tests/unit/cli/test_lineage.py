"""What `ops lineage` prints."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from local.cli import lineage

EVIL = "[/] [bold red]x.csv[/bold red]"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(lineage, "console", Console(file=text, width=300, highlight=False))
    return text


def source(name: str | None = EVIL, row: int | None = 3) -> dict[str, Any]:
    return {"job_id": "j1", "file_name": name, "source_row": row}


def test_source_references_history_and_rejects_are_shown_as_they_are(printed: io.StringIO) -> None:
    lineage.show({
        "title": "SKUs", "key": EVIL, "id": "1", "version": 2, "values": {"description": EVIL, "gtin": None},
        "source": source(), "references": [{"field": "sku_code", "entity": "sku", "key": "7", "source": source(None)}],
        "history": [{"at": "2026-09-30T12:00:00Z", "reason": None, "kind": "updated", "after": source("b.csv", None),
                     "changes": [{"field": "unit_cost", "was": "1", "became": None}]}],
        "attempts": [{"created_at": "2026-09-30T12:00:00Z", "file_name": EVIL, "source_row": 9, "status": "pending",
                      "errors": [{"message": "4711 is not among the skus"}]}],
    })  # fmt: skip
    text = printed.getvalue()
    assert text.count(EVIL) == 3
    assert "Version 2, from [/] [bold red]x.csv" in text, "nothing is taken for markup"
    assert "gtin" not in text
    assert "job j1, row 3" in text
    history = next(line for line in text.splitlines() if "unit_cost" in line)
    assert history.split() == ["2026-09-30T12:00:00", "updated", "unit_cost", "1", "b.csv"]
    assert "4711 is not among the skus" in text


def test_a_key_that_never_got_in_has_only_attempts(printed: io.StringIO) -> None:
    lineage.show({"title": "SKUs", "key": "7", "id": None, "values": {}, "source": None, "references": [],
                  "history": [], "attempts": []})  # fmt: skip
    assert "No file ever got it in." in printed.getvalue()
