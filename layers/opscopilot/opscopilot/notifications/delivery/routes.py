"""`/notify/notifications`, `/notify/channels`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from opscopilot.kernel.events import Severity
from opscopilot.kernel.pagination import Page
from opscopilot.notifications.access import Raiser
from opscopilot.notifications.channels import ChannelName
from opscopilot.notifications.delivery import queries
from opscopilot.notifications.delivery.schemas import ChannelHealth, Notification, NotificationDetail, Status
from opscopilot.web import CurrentCaller, PageQuery


def add(routes: APIRouter) -> None:
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
