"""Every code a failed file or a rejected record may carry is explained, and nothing else is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

from opscopilot.catalogue.validation import Code

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "opscopilot" / "opscopilot"
ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)
# Given by the service itself and not by an exception.
OF_THE_SERVICE = {"ambiguous_date", "ambiguous_number", "all_records_rejected", "processing_failed"}


def section(page: str, start: str, end: str) -> set[str]:
    """Codes in the first column of the tables between two phrases of a page."""
    text = (ROOT / "docs" / "functions" / f"{page}.md").read_text(encoding="utf-8")
    part = text[text.index(start) : text.index(end)]
    return {code for row in ROW.findall(part) for code in re.findall(r"`(\w+)`", row)}


def refusals() -> set[str]:
    """First arguments of every Refused(...) and NeedsMapping(...)."""
    found = set()
    for path in (PACKAGE / "staging").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Refused", "NeedsMapping"):
                first = node.args[0]
                assert isinstance(first, ast.Constant), f"{path}: a code is not a constant"
                found.add(str(first.value))
    return found


def test_every_reason_to_refuse_a_file_is_explained() -> None:
    assert section("ingest", "## When something", "Reasons of single records") == refusals() | OF_THE_SERVICE


def test_every_reason_to_reject_a_record_in_ingest_is_explained() -> None:
    assert section("ingest", "Reasons of single records", "A crash or time-out") == set(get_args(Code))


def test_every_reason_to_keep_a_record_in_normalize_is_explained() -> None:
    files = ("catalogue/upsert.py", "catalogue/rules.py", "staging/loading/kept.py")
    source = "".join((PACKAGE / name).read_text("utf-8") for name in files)
    documented = section("normalize", "| reason on a record", "| failure |")
    assert documented == {
        "reference_not_found", "uom_conversion_missing", "conflicting_duplicate", "bad_transition", "validity_overlap",
        "cycle",
    }  # fmt: skip
    assert all(code in source for code in documented)
