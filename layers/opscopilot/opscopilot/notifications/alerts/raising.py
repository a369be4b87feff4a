"""`POST /notify/alert`: what a person may raise."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.events import AlertRaised, AlertType, Severity
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.access import Body
from opscopilot.notifications.alerts import life
from opscopilot.notifications.people.fields import Url
from opscopilot.web import Caller

_Action = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_User = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ManualAlert(Body):
    """An alert that a person raises."""

    severity: Severity
    title: str = Field(min_length=3, max_length=200, examples=["Oven 2 will stop on Friday for repair"])
    message: str = Field(min_length=1, max_length=8000)
    alert_type: AlertType = "threshold_breach"
    entity_type: str = Field("plant", min_length=1, max_length=60, examples=["sku", "line"])
    entity_code: str | None = Field(None, max_length=100)
    place: str | None = Field(None, min_length=1, max_length=100, description="Code of the site, area or line.")
    dedupe_key: str | None = Field(None, max_length=200, description="Names the condition; open ones alert once.")
    correlation_key: str | None = Field(None, min_length=1, max_length=200, description="Names the cause behind it.")
    amount: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=4)
    amount_per_hour: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=4)
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", examples=["EUR"])
    deadline: AwareDatetime | None = None
    expires_at: AwareDatetime | None = Field(None, description="When it ends by itself; left out: after 30 days.")
    actions: list[_Action] = Field(default_factory=list, max_length=10, description="What to do about it.")
    to_users: list[_User] = Field(default_factory=list, max_length=100, description="Only these; empty: everybody.")
    link: Url | None = None


class AlertAccepted(BaseModel):
    """The alert is recorded and on its way; `GET /notify/alert/{id}` tells whom it reached."""

    status: Literal["accepted"] = "accepted"
    alert_id: UUID
    event_id: UUID


def raise_by_hand(body: ManualAlert, caller: Caller) -> AlertRaised:
    """The alert in the outbox, in the caller's transaction; ValidationFailed where fields do not fit together."""
    if (body.amount is None and body.amount_per_hour is None) != (body.currency is None):
        raise ValidationFailed(
            "An amount needs its currency and a currency its amount.", field="currency", value=body.currency,
            expected="both or neither",
        )  # fmt: skip
    now = caller.clock.now()
    if body.expires_at is not None and body.expires_at <= now:
        raise ValidationFailed(
            "The alert would be over before it is told.", field="expires_at", value=body.expires_at.isoformat(),
            expected=f"a moment after {now.isoformat()}",
        )  # fmt: skip
    alert_id = uuid7()
    given = body.model_dump(exclude={"dedupe_key"})
    return life.raise_manually(caller.tx, AlertRaised(
        **given, alert_id=alert_id, dedupe_key=body.dedupe_key or str(alert_id),
        tenant_id=caller.principal.tenant_id, occurred_at=now, correlation_id=caller.correlation_id,
    ))  # fmt: skip
