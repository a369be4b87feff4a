"""Header lines of many systems and languages, and traps: what each file is taken for, or that it is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from opscopilot.catalogue import recognition
from opscopilot.manufacturing.entities import registry

CATALOGUE = registry()
LINES = (Path(__file__).parent / "header_sets.txt").read_text(encoding="utf-8").splitlines()
CASES = [tuple(part.strip() for part in line.split("|")) for line in LINES if line and not line.startswith("#")]


def test_there_are_many() -> None:
    assert len(CASES) >= 120


@pytest.mark.parametrize(("wanted", "name", "headers"), CASES)
def test_p82_a_header_line_is_what_it_is_or_is_asked_about(wanted: str, name: str, headers: str) -> None:
    found = recognition.recognise(headers.split(";"), CATALOGUE, name)
    best = found.best
    told = [(bid.entity, bid.score, bid.firm.missing) for bid in found.ranked[:3]]
    if wanted == "-":
        assert best is None, (best, told)
    elif wanted.startswith("?"):
        assert best is None or best.entity not in wanted[1:].split(","), told
    else:
        assert best is not None, told
        assert best.entity == wanted, told
