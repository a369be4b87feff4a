"""Lambda refuses a function that is larger than 250 MB with its layers. Measured on what `sam build` made.

Fast when .aws-sam/build is newer than what it is made of. Otherwise it is built first (half a minute, needs the
network or a filled uv cache), unless OPSCOPILOT_SKIP_BUILD=1 says not to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.template import Template, parse_yaml
from tests.contract.template.state_machines import ROOT

BUILD = ROOT / ".aws-sam" / "build"
LIMIT = 250 * 1024 * 1024
SOURCES = ("template.yaml", "constraints.txt", "layers", "functions", "statemachines")
pytestmark = pytest.mark.slow


def newest(paths: Iterator[Path]) -> float:
    """Time of the latest change among the files; 0 when there are none."""
    return max((path.stat().st_mtime for path in paths if path.is_file()), default=0.0)


def sources() -> Iterator[Path]:
    """Everything the build is made of."""
    for name in SOURCES:
        path = ROOT / name
        yield from [path] if path.is_file() else (p for p in path.rglob("*") if "__pycache__" not in p.parts)


def size(folder: Path) -> int:
    """Bytes of all files, as Lambda counts them unzipped."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def built() -> Path:
    """.aws-sam/build, made when it is missing or older than its sources."""
    made = BUILD / "template.yaml"
    if made.exists() and made.stat().st_mtime > newest(sources()):
        return BUILD
    if os.environ.get("OPSCOPILOT_SKIP_BUILD") == "1":
        pytest.skip("OPSCOPILOT_SKIP_BUILD=1 and .aws-sam/build is missing or old: sizes are NOT checked")
    folder = Path(sys.executable).parent
    sam = shutil.which("sam", path=f"{folder}{os.pathsep}{os.environ['PATH']}")
    if sam is None or shutil.which("make") is None:
        pytest.skip("`sam` or `make` is not installed: sizes are NOT checked")
    quiet = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sam, "build"], cwd=ROOT, env={**os.environ, **quiet, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return BUILD


def layers_of(template: Template, function: str) -> list[str]:
    """Logical ids of a function's layers."""
    return [one["Ref"] for one in template.source["Resources"][function]["Properties"]["Layers"]]


def test_every_function_with_its_layers_fits(template: Template, built: Path) -> None:
    sizes = {
        name: size(built / name)
        for name in {*template.code, *(x for f in template.code for x in layers_of(template, f))}
    }
    totals = {name: sizes[name] + sum(sizes[one] for one in layers_of(template, name)) for name in template.code}
    for name, total in sorted(totals.items()):
        sys.stdout.write(f"{name}: {total / 1024 / 1024:.0f} MB unzipped with its layers\n")
    assert {name: total for name, total in totals.items() if total >= LIMIT} == {}
    assert all(len(layers_of(template, name)) <= 5 for name in template.code)


def test_a_functions_artefact_is_its_entry_point_and_nothing_else(template: Template, built: Path) -> None:
    for name in template.code:
        assert [path.name for path in (built / name).iterdir()] == ["app.py"], name


def test_layers_hold_our_code_its_data_and_no_boto3(built: Path) -> None:
    ours = built / "OpsCopilotLayer"
    assert (ours / "python" / "opscopilot" / "entrypoints" / "bootstrap.py").is_file()
    assert list((ours / "python" / "opscopilot" / "migrations" / "sql").glob("*.sql"))
    assert (ours / "certs" / "rds-ca-bundle.pem").is_file()
    for layer in ("RuntimeLayer", "AnalyticsLayer", "ForecastingLayer", "ApiLayer", "MessagingLayer"):
        folder = built / layer / "python"
        assert not [name for name in ("boto3", "botocore", "bin") if (folder / name).exists()], layer
        foreign = [p.name for p in folder.rglob("*.so") if "x86_64" in p.name or "cpython-311" in p.name]
        assert foreign == []


def test_the_built_template_points_at_the_artefacts(built: Path) -> None:
    loaded = parse_yaml((built / "template.yaml").read_text(encoding="utf-8"))
    for name, resource in loaded["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            assert resource["Properties"]["CodeUri"] == name
