"""A plant that is frozen at a day (a back-test, the sample plant) speaks of that day in its messages too (ADR 10)."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.integration.notifications.world import World, alert


def test_a_deadline_of_an_archive_is_days_away_and_not_overdue_by_months(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant)
    with world.copilot.tenant(tenant) as tx:
        tx.execute("UPDATE platform.tenants SET as_of = :day", day=date(2025, 9, 30))
    deadline = datetime(2025, 10, 2, 22, tzinfo=UTC)
    world.handle(alert(tenant, deadline=deadline, amount="272.57", currency="EUR"))
    (mail,) = world.mails
    said = f"{mail.subject} {mail.text}"
    assert "overdue" not in said
    assert "2 days" in said
