"""The generated pages are what the declarations and the cost estimate say today."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from opscopilot.manufacturing.entities import ENTITIES, registry

DOCS = Path(__file__).resolve().parents[3] / "docs"


def script(name: str) -> ModuleType:
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """docs/generate.py."""
    return script("generate")


def test_the_page_is_up_to_date(generator: ModuleType) -> None:
    """If not: .venv/bin/python docs/generate.py"""
    assert (DOCS / "data-dictionary.md").read_text(encoding="utf-8") == generator.page(registry())


def test_every_entity_and_field_has_a_line(generator: ModuleType) -> None:
    page = generator.page(registry())
    for entity in ENTITIES:
        assert f"\n## {entity.name}\n" in page
        for field in entity.fields:
            assert f"| `{field.name}`" in page


def test_the_cost_tables_are_what_the_script_works_out(generator: ModuleType) -> None:
    page = (DOCS / "deploy.md").read_text(encoding="utf-8")
    assert generator.with_costs(page, script("costs").tables()) == page


def test_a_million_rows_cost_less_than_an_idle_month() -> None:
    costs = script("costs")
    prices, assumed = costs.Prices(), costs.Assumed()
    rows = sum(line.usd for line in costs.million_rows(prices, assumed))
    idle = sum(line.usd for line in costs.idle(prices, assumed))
    assert 0 < rows < idle
    assert costs.alarms() >= 10
