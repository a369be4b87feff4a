"""functions/copilot: the HTTP API. One app behind Mangum; every request is one transaction of the token's tenant."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import HTMLResponse
from mangum import Mangum

from opscopilot import __version__
from opscopilot.adapters.database import open_database
from opscopilot.entrypoints.auth import KeySet, TokenVerifier, fetch_jwks
from opscopilot.entrypoints.parts import context_routers, outside
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.settings import CopilotSettings
from opscopilot.web import Services, docs_page, health, known_parameters, openapi, problems, tenants, users
from opscopilot.web.middleware import Envelope

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
PREFIX = "/api/v1"


def create_app(services: Services, routers: list[APIRouter]) -> FastAPI:
    """The application: health checks and documentation are public, all else is under `/api/v1` behind a token."""
    app = FastAPI(
        title="OpsCopilot", version=__version__, dependencies=[Depends(known_parameters)], docs_url=None,
        redoc_url=None, openapi_url="/openapi.json",
    )  # fmt: skip
    app.state.services = services
    problems.install(app)
    openapi.describe(app)
    app.add_middleware(Envelope)
    app.include_router(health.router(__version__))
    for router in (*routers, tenants.router(), users.router(), health.router(__version__)):
        app.include_router(router, prefix="" if router.prefix.startswith(PREFIX) else PREFIX)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        headers = {"content-security-policy": docs_page.CONTENT_SECURITY_POLICY}
        return HTMLResponse(docs_page.page(app.openapi()), headers=headers)

    return app


@contextmanager
def _event_loop() -> Iterator[None]:
    """A loop for one call. Mangum relies on the thread's own, which worker threads of a gateway do not have."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def lambda_handler(app: FastAPI) -> Handler:
    """The handler API Gateway (HTTP API, payload 2.0) calls."""
    with _event_loop():
        adapter = Mangum(app, lifespan="off")

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        with _event_loop():
            answer: dict[str, Any] = adapter(event, context)
        return answer

    return handle


def copilot_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = CopilotSettings()
    logging.getLogger("opscopilot").setLevel(settings.log_level)
    logging.getLogger("mangum").setLevel(logging.WARNING)  # it logs each path; Envelope's line says it better
    keys = KeySet(fetch_jwks(settings.jwt_jwks_url))
    verify = TokenVerifier(keys, settings.jwt_issuer, settings.jwt_audience)
    db = open_database(settings)
    services = Services(db, verify, SystemClock())
    return lambda_handler(create_app(services, context_routers(outside(settings, db))))
