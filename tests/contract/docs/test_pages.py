"""Links lead somewhere, samples are the sample events, commands exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from opscopilot.manufacturing.entities import registry
from opscopilot.staging.mapping import ColumnSource, FileMapping, SourceMapping

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
LINK = re.compile(r"\]\(([^)\s]+)\)")
SAMPLE = re.compile(r"<!-- (events/[\w/]+\.json) -->\n```json\n(.*?)```", re.DOTALL)
JSON_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
REPO_PATH = re.compile(
    r"`((?:layers|functions|local|tests|docs|sample_data|statemachines|events|benchmarks)/[\w./-]+)(?:::\w+)?`"
)
MAKE = re.compile(r"\bmake ([a-z]+)\b")
OPS = re.compile(r"(?:`|^|\$ )ops ([a-z-]+)(?: ([a-z-]+))?", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """GitHub's anchors of a page's headings."""
    made = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower())
        made.add(plain.replace(" ", "-"))
    return made


@EACH
def test_links_lead_to_a_page_and_a_heading(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@EACH
def test_paths_of_the_repository_exist(page: Path) -> None:
    for path in REPO_PATH.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path


@EACH
def test_json_is_json_and_samples_are_the_sample_events(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in JSON_BLOCK.findall(text):
        json.loads(block)
    for path, block in SAMPLE.findall(text):
        assert json.loads(block) == json.loads((ROOT / path).read_text(encoding="utf-8")), path


@EACH
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join(re.findall(r"`[^`]+`|```.*?```", page.read_text(encoding="utf-8"), re.DOTALL))
    assert set(MAKE.findall(code)) <= targets


@EACH
def test_ops_commands_exist(page: Path, ops_commands: dict[str, set[str]]) -> None:
    for command, sub in OPS.findall(page.read_text(encoding="utf-8")):
        assert command in ops_commands, f"ops {command}"
        if ops_commands[command] and sub:
            assert sub in ops_commands[command], f"ops {command} {sub}"


@pytest.fixture(scope="module")
def ops_commands() -> dict[str, set[str]]:
    """Commands of the command line and their subcommands."""
    script = (
        "import json, typer\n"
        "from local.cli.app import app\n"
        "found = typer.main.get_command(app)\n"
        "print(json.dumps({name: sorted(getattr(one, 'commands', {})) for name, one in found.commands.items()}))"
    )
    paths = f"{ROOT}:{ROOT / 'layers' / 'opscopilot'}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, env={"PYTHONPATH": paths}
    )
    return {name: set(subs) for name, subs in json.loads(done.stdout).items()}


def test_every_function_has_a_page() -> None:
    functions = {one.parent.name for one in (ROOT / "functions").glob("*/app.py")}
    assert functions == {one.stem for one in (ROOT / "docs" / "functions").glob("*.md")} - {"README"}


def test_pages_name_nothing_of_the_machine_they_were_written_on() -> None:
    for page in PAGES:
        assert not re.search(r"/home/|/root/", page.read_text(encoding="utf-8")), page


def test_the_sample_mapping_is_one_the_api_takes() -> None:
    text = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
    (block,) = JSON_BLOCK.findall(text)
    mapping = SourceMapping.model_validate(json.loads(block))
    mapping.check_against(registry())
    assert [one.entity for one in mapping.files] == ["inventory_snapshot", "sales_order_line"]


@pytest.mark.parametrize("model", [SourceMapping, FileMapping, ColumnSource], ids=lambda model: model.__name__)
def test_every_key_of_a_mapping_is_explained(model: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
    for name in model.model_fields:
        assert f"`{name}`" in text, name
