"""Decision records: short, numbered, and ending with what enforces them, which must exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "adr"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
BY_NAME = pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
CODE = re.compile(r"`([^`]+)`")


def enforcers(record: Path) -> list[str]:
    """What the last line names in code type."""
    return CODE.findall(record.read_text(encoding="utf-8").rstrip().splitlines()[-1])


def names_of_tests(path: Path) -> set[str]:
    """Names of the tests in a file."""
    return {node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}  # fmt: skip


def test_records_are_numbered_without_gaps() -> None:
    assert [int(one.stem[:4]) for one in RECORDS] == list(range(1, len(RECORDS) + 1))


@BY_NAME
def test_a_record_is_short_and_has_its_parts(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 46
    assert text.startswith(f"# {int(record.stem[:4])}. ")
    for part in ("## Context", "## Decision", "## Consequences", "**Status:**"):
        assert part in text
    assert text.rstrip().splitlines()[-1].startswith("Enforced by: ")


@BY_NAME
def test_what_enforces_a_record_exists(record: Path) -> None:
    paths = [name for name in enforcers(record) if "/" in name or name.endswith((".toml", ".yaml"))]
    assert paths
    for name in paths:
        file, _, test = name.partition("::")
        assert (ROOT / file).exists(), name
        if test:
            assert test in names_of_tests(ROOT / file), name


@BY_NAME
def test_named_triggers_and_constraints_are_in_the_schema(record: Path) -> None:
    sql = "\n".join(one.read_text("utf-8") for one in (ROOT / "layers/opscopilot/opscopilot/migrations/sql").iterdir())
    for name in enforcers(record):
        if re.fullmatch(r"[a-z]+_[a-z_]+", name):
            assert re.search(rf"\b{name}\b", sql), name


def test_the_index_lists_every_record() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == [one.name for one in RECORDS]
