"""The committed data dictionary is what the declarations say today."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from opscopilot.manufacturing.entities import ENTITIES, registry

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(generator: ModuleType) -> None:
    """If not: .venv/bin/python docs/generate.py"""
    assert (DOCS / "data-dictionary.md").read_text(encoding="utf-8") == generator.page(registry())


def test_every_entity_and_field_has_a_line(generator: ModuleType) -> None:
    page = generator.page(registry())
    for entity in ENTITIES:
        assert f"\n## {entity.name}\n" in page
        for field in entity.fields:
            assert f"| `{field.name}`" in page
