"""Walks a forecast run through its tasks, in the order of the state machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opscopilot.forecasting.service import ForecastService


class ListedItems:
    """An item store in memory: what was kept last, by name."""

    def __init__(self) -> None:
        self.kept: dict[str, list[dict[str, Any]]] = {}

    def keep(self, name: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Keep the items."""
        self.kept[name] = list(items)
        return {"bucket": "memory", "key": name}


def plan(service: ForecastService, asked: dict[str, Any], execution: str = "") -> dict[str, Any]:
    """Plan, prepare and deal: the planned run with its `batches`."""
    planned = service.run({"task": "plan", "input": asked, "execution": execution})
    if planned["skip"]:
        return {**planned, "batches": []}
    for version in planned["versions"]:
        service.run({"task": "prepare", **version})
    return {**planned, "batches": deal(service, planned, execution)}


def deal(service: ForecastService, planned: dict[str, Any], execution: str = "") -> list[dict[str, Any]]:
    """The batches that are left."""
    where = service.run({"task": "deal", "versions": planned["versions"], "execution": execution})
    assert isinstance(service.items, ListedItems)
    items = service.items.kept[where["key"]]
    assert where["count"] == len(items)
    return items


def publish(service: ForecastService, planned: dict[str, Any]) -> dict[str, Any]:
    """Reconcile and publish every version, and close the run."""
    done = []
    for version in planned["versions"]:
        service.run({"task": "reconcile", **version})
        done.append(service.run({"task": "publish", **version}))
    return {"published": done, "finished": service.run({"task": "finish", "versions": planned["versions"]})}


def walk(service: ForecastService, asked: dict[str, Any], execution: str = "") -> dict[str, Any]:
    """The whole run."""
    planned = plan(service, asked, execution)
    if planned["skip"]:
        return planned
    for batch in planned["batches"]:
        service.run({"task": "batch", **batch})
    return {**planned, **publish(service, planned)}
