"""Decisions about the code that a reader of the code alone can check (ADR 1, 10, 11)."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "opscopilot" / "opscopilot"
OUTSIDE = {"boto3", "botocore", "fastapi", "starlette", "mangum", "openai", "mcp", "moto"}
EDGES = ("adapters", "entrypoints", "web")
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the product, by its path inside the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Top-level packages a module imports, also inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def is_edge(path: Path) -> bool:
    """Adapters, routes and the composition root, where the outside world may be named."""
    inside = set(path.parts[:-1])
    return (
        bool(inside & {*EDGES, "routes"})
        or path.stem in ("routes", "access")
        or path.stem.startswith("routes_")
        or path.stem.endswith("_routes")
    )


def calls(tree: ast.Module) -> Iterator[str]:
    """Dotted names that are called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_the_cloud_and_the_web_framework_stay_at_the_edge() -> None:
    wrong = {f"{path}: {sorted(found)}" for path, tree in modules() if (found := imported(tree) & OUTSIDE)
             and not is_edge(path)}  # fmt: skip
    assert wrong == set()


def test_the_model_is_imported_only_when_it_is_needed() -> None:
    """`import openai` costs more than everything else a cold start does."""
    for path, tree in modules():
        top = {name for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
               for name in imported(ast.Module([node], []))}  # fmt: skip
        assert "openai" not in top, path


def test_no_package_escapes_the_import_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (one["layers"] for one in settings["contracts"] if one["type"] == "layers")
    ruled = {name.strip() for line in layers for name in line.split("|")}
    packages = {f"opscopilot.{one.parent.name}" for one in PACKAGE.glob("*/__init__.py")}
    assert packages - ruled == {"opscopilot.adapters", "opscopilot.migrations"}, "adapters serve any layer's ports"


def test_only_the_kernel_reads_the_clock() -> None:
    wrong = {str(path) for path, tree in modules() if CLOCKS & set(calls(tree))}
    assert wrong <= {"kernel/clock.py"}


def test_settings_are_read_once_at_cold_start_and_nowhere_else() -> None:
    wrong = {
        str(path)
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    }
    # On one machine a setting may name the variable that holds the model's key; it is read when the adapter is built.
    assert wrong <= {"adapters/openai_chat.py"}


def test_nothing_is_asynchronous_but_the_edge() -> None:
    wrong = {str(path) for path, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}
    assert wrong <= {"web/middleware.py"}


def test_routes_and_services_never_commit() -> None:
    wrong = {str(path) for path, tree in modules() for name in calls(tree) if name.endswith((".commit", ".rollback"))}
    assert wrong == set()
