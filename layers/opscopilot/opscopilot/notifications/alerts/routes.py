"""`/notify/alert`: alerts raised or taken on by people."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.events import AlertRaised, AlertType, Severity
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.access import Actor, AlertId, Body, Raiser
from opscopilot.notifications.alerts import life
from opscopilot.notifications.alerts.schemas import Acknowledgment, AlertDeliveries
from opscopilot.notifications.people.schemas import Url
from opscopilot.web import Caller, CurrentCaller

Relay = Callable[[UUID], object]
"""Publishes what lies in a tenant's outbox; called after the commit, so that nobody waits for the sweep."""


class ManualAlert(Body):
    """An alert that a person raises."""

    severity: Severity
    title: str = Field(min_length=3, max_length=200, examples=["Oven 2 will stop on Friday for repair"])
    message: str = Field(min_length=1, max_length=8000)
    alert_type: AlertType = "threshold_breach"
    entity_type: str = Field("plant", min_length=1, max_length=60, examples=["sku", "line"])
    entity_code: str | None = Field(None, max_length=100)
    dedupe_key: str | None = Field(None, max_length=200, description="Names the condition; open ones alert once.")
    amount: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=4)
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", examples=["EUR"])
    deadline: AwareDatetime | None = None
    link: Url | None = None


class AlertAccepted(BaseModel):
    """The alert is recorded and on its way; `GET /notify/alert/{id}` tells whom it reached."""

    status: Literal["accepted"] = "accepted"
    alert_id: UUID
    event_id: UUID


class AcknowledgeBody(Body):
    """What to remember with the acknowledgment."""

    note: str | None = Field(None, max_length=2000, examples=["Called the supplier, truck arrives at 14:00"])


def add(routes: APIRouter, relay: Relay) -> None:
    @routes.post("/alert", status_code=202, summary="Raise an alert by hand")
    def raise_alert(body: ManualAlert, caller: Raiser) -> AlertAccepted:
        raised = _raise(body, caller)
        caller.after_commit(lambda: relay(caller.principal.tenant_id))
        return AlertAccepted(alert_id=raised.alert_id, event_id=raised.event_id)

    @routes.get("/alert/{alert_id}", summary="Whom an alert reached and who took it on")
    def read_alert(alert_id: AlertId, caller: CurrentCaller) -> AlertDeliveries:
        return life.deliveries(caller.tx, alert_id)

    @routes.post("/alert/{alert_id}/acknowledge", summary="I take this alert on")
    def acknowledge(alert_id: AlertId, caller: Actor, body: AcknowledgeBody | None = None) -> Acknowledgment:
        note = body.note if body else None
        return life.acknowledge(caller.tx, alert_id, caller.principal.user_id, note, caller.clock.now())


def _raise(body: ManualAlert, caller: Caller) -> AlertRaised:
    if (body.amount is None) != (body.currency is None):
        raise ValidationFailed(
            "An amount needs its currency and a currency its amount.", field="currency", value=body.currency,
            expected="both or neither",
        )  # fmt: skip
    alert_id = uuid7()
    given = body.model_dump(exclude={"dedupe_key"})
    return life.raise_manually(caller.tx, AlertRaised(
        **given, alert_id=alert_id, dedupe_key=body.dedupe_key or str(alert_id),
        tenant_id=caller.principal.tenant_id, occurred_at=caller.clock.now(), correlation_id=caller.correlation_id,
    ))  # fmt: skip
