"""One receiver that stalls holds nobody up: others are served and on record while it is waited for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event, Thread
from uuid import uuid4

import pytest

from opscopilot.notifications.channels import Message, Receipt
from opscopilot.notifications.delivery.carrying import Carriers
from opscopilot.notifications.delivery.model import Parcel, Result
from tests.integration.notifications.world import NOON, World, alert, plenty


@dataclass
class Stalling:
    """Some messages wait until they are let go."""

    stalls: int
    release: Event = field(default_factory=Event)
    stalled: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    taken: list[Message] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Message) -> Receipt:
        with self.lock:
            self.stalls -= 1
            waits = self.stalls >= 0
        if waits:
            self.stalled.release()
            assert self.release.wait(60)
        self.taken.append(message)
        return Receipt(delivered=True)


def until(true: Callable[[], bool]) -> bool:
    """Whether it became true within half a minute."""
    pause = Event()
    return any(true() or pause.wait(0.02) for _ in range(1500))


def test_the_others_are_on_record_while_one_is_waited_for(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["webhook"], webhook_url="https://erp.example/x", min_severity="info")
    world.service.handle_batch([alert(tenant) for _ in range(100)], lambda: 0.0)
    hook = Stalling(stalls=8)  # as many as there are workers
    sender = replace(world.service.sender, channels={"webhook": hook})
    counts: Counter[str] = Counter()
    running = Thread(target=lambda: counts.update(sender.send_due(tenant, plenty)))
    running.start()
    for _ in range(8):
        assert hook.stalled.acquire(timeout=30)
    try:
        assert until(lambda: Counter(world.statuses(tenant)) == {"delivered": 92, "sending": 8})
    finally:
        hook.release.set()
        running.join(60)
    assert counts == {"delivered": 100}
    assert len({one.id for one in hook.taken}) == len(hook.taken) == 100


def test_what_there_is_no_time_for_is_given_back_without_an_attempt(world: World) -> None:
    tenant = world.tenant()
    world.person(tenant, enabled_channels=["webhook"], webhook_url="https://erp.example/x", min_severity="info")
    world.service.handle_batch([alert(tenant) for _ in range(10)], lambda: 0.0)
    left = iter([60.0] * 8)
    sender = replace(world.service.sender, workers=1)
    sender.send_due(tenant, lambda: next(left, 3.0))
    rows = world.rows(tenant)
    assert Counter(row["status"] for row in rows).keys() <= {"sent", "pending"}
    assert {(row["attempts"], row["scheduled_at"]) for row in rows if row["status"] == "pending"} == {(0, NOON)}
    assert world.service.sender.send_due(tenant, plenty)["sent"] >= 1
    assert set(world.statuses(tenant)) == {"sent"}


def test_two_senders_never_take_the_same_message(world: World) -> None:
    tenant = world.tenant()
    for number in range(10):
        world.person(
            tenant, f"u{number}", f"u{number}@x.example", enabled_channels=["webhook", "email"],
            webhook_url=f"https://h{number}.example/x", min_severity="info",
        )  # fmt: skip
    world.service.handle_batch([alert(tenant) for _ in range(10)], lambda: 0.0)
    start = threading.Barrier(4)

    def send() -> None:
        start.wait(10)
        world.service.sender.send_due(tenant, plenty)

    running = [Thread(target=send) for _ in range(4)]
    for one in running:
        one.start()
    for one in running:
        one.join(60)
    world.sweep()
    hooks = world.channels["webhook"].messages
    told = Counter(one.data["notification_id"] for one in hooks)
    assert (len(told), max(told.values())) == (100, 1)
    assert len({one.id for one in world.mails}) == len(world.mails)
    assert {row["status"] for row in world.rows(tenant) if row["channel"] == "webhook"} == {"sent"}


def test_the_end_of_the_process_is_not_a_result() -> None:
    def carry(_parcel: Parcel) -> Result:
        raise KeyboardInterrupt

    carriers = Carriers(carry, 1)
    carriers.hand_out([Parcel(uuid4(), "email", "a@x", "ses", 1, (), NOON)])
    with pytest.raises(KeyboardInterrupt):
        carriers.collect(10)
    carriers.dismiss()
