"""A plant with people who want to be told by webhook, and the alerts that concern them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from local.testing import ThrowawayDatabase
from opscopilot.kernel.db import Database, make_engine
from opscopilot.kernel.events import AlertRaised, Severity
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.kernel.settings import NotifySettings

TENANT = "bench-notify"
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
_PEOPLE = """
WITH people AS (SELECT 'u' || n AS user_id, n, CAST(:ports AS integer[]) AS ports FROM generate_series(1, :people) n),
users AS (
    INSERT INTO platform.users (tenant_id, user_id, email, role)
    SELECT :tenant, user_id, user_id || '@plant.example', 'planner' FROM people),
wishes AS (
    INSERT INTO notification.notification_preferences (tenant_id, user_id, enabled_channels, min_severity)
    SELECT :tenant, user_id, '{webhook}', 'info' FROM people)
INSERT INTO notification.addresses (tenant_id, user_id, channel, address, secret)
SELECT :tenant, user_id, 'webhook', 'http://127.0.0.1:' || ports[1 + mod(n, cardinality(ports))] || '/hook?u=' || n,
    'secret-of-' || user_id FROM people
"""


def open_as(db: ThrowawayDatabase, user: str, pool: int = 4) -> Database:
    """The database as one role sees it."""
    settings = NotifySettings.model_validate({
        "event_bus_name": "none", "email_sender": "a@plant.example",
        **{name.lower(): value for name, value in db.environment(user).items()}, "db_pool_size": pool,
    })  # fmt: skip
    return Database(make_engine(settings))


def fill(db: ThrowawayDatabase, people: int, ports: Sequence[int]) -> UUID:
    """The tenant with its people, their webhooks spread over the ports."""
    tenant = tenant_id_for(TENANT)
    with open_as(db, "ops_copilot").tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO platform.tenants (tenant_id, code, name, default_currency, default_time_zone)
               VALUES (:id, :code, 'Bench plant', 'EUR', 'Europe/Berlin')""",
            id=tenant, code=TENANT,
        )  # fmt: skip
        tx.execute(_PEOPLE, tenant=tenant, people=people, ports=list(ports))
    return tenant


def records(tenant: UUID, alerts: int, people: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """SQS records, one alert each, each for one person; one in fifty comes twice, as a queue may do."""
    rng = Random(seed)
    severities: tuple[Severity, ...] = ("critical", "high", "high", "medium", "medium")
    for number in range(alerts):
        code = f"RM-{number:06d}"
        event = AlertRaised(
            tenant_id=tenant, occurred_at=NOON, correlation_id=f"bench-{number}",
            alert_id=UUID(int=rng.getrandbits(128), version=4), alert_type="stockout_risk",
            severity=rng.choice(severities), title=f"Hazelnuts ({code}) are likely to run out",
            message=f"Hazelnuts ({code}): 87 % chance of running out within its lead time of 9 days. Order 1,250 kg now.",
            entity_type="sku", entity_code=code, dedupe_key=f"stockout_risk:sku:{code}",
            amount=Decimal(rng.randrange(100, 90_000)), currency="EUR", deadline=NOON + timedelta(days=rng.randrange(1, 20)),
            correlation_key=f"sku:{code}", to_users=(f"u{1 + number % people}",), actions=("Order 1,250 kg today.",),
        )  # fmt: skip
        body = {"version": "0", "source": event.source, "detail-type": "AlertRaised",
                "detail": event.model_dump(mode="json")}  # fmt: skip
        record = {"messageId": f"m-{number}", "body": json.dumps(body)}
        yield record
        if number % 50 == 0:
            yield {**record, "messageId": f"m-{number}-again"}
