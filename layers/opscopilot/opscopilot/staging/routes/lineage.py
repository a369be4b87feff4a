"""HTTP: where a row came from, line by line, and what it was before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from opscopilot.catalogue.declaration import Registry
from opscopilot.staging import walking
from opscopilot.staging.lineage import Lineage
from opscopilot.web import CurrentCaller

EntityName = Annotated[str, Path(max_length=64, examples=["sales_order_line"])]
Key = Annotated[
    str,
    Path(max_length=400, description="The row's id, or its business key: the parts joined by '/', each URL-encoded.",
         examples=["SO-1001/1"]),
]  # fmt: skip


def lineage_routes(routes: APIRouter, registry: Registry) -> None:
    @routes.get(
        "/lineage/{entity}/{key:path}", tags=["lineage"], summary="From a row to its file line, and its history",
        description="Present values, the job, file and line they came from, every change with what was before, what "
        "the row refers to, and records of the same key that were not loaded.",
    )  # fmt: skip
    def lineage(entity: EntityName, key: Key, caller: CurrentCaller) -> Lineage:
        return walking.lineage(caller.tx, registry, entity, key)
