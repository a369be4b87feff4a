"""The layers hold what each function imports, in the versions everything else is tested with."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement

from local.template import Template
from tests.contract.template.state_machines import ROOT

ENTRYPOINTS = {"copilot": "http"}  # function -> module under entrypoints, where the names differ
IN_LAMBDA = {"boto3", "botocore"}
CHANNELS = "opscopilot.adapters.channels"
# Imported under another name than the package's.
PACKAGE = {
    "jwt": "pyjwt", "jinja2": "jinja2", "aws_lambda_powertools": "aws-lambda-powertools",
    "pydantic_settings": "pydantic-settings",
}  # fmt: skip


def requirements(path: Path) -> list[Requirement]:
    """The requirements a file names, comments and -r lines aside."""
    lines = (line.split(" #")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def closure(wanted: list[Requirement]) -> set[str]:
    """Normalised names of these packages and of everything they need on Lambda."""
    found: set[str] = set()
    pending = [(one.name, frozenset(one.extras)) for one in wanted]
    lambda_python = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux"}
    while pending:
        name, extras = pending.pop()
        found.add(name.lower().replace("_", "-"))
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            marker = needed.marker
            if marker and not any(marker.evaluate(lambda_python | {"extra": one}) for one in {"", *extras}):
                continue
            if needed.name.lower().replace("_", "-") not in found:
                pending.append((needed.name, frozenset(needed.extras)))
    return found


@cache
def imports() -> grimp.ImportGraph:
    """Who imports whom in our package, and which packages from outside.

    Without bootstrap: it imports each function's module only when that function starts.
    """
    graph = grimp.build_graph(
        "opscopilot", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )
    graph.remove_module("opscopilot.entrypoints.bootstrap")
    return graph


@cache
def constraints() -> dict[str, str]:
    """Package -> exact version."""
    found = requirements(ROOT / "constraints.txt")
    return {one.name: str(one.specifier) for one in found}


def test_one_version_of_everything_and_moto_exactly() -> None:
    assert all(version.startswith("==") for version in constraints().values())
    assert constraints()["moto"] == "==5.2.5"
    assert any(str(one) == "moto[all]==5.2.5" for one in requirements(ROOT / "requirements.txt"))
    major, minor, *_ = constraints()["aws-sam-cli"].removeprefix("==").split(".")
    assert (int(major), int(minor)) >= (1, 150)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", *sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "layers").glob("*/requirements.txt")
)])  # fmt: skip
def test_whatever_is_required_is_constrained(name: str) -> None:
    assert [one.name for one in requirements(ROOT / name) if one.name not in constraints()] == []


@pytest.mark.parametrize("layer", ["runtime", "analytics", "forecasting", "api", "messaging"])
def test_layers_ship_only_what_the_project_requires(layer: str) -> None:
    named = {one.name for one in requirements(ROOT / "requirements.txt")}
    assert {one.name for one in requirements(ROOT / "layers" / layer / "requirements.txt")} <= named


@pytest.mark.parametrize("function", ["ingest", "normalize", "forecast", "notify", "copilot", "migrate"])
def test_a_functions_layers_hold_everything_it_imports(template: Template, function: str) -> None:
    module = f"opscopilot.entrypoints.{ENTRYPOINTS.get(function, function)}"
    resource = template.source["Resources"][f"{function.capitalize()}Function"]["Properties"]
    files = [
        ROOT / template.source["Resources"][layer["Ref"]]["Properties"]["ContentUri"] / "requirements.txt"
        for layer in resource["Layers"]
    ]
    shipped = closure([one for file in files if file.exists() for one in requirements(file)]) | IN_LAMBDA
    graph = imports()
    reached = {module, *graph.find_upstream_modules(module)}
    if CHANNELS in reached:  # it finds its modules by looking
        for channel in graph.find_children(CHANNELS):
            reached |= {channel, *graph.find_upstream_modules(channel)}
    outside = {name for name in reached if graph.is_module_squashed(name) and name.split(".")[0] != "opscopilot"}
    needed = {PACKAGE.get(name, name).replace("_", "-") for name in outside - sys.stdlib_module_names}
    assert needed - shipped == set()


def test_a_functions_folder_holds_its_entry_point_only(template: Template) -> None:
    for name, folder in template.code.items():
        files = sorted(path.name for path in folder.iterdir() if path.name != "__pycache__")
        assert files == ["app.py"], name
        text = (folder / "app.py").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 40
        assert re.search(rf"^handler = {folder.name}_handler\(\)$", text, re.MULTILINE)


def test_the_package_says_the_python_the_constraints_are_made_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert "--python-version 3.11" in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1]
