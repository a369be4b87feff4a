"""The plant's calendar, as it was loaded, explains alerts; when it changes, what waits is let go."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from opscopilot.kernel.db import Database
from opscopilot.kernel.ids import tenant_id_for
from opscopilot.manufacturing.working_time import WorkingTime
from tests.integration.notifications.world import NOON, World, alert
from tests.support.api import Api, token


@pytest.fixture
def world(world: World) -> World:
    return World(world.notify, world.copilot, calendar=WorkingTime())


def plan(normalize: Database, tenant: UUID, kind: str, *days: date, place: str | None = None) -> None:
    """Calendar days as normalize writes them, at a line of that code."""
    with normalize.tenant(tenant) as tx:
        made = {"t": tenant, "job": uuid4()}
        line = tx.scalar(
            """INSERT INTO manufacturing.locations (tenant_id, code, name, type, is_nettable, source_system,
                   ingestion_job_id, source_row) VALUES (:t, :c, :c, 'line', false, 'test', :job, 1) ON CONFLICT ON CONSTRAINT locations_key DO UPDATE SET code = excluded.code
               RETURNING id""",
            c=place, **made,
        ) if place else None  # fmt: skip
        for day in days:
            tx.execute(
                """INSERT INTO manufacturing.calendar_days (tenant_id, location_id, calendar_date, kind, name,
                       source_system, ingestion_job_id, source_row) VALUES (:t, :l, :d, :k, 'Overhaul', 'test', :job, 1)""",
                l=line, d=day, k=kind, **made,
            )  # fmt: skip


def test_maintenance_of_a_line_holds_its_anomalies_until_it_is_over_or_called_off(
    world: World, api: Api, plant: str, roles: dict[str, Database]
) -> None:
    tenant = tenant_id_for(plant)
    world.person(tenant)
    plan(roles["ops_normalize"], tenant, "maintenance", date(2026, 1, 14), date(2026, 1, 15), place="LINE-1")
    found = api.post("/notify/simulate", token(plant, "viewer"), {
        "alert_type": "anomaly", "severity": "high", "place": "line-1",
    }).json  # fmt: skip
    assert [(one["kind"], one["ends_at"]) for one in found["mutes"]] == [("maintenance", "2026-01-15T23:00:00Z")]
    world.handle(alert(tenant, alert_type="anomaly", place="LINE-1"))
    world.handle(alert(tenant, alert_type="stockout_risk", place="LINE-1"))
    (held,) = (row for row in world.rows(tenant) if row["held_by"])
    assert held["reason"] == (
        "Held until 2026-01-16 00:00 Europe/Berlin: explained by the planned maintenance 'Overhaul'."
    )
    assert held["reason"] == found["tellings"][0]["reason"]
    assert len(world.mails) == 1
    plan(roles["ops_normalize"], tenant, "maintenance", date(2026, 1, 16), place="LINE-1")
    world.sweep()
    (moved,) = world.rows(tenant, "SELECT scheduled_at FROM notification.notifications WHERE held_by = 'mute'")
    assert moved["scheduled_at"] == datetime(2026, 1, 16, 23, 0, tzinfo=UTC)  # it goes on for a day
    world.sweep()
    assert len(world.mails) == 1
    with roles["ops_normalize"].tenant(tenant) as tx:
        tx.execute("DELETE FROM manufacturing.calendar_days WHERE calendar_date > '2026-01-14'")
    world.clock.instant = NOON + timedelta(hours=11)  # 23:00
    world.sweep()
    assert len(world.mails) == 1
    world.clock.advance(timedelta(hours=1))
    world.sweep()
    assert len(world.mails) == 2
