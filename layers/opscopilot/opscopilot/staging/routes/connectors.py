"""HTTP: keep the connectors and pull from them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from opscopilot.catalogue.declaration import Registry
from opscopilot.staging.connectors import configs as connectors
from opscopilot.staging.connectors.configs import Connector
from opscopilot.staging.routes.common import ConnectorName, Keeper, Loader
from opscopilot.web import CurrentCaller
from opscopilot.web.params import Strict


class SyncRequest(Strict):
    """Which connector to pull from."""

    connector: str = Field(max_length=40, examples=["sap"])


class ConnectorEntry(Strict):
    """What to remember about a source."""

    connector_type: str = Field(default="file_drop", examples=["file_drop"])
    config: dict[str, Any] = Field(
        description="For file_drop: how files are read (`files` with pattern, entity, columns).",
        examples=[{"files": [{"pattern": "Product*.csv*", "entity": "sku",
                              "columns": {"sku_code": "ProductNumber", "description": "Name"}}]}],
    )  # fmt: skip
    is_active: bool = True


def connector_routes(routes: APIRouter, registry: Registry) -> None:
    @routes.post("/sync/run", status_code=202, tags=["ingest"], summary="Pull from a connector",
                 responses={409: {"description": "This connector's files are pushed."}})  # fmt: skip
    def run(body: SyncRequest, caller: Loader) -> None:
        """Connectors of type file_drop, the only type there is, are pushed: the answer says how."""
        connectors.refuse_pull(connectors.one(caller.tx, body.connector))

    @routes.get("/connectors", tags=["connectors"], summary="What is remembered about every source")
    def every(caller: CurrentCaller) -> list[Connector]:
        return connectors.every(caller.tx)

    @routes.get("/connectors/{name}", tags=["connectors"], summary="What is remembered about a source")
    def read(name: ConnectorName, caller: CurrentCaller) -> Connector:
        return connectors.one(caller.tx, name)

    @routes.put("/connectors/{name}", tags=["connectors"], summary="Remember how a source's files are read")
    def save(name: ConnectorName, body: ConnectorEntry, caller: Keeper) -> Connector:
        connectors.check(registry, body.connector_type, body.config)
        return connectors.save(
            caller.tx, name, body.connector_type, body.config, is_active=body.is_active, by=caller.principal.user_id
        )
