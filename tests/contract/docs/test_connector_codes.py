"""Every code a pull may fail with, and every kind of connector, is on the page about connectors, and nothing else."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from opscopilot.staging.connectors.base import ConnectorFactory, connector_types

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "opscopilot" / "opscopilot"
PAGE = ROOT / "docs" / "connectors.md"
MAKERS = {"ConnectorFailed", "AddressRefused", "_TryAgain"}
OF_THE_MACHINE = {"processing_failed"}  # statemachines/sync.asl.json gives a pull up


def codes() -> set[str]:
    """First arguments of everything that becomes the code of a failed pull."""
    found = set(OF_THE_MACHINE)
    for path in (*(PACKAGE / "staging" / "connectors").glob("*.py"), PACKAGE / "outbound" / "guard.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).rpartition(".")[2]
                position = 2 if name == "fail" and len(node.args) > 2 else 0
                one = node.args[position]
                wanted = name in MAKERS or (name in ("failed", "fail") and isinstance(one, ast.Constant))
                if wanted and isinstance(one, ast.Constant) and one.value:
                    found.add(str(one.value))
    return found


def documented(start: str, end: str) -> set[str]:
    """Names in the first column of the tables between two phrases."""
    text = PAGE.read_text(encoding="utf-8")
    part = text[text.index(start) : text.index(end) if end else len(text)]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", part, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_way_a_pull_fails_is_explained() -> None:
    assert documented("## When a pull fails", "") == codes() | {"throttled", "not_loaded"}


def test_every_kind_of_connector_is_listed() -> None:
    assert documented("## Kinds", "## Keep one") == set(connector_types())


def test_every_config_on_the_page_is_one() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        config = json.loads(block)
        ConnectorFactory.config("odata" if "service_url" in config else "rest", config)
