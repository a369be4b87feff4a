"""The worked values of the formula sheet: from the design folder where it lies beside the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[5] / "shared" / "design" / "formula_vectors.json"


def vectors() -> dict[str, Any]:
    """All worked values, or a loud skip when the sheet is not there (the key values are inlined anyway)."""
    if not VECTORS.exists():
        pytest.skip(f"formula vectors not found at {VECTORS}; the inlined values still test the rules")
    loaded: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return loaded
