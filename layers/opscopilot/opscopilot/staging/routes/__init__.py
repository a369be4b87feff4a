"""HTTP: bring files and records in, follow the jobs, keep the connectors. One module per subject."""

from __future__ import annotations

from fastapi import APIRouter

from opscopilot.catalogue.declaration import Registry
from opscopilot.staging.connectors.running import PullArea
from opscopilot.staging.ports import Redriver
from opscopilot.staging.routes.connectors import connector_routes
from opscopilot.staging.routes.epcis import epcis_routes
from opscopilot.staging.routes.ingest import ingest_routes
from opscopilot.staging.routes.jobs import job_routes
from opscopilot.staging.routes.lineage import lineage_routes
from opscopilot.staging.routes.mapping import mapping_routes
from opscopilot.staging.routes.multipart import multipart_routes
from opscopilot.staging.routes.rejects import reject_routes
from opscopilot.staging.routes.replays import replay_routes
from opscopilot.staging.uploads import LandingArea
from opscopilot.web import PROBLEM_RESPONSES


def router(registry: Registry, area: LandingArea, redriver: Redriver, pulls: PullArea) -> APIRouter:
    """All routes of the staging context."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)
    ingest_routes(routes, registry, area)
    multipart_routes(routes, area)
    epcis_routes(routes, area)
    job_routes(routes, registry)
    lineage_routes(routes, registry)
    reject_routes(routes)
    replay_routes(routes, area)
    mapping_routes(routes, registry, redriver)
    connector_routes(routes, registry, pulls)
    return routes
