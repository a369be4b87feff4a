"""`/notify/alerts` and `/notify/alert`: alerts listed, raised, taken on, put off and ended by people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from opscopilot.kernel.events import AlertType, Severity
from opscopilot.kernel.pagination import Page
from opscopilot.notifications.access import Actor, AlertId, Body, Raiser
from opscopilot.notifications.alerts import life, queries
from opscopilot.notifications.alerts.raising import AlertAccepted, ManualAlert, raise_by_hand
from opscopilot.notifications.alerts.schemas import (
    Acknowledgment,
    AlertDeliveries,
    AlertDetail,
    AlertListed,
    HistoryLine,
    StatusFilter,
)
from opscopilot.web import CurrentCaller, PageQuery

Relay = Callable[[UUID], object]
"""Publishes what lies in a tenant's outbox; called after the commit, so that nobody waits for the sweep."""
_CODE = Query(max_length=200)


class NoteBody(Body):
    """What to remember with it."""

    note: str | None = Field(None, max_length=2000, examples=["Called the supplier, truck arrives at 14:00"])


class SnoozeBody(NoteBody):
    """Until when nobody is to hear of the alert: seven days at most."""

    until: AwareDatetime


class ResolveBody(Body):
    """Why it is over."""

    reason: str = Field(min_length=3, max_length=2000, examples=["Truck is here, 1,250 kg received"])


def add(routes: APIRouter, relay: Relay) -> None:
    """Reading, raising, and what people do with alerts."""
    _reads(routes)
    _acts(routes)

    @routes.post("/alert", status_code=202, summary="Raise an alert by hand")
    def raise_alert(body: ManualAlert, caller: Raiser) -> AlertAccepted:
        raised = raise_by_hand(body, caller)
        caller.after_commit(lambda: relay(caller.principal.tenant_id))
        return AlertAccepted(alert_id=raised.alert_id, event_id=raised.event_id)


def _reads(routes: APIRouter) -> None:
    @routes.get("/alerts", summary="Alerts, the gravest first, then by money per hour")
    def read_alerts(
        caller: CurrentCaller, page: PageQuery,
        status: Annotated[StatusFilter | None, Query(description="active = open or acknowledged.")] = "active",
        severity: Annotated[Severity | None, Query()] = None,
        alert_type: Annotated[AlertType | None, Query()] = None,
        entity: Annotated[str | None, _CODE] = None,
        place: Annotated[str | None, _CODE] = None,
        correlation_key: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Page[AlertListed]:  # fmt: skip
        return queries.listed(
            caller.tx, caller.clock.now(), status=status, severity=severity, alert_type=alert_type, entity=entity,
            place=place, correlation_key=correlation_key, limit=page.limit, cursor=page.cursor,
        )  # fmt: skip

    @routes.get("/alerts/{alert_id}", summary="One alert with all that happened to it")
    def read_detail(alert_id: AlertId, caller: CurrentCaller) -> AlertDetail:
        return queries.detail(caller.tx, alert_id, caller.clock.now())

    @routes.get("/alerts/{alert_id}/history", summary="What happened to an alert, newest first")
    def read_history(alert_id: AlertId, caller: CurrentCaller, page: PageQuery) -> Page[HistoryLine]:
        return queries.history(caller.tx, queries.alert_of(caller.tx, alert_id), page.limit, page.cursor)

    @routes.get("/alert/{alert_id}", summary="Whom an alert reached and who took it on")
    def read_alert(alert_id: AlertId, caller: CurrentCaller) -> AlertDeliveries:
        return queries.deliveries(caller.tx, alert_id)


def _acts(routes: APIRouter) -> None:
    @routes.post("/alert/{alert_id}/acknowledge", summary="I take this alert on")
    def acknowledge(alert_id: AlertId, caller: Actor, body: NoteBody | None = None) -> Acknowledgment:
        note = body.note if body else None
        return life.acknowledge(caller.tx, alert_id, caller.principal.user_id, note, caller.clock.now())

    @routes.delete("/alert/{alert_id}/acknowledge", summary="Nobody has this alert any more")
    def unacknowledge(alert_id: AlertId, caller: Actor) -> AlertDetail:
        now = caller.clock.now()
        life.unacknowledge(caller.tx, alert_id, caller.principal.user_id, None, now)
        return queries.detail(caller.tx, alert_id, now)

    @routes.post("/alert/{alert_id}/snooze", summary="Remind me of this alert later")
    def snooze(alert_id: AlertId, body: SnoozeBody, caller: Actor) -> AlertDetail:
        now = caller.clock.now()
        life.snooze(caller.tx, alert_id, caller.principal.user_id, body.until, body.note, now)
        return queries.detail(caller.tx, alert_id, now)

    @routes.post("/alert/{alert_id}/resolve", summary="This alert is over")
    def resolve(alert_id: AlertId, body: ResolveBody, caller: Actor) -> AlertDetail:
        now = caller.clock.now()
        life.resolve(caller.tx, alert_id, caller.principal.user_id, body.reason, now)
        return queries.detail(caller.tx, alert_id, now)
