"""`/notify/notifications`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from opscopilot.kernel.events import Severity
from opscopilot.kernel.pagination import Page
from opscopilot.notifications.access import Admin, Raiser
from opscopilot.notifications.channels import Kinds, known
from opscopilot.notifications.delivery import queries, suppressions
from opscopilot.notifications.delivery.schemas import Notification, NotificationDetail, Status
from opscopilot.notifications.delivery.suppressions import SuppressedAddress
from opscopilot.notifications.policy.model import Purpose
from opscopilot.web import CurrentCaller, PageQuery


def add(routes: APIRouter, kinds: Kinds) -> None:
    @routes.get("/notifications", summary="Notifications, newest first")
    def read_all(
        caller: CurrentCaller, page: PageQuery,
        status: Annotated[Status | None, Query()] = None,
        channel: Annotated[str | None, Query(max_length=20)] = None,
        severity: Annotated[Severity | None, Query()] = None,
        user_id: Annotated[str | None, Query(max_length=200)] = None,
        alert_id: Annotated[UUID | None, Query()] = None,
        purpose: Annotated[Purpose | None, Query()] = None,
        message_id: Annotated[UUID | None, Query(description="What left in one message.")] = None,
    ) -> Page[Notification]:  # fmt: skip
        if channel is not None:
            known(kinds, channel)
        return queries.list_notifications(
            caller.tx, status=status, channel=channel, severity=severity, user_id=user_id, alert_id=alert_id,
            purpose=purpose, message_id=message_id, limit=page.limit, cursor=page.cursor,
        )  # fmt: skip

    @routes.get("/notifications/{notification_id}", summary="One notification")
    def read_one(notification_id: UUID, caller: CurrentCaller) -> NotificationDetail:
        return queries.notification(caller.tx, notification_id)

    @routes.post("/notifications/{notification_id}/retry", summary="Try a failed or dead notification again")
    def retry(notification_id: UUID, caller: Raiser) -> NotificationDetail:
        return queries.ask_again(caller.tx, notification_id, caller.principal.user_id, caller.clock)

    @routes.get("/suppressed-addresses", summary="Addresses nothing is sent to, because they bounced or complained")
    def suppressed(caller: Admin, page: PageQuery) -> Page[SuppressedAddress]:
        return suppressions.list_suppressed(caller.tx, page.limit, page.cursor)

    @routes.delete("/suppressed-addresses/{channel}/{address}", status_code=204, summary="Send to an address again")
    def lift(
        channel: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,19}$")],
        address: Annotated[str, Path(min_length=3, max_length=320, description="As in the list.")], caller: Admin,
    ) -> None:  # fmt: skip
        suppressions.lift(caller.tx, channel, address, caller.principal.user_id, caller.clock.now())
