"""HTTP: what several contexts know together — alerts, and whether the data make sense."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from opscopilot.insights import alerts as reads
from opscopilot.insights.alerts import Alert, AlertSeverity, StatusFilter
from opscopilot.insights.quality import QualityReport, inventory_check
from opscopilot.kernel.events import AlertType
from opscopilot.kernel.pagination import Page
from opscopilot.web import PROBLEM_RESPONSES, CurrentCaller, PageQuery


def router() -> APIRouter:
    """`/alerts` and `/quality`."""
    routes = APIRouter(responses=PROBLEM_RESPONSES)

    @routes.get("/alerts", tags=["alerts"], summary="Alerts, the gravest and dearest first")
    def alerts(
        caller: CurrentCaller, page: PageQuery,
        status: Annotated[StatusFilter | None, Query(description="active = open or acknowledged.")] = "active",
        severity: Annotated[AlertSeverity | None, Query()] = None,
        alert_type: Annotated[AlertType | None, Query()] = None,
        entity_code: Annotated[str | None, Query(max_length=200, description="Code of what it is about.")] = None,
    ) -> Page[Alert]:  # fmt: skip
        return reads.alerts(
            caller.tx, status=status, severity=severity, alert_type=alert_type, entity_code=entity_code,
            cursor=page.cursor, limit=page.limit,
        )  # fmt: skip

    @routes.get("/alerts/{alert_id}", tags=["alerts"], summary="One alert")
    def alert(alert_id: UUID, caller: CurrentCaller) -> Alert:
        return reads.alert(caller.tx, alert_id)

    @routes.get("/quality/inventory-check", tags=["quality"], summary="Does the data make sense?")
    def check(caller: CurrentCaller) -> QualityReport:
        """Rules over items, stock and waiting rows. A rule that fires on nearly all rows is asked as one question."""
        return inventory_check(caller.tx, caller.plant, caller.clock)

    return routes
