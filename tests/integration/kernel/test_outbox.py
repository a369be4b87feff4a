"""The outbox on a real Postgres: an event leaves after the commit that made it true, at least once, never lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from local.testing import database
from opscopilot.kernel.db import Tx
from opscopilot.kernel.events import ForecastPublished, OutboxRow, record, relay, unpublished
from tests.support.plant import Plant

NOW = datetime.now(UTC)


@dataclass
class Bus:
    """A bus that takes at most `takes` events per call; with `dies` the process is lost after sending."""

    takes: int = 1000
    dies: bool = False
    seen: list[OutboxRow] = field(default_factory=list)

    def publish(self, rows: Iterable[OutboxRow]) -> list[UUID]:
        """Take the rows."""
        taken = list(rows)[: self.takes]
        self.seen.extend(taken)
        if self.dies:
            raise KeyboardInterrupt("the sandbox is gone")
        return [row.event_id for row in taken]

    @property
    def ids(self) -> list[UUID]:
        """Ids in the order in which they came."""
        return [row.event_id for row in self.seen]


@pytest.fixture(scope="module")
def fjord() -> Iterator[Plant]:
    with database() as fresh:
        yield Plant(fresh)


@pytest.fixture
def plant(fjord: Plant) -> Iterator[Plant]:
    """A tenant with an empty outbox."""
    yield fjord
    with fjord.db("ops_migrate").tenant(fjord.tenant_id) as tx:
        tx.execute("DELETE FROM platform.outbox")


def event(plant: Plant, at: datetime = NOW) -> ForecastPublished:
    """Some event of the plant."""
    return ForecastPublished(
        tenant_id=plant.tenant_id, occurred_at=at, correlation_id="c", version_id=uuid4(), code="v", series=3
    )


def write(plant: Plant, *events: ForecastPublished) -> list[UUID]:
    """Record events in one transaction of the forecast function."""
    with plant.db("ops_forecast").tenant(plant.tenant_id) as tx:
        for one in events:
            record(tx, one)
    return [one.event_id for one in events]


def send(plant: Plant, bus: Bus, role: str = "ops_forecast", older_than_s: int = 0) -> int:
    """Relay in a transaction of its own."""
    with plant.db(role).tenant(plant.tenant_id) as tx:
        return relay(tx, bus, older_than_s)


def test_events_leave_in_order_and_once(plant: Plant) -> None:
    ids = write(plant, event(plant), event(plant))
    bus = Bus()
    assert send(plant, bus) == 2
    assert send(plant, bus) == 0
    assert bus.ids == sorted(ids)
    assert bus.seen[0].source == "opscopilot.forecasting"
    assert ForecastPublished.model_validate_json(bus.seen[0].detail).event_id == bus.seen[0].event_id


def test_what_was_rolled_back_never_happened(plant: Plant) -> None:
    def fails(tx: Tx) -> None:
        record(tx, event(plant))
        raise RuntimeError("the forecast could not be stored")

    with pytest.raises(RuntimeError), plant.db("ops_forecast").tenant(plant.tenant_id) as tx:
        fails(tx)
    assert send(plant, Bus()) == 0


def test_p82_the_same_event_recorded_twice_is_one_event(plant: Plant) -> None:
    one = event(plant)
    write(plant, one, one)
    write(plant, one)
    assert send(plant, Bus()) == 1


def test_a_crash_between_commit_and_publish_is_healed_by_the_sweep_of_another_function(plant: Plant) -> None:
    ids = write(plant, event(plant))
    bus = Bus()
    assert send(plant, bus, role="ops_notify") == 1
    assert bus.ids == ids


def test_a_crash_between_publish_and_mark_sends_it_again_rather_than_never(plant: Plant) -> None:
    ids = write(plant, event(plant))
    dying, next_life = Bus(dies=True), Bus()
    with pytest.raises(KeyboardInterrupt):
        send(plant, dying)
    assert send(plant, next_life) == 1
    assert dying.ids == next_life.ids == ids


def test_what_the_bus_refuses_stays_for_the_next_time(plant: Plant) -> None:
    ids = write(plant, *(event(plant) for _ in range(3)))
    assert send(plant, Bus(takes=2)) == 2
    rest = Bus()
    assert send(plant, rest) == 1
    assert rest.ids == [sorted(ids)[2]]


def test_a_bus_that_takes_nothing_does_not_keep_us_for_ever(plant: Plant) -> None:
    write(plant, event(plant))
    assert send(plant, Bus(takes=0)) == 0


def test_more_events_than_one_batch_all_leave(plant: Plant) -> None:
    write(plant, *(event(plant) for _ in range(250)))
    bus = Bus()
    assert send(plant, bus) == 250
    assert len(set(bus.ids)) == 250


def test_two_relays_at_once_do_not_send_the_same_event(plant: Plant) -> None:
    write(plant, *(event(plant) for _ in range(3)))
    database = plant.db("ops_forecast")
    with database.tenant(plant.tenant_id) as first, database.tenant(plant.tenant_id) as second:
        assert len(unpublished(first)) == 3
        assert unpublished(second) == []


def test_the_sweep_leaves_alone_what_its_own_function_is_about_to_send(plant: Plant) -> None:
    old, new = event(plant, NOW - timedelta(minutes=5)), event(plant, datetime.now(UTC))
    write(plant, old, new)
    bus = Bus()
    send(plant, bus, "ops_notify", older_than_s=60)
    assert bus.ids == [old.event_id]


def test_a_clock_that_is_ahead_of_the_databases_delays_nothing(plant: Plant) -> None:
    write(plant, event(plant, datetime.now(UTC) + timedelta(seconds=30)))
    assert send(plant, Bus()) == 1


def test_p63_the_outbox_of_another_tenant_stays_closed(plant: Plant) -> None:
    write(plant, event(plant))
    neighbour = Plant(plant.fresh, "neighbour")
    bus = Bus()
    assert send(neighbour, bus, role="ops_notify") == 0
    assert bus.seen == []
