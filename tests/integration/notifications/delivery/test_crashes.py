"""A process may die at any point: nothing is lost, and no message leaves more than twice."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from opscopilot.kernel.db import Database, Tx
from opscopilot.notifications.channels import Message, Receipt
from tests.integration.notifications.world import World, alert, plenty


class Killed(BaseException):
    """The process dies: nothing after this line runs."""


class Dying(Database):
    """Dies at the end of its nth transaction: before the commit, or after it."""

    def __init__(self, alive: Database, transaction: int, *, committed: bool) -> None:
        super().__init__(alive.engine)
        self.left = transaction
        self.committed = committed

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[Tx]:
        """A transaction like any other, unless it is the last one."""
        with super().tenant(tenant_id) as tx:
            yield tx
            self.left -= 1
            if self.left == 0 and not self.committed:
                raise Killed
        if self.left == 0:
            raise Killed


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("transaction", range(1, 5))
def test_killed_at_any_transaction(world: World, transaction: int, committed: bool) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["webhook"], webhook_url="https://erp.example/x", min_severity="info")
    world.service.handle_batch([alert(tenant) for _ in range(3)], lambda: 0.0)
    dying = replace(world.service.sender, db=Dying(world.notify, transaction, committed=committed))
    try:
        dying.send_due(tenant, plenty)
    except Killed:
        assert world.service.sender.send_due(tenant, plenty).keys() <= {"sent"}, "what was out is left alone"
    world.clock.advance(timedelta(minutes=6))
    world.sweep()
    assert set(world.statuses(tenant)) == {"sent"}
    told = Counter(one.data["notification_id"] for one in world.channels["webhook"].messages)
    assert len(told) == 3
    assert max(told.values()) <= 2
    assert len({one.id for one in world.channels["webhook"].messages}) == 3, "a repeat carries the same id"


class Flaky(Database):
    """Refuses its nth transaction, as a database does that fails over."""

    def __init__(self, alive: Database, transaction: int) -> None:
        super().__init__(alive.engine)
        self.left = transaction

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[Tx]:
        """A transaction like any other, unless it is the one."""
        self.left -= 1
        if self.left == 0:
            raise ConnectionError("the database is away for a moment")
        with super().tenant(tenant_id) as tx:
            yield tx


@pytest.mark.parametrize("transaction", [1, 2, 3, 4])
def test_when_the_database_is_away_what_was_sent_is_on_record(world: World, transaction: int) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["webhook"], webhook_url="https://erp.example/x", min_severity="info")
    world.service.handle_batch([alert(tenant) for _ in range(3)], lambda: 0.0)
    with suppress(ConnectionError):
        replace(world.service.sender, db=Flaky(world.notify, transaction)).send_due(tenant, plenty)
    assert set(world.statuses(tenant)) <= {"sent", "pending"}
    world.service.sender.send_due(tenant, plenty)
    assert set(world.statuses(tenant)) == {"sent"}
    assert len(world.channels["webhook"].messages) == 3


@dataclass
class Ledger:
    """Writes down each message it takes, and pulls the plug before or after the given one."""

    path: Path
    dies_at: int
    taken: bool

    def send(self, message: Message) -> Receipt:
        """Append a line; a whole process dies at `dies_at`."""
        last = len(self.path.read_text().splitlines()) + 1 == self.dies_at
        if last and not self.taken:
            os._exit(1)
        with self.path.open("a") as ledger:
            ledger.write(f"{message.id}\n")
        if last:
            os._exit(1)
        return Receipt(delivered=True)


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("dies_at", [1, 3])
def test_a_real_process_is_killed_between_send_and_record(
    world: World, tmp_path: Path, dies_at: int, taken: bool
) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["webhook"], webhook_url="https://erp.example/x", min_severity="info")
    world.service.handle_batch([alert(tenant) for _ in range(4)], lambda: 0.0)
    ledger = tmp_path / "ledger"
    ledger.touch()
    sender = replace(world.service.sender, channels={"webhook": Ledger(ledger, dies_at, taken)}, workers=1)

    def doomed() -> None:
        world.notify.engine.dispose(close=False)  # the parent's connections are the parent's
        sender.send_due(tenant, plenty)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=doomed)
    process.start()
    process.join(30)
    assert process.exitcode == 1
    assert world.service.sender.send_due(tenant, plenty) == {}, "what was out is left alone for five minutes"
    world.clock.advance(timedelta(minutes=6))
    living = replace(world.service.sender, channels={"webhook": Ledger(ledger, 0, taken=False)})
    living.take_up(tenant)
    living.send_due(tenant, plenty)
    assert set(world.statuses(tenant)) == {"delivered"}
    told = Counter(ledger.read_text().splitlines())
    assert len(told) == 4
    assert sum(told.values()) <= 4 + dies_at
    assert max(told.values()) <= 2
