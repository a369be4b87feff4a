"""Two plants with the same people, keys and words; and who may write what."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.alerts import life as alerts
from opscopilot.notifications.delivery import queries
from tests.integration.notifications.world import World, again, alert

TABLES = (
    "notifications", "notification_preferences", "notification_channel_configs", "notification_templates",
    "alerts", "alert_events", "alert_acknowledgments",
)  # fmt: skip


def two_alike(world: World) -> tuple[UUID, UUID]:
    """Two plants with the same user, the same mail address, and the same condition."""
    first, second = world.tenant(), world.tenant()
    for one in (first, second):
        world.person(one, "anna", "anna@shared.example")
        world.handle(alert(one, dedupe_key="stockout:SKU-1", title="SKU-1 runs out", message="The same words."))
    return first, second


def test_p60_the_same_condition_in_two_plants_is_two_conditions(world: World) -> None:
    first, second = two_alike(world)
    assert len(world.mails) == 2
    for one, other in ((first, second), (second, first)):
        (row,) = world.rows(one)
        assert row["tenant_id"] == one
        assert len(world.rows(one, "SELECT * FROM notification.alerts")) == 1
        with world.copilot.tenant(one) as tx:
            assert queries.list_notifications(tx).total == 1
            assert queries.list_notifications(tx, alert_id=world.rows(other)[0]["alert_id"]).total == 0
            by_channel = {
                one.channel: one for one in queries.channel_health(tx, world.clock.now(), list(world.channels))
            }
            assert by_channel["email"].last_sent_at is not None
    codes = [mail.data["tenant"] for mail in world.mails]
    assert len(set(codes)) == 2
    assert codes[1] not in str(world.mails[0])


def test_p60_an_escalation_or_acknowledgment_in_one_changes_nothing_in_the_other(world: World) -> None:
    first, second = two_alike(world)
    alert_id = world.rows(first)[0]["alert_id"]
    with world.copilot.tenant(first) as tx:
        alerts.acknowledge(tx, alert_id, "anna", "mine", world.clock.now())
    event = alert(first, alert_id=alert_id, dedupe_key="stockout:SKU-1", severity="critical")
    assert world.handle(event)["escalated"] == 1
    (other,) = world.rows(second, "SELECT severity, occurrences FROM notification.alerts")
    assert other == {"severity": "high", "occurrences": 1}
    assert world.rows(second, "SELECT * FROM notification.alert_acknowledgments") == []


def test_p60_the_same_alert_and_event_id_in_two_plants_do_not_meet(world: World) -> None:
    first, second = world.tenant(), world.tenant()
    for one in (first, second):
        world.person(one)
    event = alert(first)
    assert world.handle(event) == {"opened": 1, "sent": 1}
    assert world.handle(event.model_copy(update={"tenant_id": second})) == {"opened": 1, "sent": 1}


def test_p62_a_connection_last_used_by_another_plant_shows_only_ones_own(world: World) -> None:
    first, second = two_alike(world)
    with pytest.raises(RuntimeError), world.notify.tenant(first):
        raise RuntimeError("in the middle of the first one's transaction")
    with world.notify.tenant(second) as tx:
        assert {row["tenant_id"] for row in tx.rows("SELECT tenant_id FROM notification.notifications")} == {second}


@pytest.mark.parametrize("table", TABLES)
def test_no_tenant_set_means_no_rows(world: World, table: str) -> None:
    first, _ = two_alike(world)
    assert world.rows(first)
    with world.notify.system() as tx:
        assert tx.scalar(f"SELECT count(*) FROM notification.{table}") == 0


def test_p61_a_row_of_another_plant_cannot_be_written(world: World) -> None:
    first, second = two_alike(world)
    with pytest.raises(DBAPIError, match="row-level security"), world.notify.tenant(first) as tx:
        tx.execute(
            """INSERT INTO notification.notification_channel_configs (tenant_id, channel) VALUES (:t, 'sms')""",
            t=second,
        )


@pytest.mark.parametrize("role", ["ops_ingest", "ops_normalize", "ops_forecast"])
@pytest.mark.parametrize("table", TABLES)
def test_other_functions_do_not_even_read(roles: dict[str, Database], role: str, table: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), roles[role].tenant(uuid7()) as tx:
        tx.scalar(f"SELECT count(*) FROM notification.{table}")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO notification.notifications (tenant_id) VALUES (:t)",
        "UPDATE notification.notifications SET status = 'sent' WHERE tenant_id = :t",
        "DELETE FROM notification.notifications WHERE tenant_id = :t",
        "DELETE FROM notification.notification_preferences WHERE tenant_id = :t",
        "INSERT INTO notification.alert_events (tenant_id) VALUES (:t)",
        "UPDATE notification.alerts SET fingerprint = 'x' WHERE tenant_id = :t",
        "INSERT INTO notification.alerts (tenant_id) VALUES (:t)",
        "DELETE FROM notification.alert_history WHERE tenant_id = :t",
        "DELETE FROM notification.notification_channel_configs WHERE tenant_id = :t",
        "UPDATE notification.alert_acknowledgments SET note = 'x' WHERE tenant_id = :t",
        "DELETE FROM notification.alert_acknowledgments WHERE tenant_id = :t",
    ],
)
def test_the_api_may_not_write_what_is_notifys(roles: dict[str, Database], sql: str) -> None:
    tenant = uuid7()
    with pytest.raises(DBAPIError, match="permission denied"), roles["ops_copilot"].tenant(tenant) as tx:
        tx.execute(sql, t=tenant)


@pytest.mark.parametrize("schema", ["forecast", "manufacturing", "staging", "copilot"])
def test_notify_does_not_reach_other_schemas(roles: dict[str, Database], schema: str) -> None:
    table = {"forecast": "forecast_alerts", "manufacturing": "skus", "staging": "ingestion_jobs"}.get(schema, "x")
    with (
        pytest.raises(DBAPIError, match=r"permission denied for (schema|table)"),
        roles["ops_notify"].tenant(uuid7()) as tx,
    ):
        tx.scalar(f"SELECT count(*) FROM {schema}.{table}")


@pytest.mark.parametrize("role", ["ops_notify", "ops_migrate"])
@pytest.mark.parametrize("sql", [
    "UPDATE notification.alert_acknowledgments SET note = 'another'", "DELETE FROM notification.alert_acknowledgments",
])  # fmt: skip
def test_the_audit_trail_cannot_be_changed(world: World, roles: dict[str, Database], role: str, sql: str) -> None:
    tenant = world.tenant()
    event = alert(tenant)
    world.handle(event)
    with world.copilot.tenant(tenant) as tx:
        assert alerts.acknowledge(tx, event.alert_id, "anna", "mine", world.clock.now()).first
        assert not alerts.acknowledge(tx, event.alert_id, "anna", "changed", world.clock.now()).first
    with pytest.raises(DBAPIError, match=r"audit trail|permission denied"), roles[role].tenant(tenant) as tx:
        tx.execute(sql)
    assert world.rows(tenant, "SELECT note FROM notification.alert_acknowledgments") == [{"note": "mine"}]


def test_the_audit_trail_cannot_be_emptied(roles: dict[str, Database]) -> None:
    with pytest.raises(DBAPIError, match="audit trail"), roles["ops_migrate"].system() as tx:
        tx.execute("TRUNCATE notification.alert_acknowledgments")


def test_p85_the_database_itself_refuses_a_second_message(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    event = alert(tenant)
    world.handle(event)
    world.handle(again(event))
    with pytest.raises(DBAPIError, match="notifications_once"), world.notify.tenant(tenant) as tx:
        tx.execute(
            """INSERT INTO notification.notifications (tenant_id, alert_id, event_id, user_id, title, message,
                   alert_type, severity, channel, status, dedupe_key, scheduled_at)
               SELECT tenant_id, alert_id, event_id, user_id, title, message, alert_type, severity, channel, 'pending',
                   dedupe_key, now() FROM notification.notifications"""
        )
