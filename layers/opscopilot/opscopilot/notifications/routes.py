"""`/notify`: preferences, notifications, channels, alerts raised or taken on by people, and a test mail."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from opscopilot.kernel.errors import Forbidden, NotFound, Unavailable, ValidationFailed
from opscopilot.kernel.events import AlertRaised, AlertType, Severity
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.pagination import Page
from opscopilot.kernel.tenancy import ROLES
from opscopilot.notifications import alerts, preferences, queries
from opscopilot.notifications.channels import Channel, ChannelName, DeliveryFailed, Message
from opscopilot.notifications.facts import one_line
from opscopilot.notifications.schemas import (
    Acknowledgment,
    AlertDeliveries,
    ChannelHealth,
    Notification,
    NotificationDetail,
    Preferences,
    PreferencesChange,
    Status,
    Url,
)
from opscopilot.web import PROBLEM_RESPONSES, Caller, CurrentCaller, PageQuery, require

Relay = Callable[[UUID], object]
"""Publishes what lies in a tenant's outbox; called after the commit, so that nobody waits for the sweep."""

_RAISERS = require("planner", "plant_manager", "fsq_manager", "buyer", "brand_manager", "category_manager")
_ACTORS = require(*(role for role in ROLES if role != "viewer"))
Raiser = Annotated[Caller, _RAISERS]
Actor = Annotated[Caller, _ACTORS]
AlertId = Annotated[UUID, Path(description="The alert's id, as in the message or in the list of alerts.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class MailRequest(_Body):
    """A mail to see whether mail works. Only people of your own tenant can be written to."""

    user_id: str | None = Field(None, max_length=200, description="Whom to write to; left out: yourself.")
    subject: str = Field("OpsCopilot can reach you", min_length=1, max_length=150)
    message: str = Field("This is a test. You will get alerts at this address.", min_length=1, max_length=2000)


class MailSent(BaseModel):
    """The mail service took it."""

    status: Literal["sent"] = "sent"
    to: str
    provider_id: str | None


class ManualAlert(_Body):
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


class AcknowledgeBody(_Body):
    """What to remember with the acknowledgment."""

    note: str | None = Field(None, max_length=2000, examples=["Called the supplier, truck arrives at 14:00"])


def router(mail: Channel, relay: Relay) -> APIRouter:
    """All routes under `/notify`. `mail` sends the test mail; `relay` publishes a manual alert after the commit."""
    routes = APIRouter(prefix="/notify", tags=["notify"], responses=PROBLEM_RESPONSES)
    _preference_routes(routes)
    _notification_routes(routes)
    _alert_routes(routes, relay)

    @routes.post("/email", summary="Send a test mail to myself or to somebody of my tenant")
    def test_mail(body: MailRequest, caller: CurrentCaller) -> MailSent:
        return _send_test(mail, body, caller)

    return routes


def _preference_routes(routes: APIRouter) -> None:
    @routes.get("/preferences", summary="How I want to be told")
    def read(caller: CurrentCaller) -> Preferences:
        return preferences.read(caller.tx, caller.principal.user_id, caller.plant)

    @routes.post("/preferences", summary="Change how I want to be told; what is left out stays")
    def write(body: PreferencesChange, caller: CurrentCaller) -> Preferences:
        return preferences.change(caller.tx, caller.principal, caller.plant, body)


def _notification_routes(routes: APIRouter) -> None:
    @routes.get("/channels", summary="Each channel and how it did in the last 24 hours")
    def channels(caller: CurrentCaller) -> list[ChannelHealth]:
        return queries.channel_health(caller.tx, caller.clock.now())

    @routes.get("/notifications", summary="Notifications, newest first")
    def read_all(
        caller: CurrentCaller, page: PageQuery,
        status: Annotated[Status | None, Query()] = None,
        channel: Annotated[ChannelName | None, Query()] = None,
        severity: Annotated[Severity | None, Query()] = None,
        user_id: Annotated[str | None, Query(max_length=200)] = None,
        alert_id: Annotated[UUID | None, Query()] = None,
    ) -> Page[Notification]:  # fmt: skip
        return queries.list_notifications(
            caller.tx, status=status, channel=channel, severity=severity, user_id=user_id, alert_id=alert_id,
            limit=page.limit, cursor=page.cursor,
        )  # fmt: skip

    @routes.get("/notifications/{notification_id}", summary="One notification")
    def read_one(notification_id: UUID, caller: CurrentCaller) -> NotificationDetail:
        return queries.notification(caller.tx, notification_id)

    @routes.post("/notifications/{notification_id}/retry", summary="Try a failed or dead notification again")
    def retry(notification_id: UUID, caller: Raiser) -> NotificationDetail:
        return queries.ask_again(caller.tx, notification_id, caller.principal.user_id, caller.clock)


def _alert_routes(routes: APIRouter, relay: Relay) -> None:
    @routes.post("/alert", status_code=202, summary="Raise an alert by hand")
    def raise_alert(body: ManualAlert, caller: Raiser) -> AlertAccepted:
        raised = _raise(body, caller)
        caller.after_commit(lambda: relay(caller.principal.tenant_id))
        return AlertAccepted(alert_id=raised.alert_id, event_id=raised.event_id)

    @routes.get("/alert/{alert_id}", summary="Whom an alert reached and who took it on")
    def read_alert(alert_id: AlertId, caller: CurrentCaller) -> AlertDeliveries:
        return alerts.deliveries(caller.tx, alert_id)

    @routes.post("/alert/{alert_id}/acknowledge", summary="I take this alert on")
    def acknowledge(alert_id: AlertId, caller: Actor, body: AcknowledgeBody | None = None) -> Acknowledgment:
        note = body.note if body else None
        return alerts.acknowledge(caller.tx, alert_id, caller.principal.user_id, note, caller.clock.now())


def _raise(body: ManualAlert, caller: Caller) -> AlertRaised:
    if (body.amount is None) != (body.currency is None):
        raise ValidationFailed(
            "An amount needs its currency and a currency its amount.", field="currency", value=body.currency,
            expected="both or neither",
        )  # fmt: skip
    alert_id = uuid7()
    given = body.model_dump(exclude={"dedupe_key"})
    return alerts.raise_manually(caller.tx, AlertRaised(
        **given, alert_id=alert_id, dedupe_key=body.dedupe_key or str(alert_id),
        tenant_id=caller.principal.tenant_id, occurred_at=caller.clock.now(), correlation_id=caller.correlation_id,
    ))  # fmt: skip


def _send_test(mail: Channel, body: MailRequest, caller: Caller) -> MailSent:
    """Only to people in the registry: an address in the body would make this an open relay."""
    who = caller.principal
    to = body.user_id or who.user_id
    if to != who.user_id and who.role != "admin":
        raise Forbidden("Only an admin may write to somebody else.", field="user_id", value=to, expected=who.user_id)
    address = caller.tx.scalar(
        """SELECT coalesce(p.email, u.email) FROM platform.users u
           LEFT JOIN notification.notification_preferences p ON p.tenant_id = u.tenant_id AND p.user_id = u.user_id
           WHERE u.user_id = :user_id AND u.status = 'active'""",
        user_id=to,
    ) or (who.email if to == who.user_id else None)  # fmt: skip
    if address is None:
        raise NotFound("No e-mail address of this user is known.", field="user_id", value=to)
    text = f"{body.message}\n\nSent by {who.user_id} at {caller.plant.name} through OpsCopilot."
    try:
        receipt = mail.send(Message(id=uuid7(), to=address, subject=one_line(body.subject), text=text))
    except DeliveryFailed as error:
        raise Unavailable(f"The mail was not taken: {error.detail}", code="mail_not_sent") from error
    return MailSent(to=address, provider_id=receipt.provider_id)
