"""The steps of the demo. Each talks to the product as a user would; together they make the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local.cli import running, show
from local.client import ApiError, OpsClient
from local.demo.alerting import alerting
from local.demo.plants import DemoPlant

ClientFor = Callable[..., OpsClient]
PEOPLE = (
    {"user_id": "mette", "name": "Mette (planner)", "role": "planner"},
    {"user_id": "jonas", "name": "Jonas (plant manager)", "role": "plant_manager"},
)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    seconds[step] = round(time.monotonic() - begun, 1)


def run(plant: DemoPlant, client: ClientFor) -> dict[str, Any]:
    """Everything, in order; the report holds what a user saw of each step, and how long each took (seconds)."""
    code = plant.tenant["code"]
    with client(code, "admin", platform_admin=True) as admin:
        tenant = admin.post("/tenants", plant.tenant)
        for person in PEOPLE:
            admin.post("/users", {**person, "email": f"{person['user_id']}@{code}.example.com"})
        if plant.mapping is not None:
            for system in plant.files:
                admin.put(f"/connectors/{system}", {"connector_type": "file_drop", "config": plant.mapping})
    took: dict[str, float] = {}
    report: dict[str, Any] = {"tenant": tenant, "steps": took}
    with client(code, "planner") as api:
        with _timed(took, "files"):
            report["receipts"] = drop(api, plant)
        _something_loaded(report["receipts"])
        with _timed(took, "forecast"):
            report["forecast_run"] = running.run_forecast(api)
        with _timed(took, "figures"):
            report |= look(api, plant)
        with _timed(took, "questions"):
            report["answers"] = [ask(api, question) for question in plant.questions]
        with _timed(took, "notifications"):
            report |= alerting(api)
    return report


def drop(api: OpsClient, plant: DemoPlant) -> list[dict[str, Any]]:
    """Upload every file, follow the jobs; the receipts in the order of the files."""
    uploads: list[dict[str, Any]] = []
    with show.progress() as bar:
        task = bar.add_task("Dropping files into the landing bucket", total=sum(map(len, plant.files.values())))
        for system, paths in plant.files.items():
            uploads += api.upload(paths, system)
            bar.advance(task, len(paths))
    return show.follow(api, [one["job_id"] for one in uploads])


def _something_loaded(receipts: list[dict[str, Any]]) -> None:
    """Without any file there is nothing to look at; the first reason is the one that helps."""
    if all(job["status"] == "failed" for job in receipts):
        raise ApiError(0, {"detail": f"No file was loaded. {receipts[0]['file_name']}: {receipts[0]['error_summary']}"})


def look(api: OpsClient, plant: DemoPlant) -> dict[str, Any]:
    """What the planner looks at: stock health, orders, production, risks, alerts, one forecast."""
    found: dict[str, Any] = {
        "inventory": api.get("/inventory/health"),
        "below_reorder": api.get("/inventory/current", below_reorder="true", limit=200),
        "open_orders": api.get("/orders/open", limit=1),
        "production": api.get("/production/status", limit=50),
        "quality": api.get("/quality/inventory-check"),
        "suppliers": api.get("/suppliers", limit=1)["total"],
        "skus": api.get("/entities/sku", limit=1)["total"],
        "bom_components": api.get("/boms/components", limit=1)["total"],
        "risks": api.get("/forecast/risks", limit=5),
        "alerts": api.get("/alerts", status="open", limit=100),
        "forecast": api.post("/forecast/demand", {"sku": plant.forecast_sku}),
    }
    return found


def ask(api: OpsClient, question: str) -> dict[str, Any]:
    """One question with its answer."""
    answer: dict[str, Any] = api.post("/copilot/query", {"question": question})
    return {"question": question, **answer}
