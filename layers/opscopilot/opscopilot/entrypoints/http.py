"""functions/copilot: the HTTP API. Puts the contexts' routers into one app and the app behind Mangum."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from mangum import Mangum

from opscopilot import __version__
from opscopilot.adapters.database import open_database
from opscopilot.catalogue import routes as catalogue_routes
from opscopilot.entrypoints.auth import KeySet, TokenVerifier, fetch_jwks
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.settings import CopilotSettings
from opscopilot.manufacturing import entities
from opscopilot.manufacturing import routes as manufacturing_routes
from opscopilot.web import Services, health, known_parameters, problems, tenants, users
from opscopilot.web.middleware import Envelope

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
PREFIX = "/api/v1"


def context_routers() -> list[APIRouter]:
    """The contexts' routers, each relative to `/api/v1`."""
    registry = entities.registry()
    return [catalogue_routes.router(registry), manufacturing_routes.router(registry)]


def create_app(services: Services, routers: list[APIRouter]) -> FastAPI:
    """The application: public health checks, everything else behind a token and under `/api/v1`."""
    app = FastAPI(title="OpsCopilot", version=__version__, dependencies=[Depends(known_parameters)])
    app.state.services = services
    problems.install(app)
    app.add_middleware(Envelope)
    app.include_router(health.router(__version__))
    for router in (health.router(__version__), tenants.router(), users.router(), *routers):
        app.include_router(router, prefix=PREFIX)
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
    keys = KeySet(fetch_jwks(settings.jwt_jwks_url))
    verify = TokenVerifier(keys, settings.jwt_issuer, settings.jwt_audience)
    services = Services(open_database(settings), verify, SystemClock())
    return lambda_handler(create_app(services, context_routers()))
