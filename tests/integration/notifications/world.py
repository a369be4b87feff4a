"""A small world for these tests: tenants with people, channels that remember, a clock that stands still."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID, uuid4

from opscopilot.adapters.channels import KINDS
from opscopilot.entrypoints.notify import make_handler
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import AlertRaised, OutboxRow, record
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.kernel.plant_calendar import FixedCalendar, PlantCalendar
from opscopilot.notifications.channels import Channel, DeliveryFailed, Message, Receipt
from opscopilot.notifications.delivery.sending import Sender
from opscopilot.notifications.service import Notifier

NOON = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)  # 12:00 in Berlin
_ADDRESSES = {"email": "email", "phone": "sms", "slack_webhook": "slack", "webhook_url": "webhook"}
_numbers = itertools.count(1)


def plenty() -> float:
    """A deadline that is far away."""
    return 1000.0


@dataclass
class FakeChannel:
    """Remembers what it was given; `answers` may hold failures or crashes to raise first."""

    delivered: bool = False
    messages: list[Message] = field(default_factory=list)
    answers: list[BaseException] = field(default_factory=list)

    def send(self, message: Message) -> Receipt:
        if self.answers:
            raise self.answers.pop(0)
        self.messages.append(message)
        return Receipt(f"p-{len(self.messages)}", self.delivered)


@dataclass
class FakeBus:
    """Takes everything, or nothing."""

    rows: list[OutboxRow] = field(default_factory=list)
    works: bool = True

    def publish(self, rows: Iterable[OutboxRow]) -> list[UUID]:
        if not self.works:
            return []
        taken = list(rows)
        self.rows.extend(taken)
        return [row.event_id for row in taken]


@dataclass
class Context:
    """Lambda's context, as far as the handler reads it."""

    seconds: float = 60.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class World:
    """The notify function around one database, with everything outside replaced by something that remembers."""

    notify: Database
    copilot: Database
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    bus: FakeBus = field(default_factory=FakeBus)
    calendar: PlantCalendar = field(default_factory=FixedCalendar)
    channels: dict[str, FakeChannel] = field(default_factory=lambda: {name: FakeChannel() for name in KINDS})

    def __post_init__(self) -> None:
        real: dict[str, Channel] = dict(self.channels)
        self.service = Notifier(
            self.notify, Sender(self.notify, real, KINDS, self.clock), self.bus, self.clock, self.calendar
        )
        self.handler: Callable[[dict[str, Any], Any], dict[str, Any]] = make_handler(self.service)

    def tenant(self, zone: str = "Europe/Berlin", code: str | None = None) -> UUID:
        """A new active tenant."""
        code = code or f"plant-{next(_numbers)}"
        tenant_id = tenant_id_for(code)
        with self.copilot.tenant(tenant_id) as tx:
            tx.execute(
                """INSERT INTO platform.tenants (tenant_id, code, name, default_currency, default_time_zone)
                   VALUES (:id, :code, :name, 'EUR', :zone)""",
                id=tenant_id, code=code, name=f"Plant {code}", zone=zone,
            )  # fmt: skip
        return tenant_id

    def person(
        self, tenant_id: UUID, user_id: str = "anna", mail: str | None = "anna@x.example", *, role: str = "planner",
        addresses: dict[str, str] | None = None, **wish: Any,
    ) -> None:  # fmt: skip
        """An active user; any `wish` saves preferences for them, addresses are kept where they belong."""
        reached = {**{_ADDRESSES[name]: wish[name] for name in _ADDRESSES if wish.get(name)}, **(addresses or {})}
        secret = wish.pop("webhook_secret", None)
        columns = {name: value for name, value in wish.items() if name not in _ADDRESSES}
        with self.copilot.tenant(tenant_id) as tx:
            tx.execute(
                """INSERT INTO platform.users (tenant_id, user_id, email, role)
                   VALUES (:tenant_id, :user_id, :mail, :role)""",
                tenant_id=tenant_id, user_id=user_id, mail=mail, role=role,
            )  # fmt: skip
            if wish or reached:
                names = "".join(f", {name}" for name in columns)
                tx.execute(
                    f"""INSERT INTO notification.notification_preferences (tenant_id, user_id{names})
                        VALUES (:tenant_id, :user_id{"".join(f", :{name}" for name in columns)})""",
                    tenant_id=tenant_id, user_id=user_id, **columns,
                )  # fmt: skip
            for channel, address in reached.items():
                tx.execute(
                    """INSERT INTO notification.addresses (tenant_id, user_id, channel, address, secret)
                       VALUES (:t, :u, :c, :a, :s)""",
                    t=tenant_id, u=user_id, c=channel, a=address, s=secret if channel == "webhook" else None,
                )  # fmt: skip

    def sleeper(self, tenant_id: UUID, user_id: str = "anna", **wish: Any) -> None:
        """Somebody with quiet hours from 22:00 to 07:00, Berlin time."""
        self.person(
            tenant_id, user_id, quiet_hours_enabled=True, quiet_hours_start=time(22), quiet_hours_end=time(7),
            time_zone="Europe/Berlin", **wish,
        )  # fmt: skip

    def handle(self, event: AlertRaised) -> dict[str, int]:
        """Give the event to the service."""
        return dict(self.service.handle(event, plenty))

    def sweep(self, *, recover: bool = False) -> dict[str, Any]:
        """Run the sweep as the scheduler does."""
        return self.handler({"task": "sweep", **({"recover": True} if recover else {})}, Context())

    def to_outbox(self, event: AlertRaised, *, published: bool = False) -> None:
        """Write the event as its producer does."""
        with self.copilot.tenant(event.tenant_id) as tx:
            record(tx, event)
            if published:
                tx.execute("UPDATE platform.outbox SET published_at = now() WHERE event_id = :id", id=event.event_id)

    def rows(self, tenant_id: UUID, sql: str = "", **params: Any) -> list[dict[str, Any]]:
        """Notifications of a tenant in order of user and channel, or the rows of `sql`."""
        sql = sql or "SELECT * FROM notification.notifications ORDER BY created_at, severity, user_id, channel"
        with self.notify.tenant(tenant_id) as tx:
            return tx.rows(sql, **params)

    def statuses(self, tenant_id: UUID) -> list[str]:
        """Just the statuses."""
        return [row["status"] for row in self.rows(tenant_id)]

    @property
    def mails(self) -> list[Message]:
        """Mails that went out."""
        return self.channels["email"].messages


def alert(tenant_id: UUID, **given: Any) -> AlertRaised:
    """An alert of that tenant; a new condition unless told otherwise."""
    base: dict[str, Any] = {
        "tenant_id": tenant_id, "occurred_at": NOON, "correlation_id": str(uuid4()), "alert_id": uuid7(),
        "alert_type": "stockout_risk", "severity": "high", "title": "SKU-1 runs out on Friday",
        "message": "Stock covers 2 days.", "entity_type": "sku", "entity_code": "SKU-1",
        "dedupe_key": f"stockout:{uuid4()}",
    }  # fmt: skip
    return AlertRaised(**{**base, **given})


def again(event: AlertRaised, **changed: Any) -> AlertRaised:
    """The same alert reported once more: a new event."""
    return event.model_copy(update={"event_id": uuid7(), **changed})


def record_of(event: AlertRaised, message_id: str = "m-1", **changed: Any) -> dict[str, str]:
    """The SQS record in which EventBridge delivers the event."""
    detail = {**event.model_dump(mode="json"), **changed}
    body = {"version": "0", "source": event.source, "detail-type": "AlertRaised", "detail": detail}
    return {"messageId": message_id, "body": json.dumps(body)}


def refused(detail: str = "no", *, retryable: bool = True, after: float | None = None) -> DeliveryFailed:
    """A failure for FakeChannel.answers."""
    return DeliveryFailed(detail, retryable=retryable, retry_after_s=after)
