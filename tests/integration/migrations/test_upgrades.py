"""A plant that is already running gets the new tables with everything it had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, NullPool, create_engine, text

from local.testing import database
from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.migrations.run import create_roles, upgrade
from tests.support.api import open_database

BEFORE = "0019"
TENANTS = [tenant_id_for(code) for code in ("one", "two")]
OPEN, CLOSED = uuid7(), uuid7()


def _to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "opscopilot:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _fill(engine: Engine) -> None:
    for tenant in TENANTS:
        with engine.begin() as connection:
            connection.execute(text("SELECT set_config('app.tenant', :t, true)"), {"t": str(tenant)})
            connection.execute(
                text("""INSERT INTO notification.notification_preferences (tenant_id, user_id, email, phone, webhook_url,
                            webhook_secret, enabled_channels)
                        VALUES (:t, 'anna', 'anna@x.example', '+4915112345678', 'https://h.example/x', 's3cret',
                            '{email,sms}'), (:t, 'bert', NULL, NULL, NULL, NULL, '{email}')"""),
                {"t": tenant},
            )
            for alert, closed in ((OPEN, None), (CLOSED, "2026-01-02T00:00:00+00:00")):
                connection.execute(
                    text("""INSERT INTO notification.alert_conditions (tenant_id, alert_id, alert_type, dedupe_key,
                                severity, first_seen, last_seen, closed_at)
                            VALUES (:t, :a, 'stockout_risk', 'stockout:' || :a, 'high', now(), now(),
                                CAST(:closed AS timestamptz))"""),
                    {"t": tenant, "a": str(alert), "closed": closed},
                )


@pytest.fixture(scope="module")
def upgraded() -> Iterator[Database]:
    """A database of the release before, in use, and then upgraded in one go."""
    with database(migration=None) as old:
        engine = create_engine(old.url(), connect_args={"ssl_context": False}, poolclass=NullPool)
        create_roles(engine, iam=False)
        _to(engine, BEFORE)
        _fill(engine)
        upgrade(engine)
        opened = open_database(old)
        yield opened
        opened.engine.dispose()
        engine.dispose()


def rows(db: Database, sql: str) -> list[list[Any]]:
    """Of each tenant."""
    found = []
    for tenant in TENANTS:
        with db.tenant(tenant) as tx:
            found.append([tuple(row.values()) for row in tx.rows(sql)])
    return found


def test_addresses_move_for_every_tenant(upgraded: Database) -> None:
    assert rows(upgraded, "SELECT user_id, channel, address, secret FROM notification.addresses ORDER BY 1, 2") == [[
        ("anna", "email", "anna@x.example", None), ("anna", "sms", "+4915112345678", None),
        ("anna", "webhook", "https://h.example/x", "s3cret"),
    ]] * 2  # fmt: skip
    kept = "SELECT user_id, enabled_channels FROM notification.notification_preferences ORDER BY 1"
    assert rows(upgraded, kept) == [[("anna", ["email", "sms"]), ("bert", ["email"])]] * 2


def test_open_alerts_stay_open_and_closed_ones_are_resolved(upgraded: Database) -> None:
    found = rows(upgraded, "SELECT alert_id, status, fingerprint, correlation_key FROM notification.alerts ORDER BY 2")
    assert found == [[
        (OPEN, "open", f"stockout:{OPEN}", f"stockout:{OPEN}"),
        (CLOSED, "resolved", f"stockout:{CLOSED}", f"stockout:{CLOSED}"),
    ]] * 2  # fmt: skip
