"""Is it alive, is it ready, does the database answer. Public: says nothing that helps anybody."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from opscopilot.kernel.errors import Unavailable
from opscopilot.web.caller import Services, services

_Services = Annotated[Services, Depends(services)]


class Health(BaseModel):
    """`ok` means: this process runs. The other checks say more."""

    status: Literal["ok"] = "ok"
    version: str = Field(examples=["0.1.0"])


class DatabaseHealth(BaseModel):
    """The database answered a query in `ms` milliseconds."""

    status: Literal["ok"] = "ok"
    database: Literal["ok"] = "ok"
    ms: float = Field(examples=[1.4])


def _ask_database(found: Services) -> DatabaseHealth:
    started = time.perf_counter()
    try:
        with found.db.system() as tx:
            tx.scalar("SELECT count(*) FROM platform.tenants")  # also proves that the schema is there
    except SQLAlchemyError as error:
        raise Unavailable("The database does not answer. Try again in a moment.", code="database_down") from error
    return DatabaseHealth(ms=round(1000 * (time.perf_counter() - started), 1))


def router(version: str) -> APIRouter:
    """`/health`, `/health/live`, `/health/ready`, `/health/db`; nobody needs a token."""
    routes = APIRouter(prefix="/health", tags=["health"])

    @routes.get("", summary="The process runs")
    @routes.get("/live", summary="The process runs (liveness)")
    def live() -> Health:
        return Health(version=version)

    @routes.get("/ready", summary="It can serve: the database answers and has its schema")
    @routes.get("/db", summary="The database answers")
    def ready(found: _Services) -> DatabaseHealth:
        return _ask_database(found)

    return routes
