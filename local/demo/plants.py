"""The plants the demo can run on: our own sample plant, and AdventureWorks from a folder you have."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.demo.checks import adventureworks_checks, sample_checks
from local.demo.facts import Check

MAPPINGS = Path(__file__).resolve().parents[2] / "sample_data" / "mappings"
AW_QUESTIONS = (
    "Which items are at or below their reorder point?",
    "Show me open orders",
    "Which work orders are late?",
    "What is our scrap rate?",
    "What goes into one Road-150 Red, 62?",
    "Forecast BK-M68B-38 for the next quarter, weekly",
    "Stock of the Mountain-200?",
    "What is the weather in Lyon tomorrow?",
)


@dataclass
class DemoPlant:
    """Everything the demo needs to know of a plant."""

    tenant: dict[str, Any]
    files: dict[str, list[Path]]
    """Files by source system."""
    questions: list[str]
    forecast_sku: str
    check: Callable[[dict[str, Any]], list[Check]]
    mapping: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)


def sample(folder: Path) -> DemoPlant:
    """The sample plant, generated into `folder` when it is not there yet (or not whole)."""
    from sample_data import generate

    truth_file = folder / "truth.json"
    if not truth_file.exists():
        generate(folder)
    truth = json.loads(truth_file.read_text(encoding="utf-8"))
    questions = json.loads((MAPPINGS.parent / "questions.json").read_text(encoding="utf-8"))
    settings = truth["settings"]
    files: dict[str, list[Path]] = {}
    for name in truth["load_order"]:
        files.setdefault(Path(name).parts[0], []).append(folder / name)
    keys = ("name", "default_currency", "default_time_zone", "as_of", "day_start", "week_start")
    return DemoPlant(
        tenant={"code": "sample", **{key: settings[key] for key in keys}},
        files=files,
        questions=[one["question"] for one in questions],
        forecast_sku=truth["forecast"]["seasonal"]["sku"],
        check=lambda report: sample_checks(report, truth, questions),
    )


def adventureworks(data: Path) -> DemoPlant:
    """AdventureWorks from the folder with its csv.gz files."""
    mapping = json.loads((MAPPINGS / "adventureworks.json").read_text(encoding="utf-8"))
    paths = [path for one in mapping["files"] for path in sorted(data.glob(one["pattern"]))]
    if not paths:
        raise FileNotFoundError(
            f"{data} has none of the AdventureWorks files ({mapping['files'][0]['pattern']}, …). "
            "Give the folder with DATA=<folder>."
        )
    facts = data / "FACTS.json"
    expected = json.loads(facts.read_text(encoding="utf-8")) if facts.exists() else {}
    return DemoPlant(
        tenant={"code": "adventureworks", **mapping["plant"]},
        files={mapping["source_system"]: paths},
        questions=list(AW_QUESTIONS),
        forecast_sku="BK-M68B-38",
        check=lambda report: adventureworks_checks(report, expected),
        mapping={"files": mapping["files"]},
        notes=[] if expected else [f"{facts} is not there: figures are shown but not checked."],
    )
