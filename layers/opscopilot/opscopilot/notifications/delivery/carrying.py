"""Hand parcels to their channels in threads, a few at a time; who waits for a stalled receiver holds nobody up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from opscopilot.notifications.delivery.model import Parcel, Result

STALLED_AFTER_S = 0.5
"""A call that is out for longer is waited for beside the others: it does not take up a worker any more."""
MOST_HANDS = 4
"""Threads at most, as a multiple of the workers, while receivers stall."""

Carry = Callable[[Parcel], Result]


class Carriers:
    """Threads of one round. Results come in the order in which they are ready; anything that is no Result of a
    carrier (the process is being killed) is raised where the results are collected."""

    def __init__(self, carry: Carry, workers: int) -> None:
        self._carry = carry
        self._workers = workers
        self._work: SimpleQueue[Parcel | None] = SimpleQueue()
        self._done: SimpleQueue[Result | BaseException] = SimpleQueue()
        self._began: dict[int, float] = {}
        self._threads = 0
        self.out = 0

    def hand_out(self, parcels: Sequence[Parcel]) -> None:
        """These are to be carried, in this order."""
        self.out += len(parcels)
        for one in parcels:
            self._work.put(one)
        self._hire()

    def collect(self, patience_s: float) -> list[Result]:
        """What has become ready, waiting up to `patience_s` for the first of it."""
        found: list[Result] = []
        wait = patience_s
        while len(found) < self.out:
            try:
                one = self._done.get(timeout=wait) if wait > 0 else self._done.get_nowait()
            except Empty:
                break
            if isinstance(one, BaseException):
                raise one
            found.append(one)
            wait = 0.0
        self.out -= len(found)
        self._hire()
        return found

    def stalled(self) -> int:
        """How many calls have been out for too long."""
        now = time.monotonic()
        return sum(now - began > STALLED_AFTER_S for began in list(self._began.values()))

    def dismiss(self) -> list[Parcel]:
        """Nothing more is begun, and what was not is returned; what is under way ends by itself."""
        left: list[Parcel] = []
        while True:
            try:
                one = self._work.get_nowait()
            except Empty:
                break
            if one is not None:
                left.append(one)
        for _ in range(self._threads):
            self._work.put(None)
        self.out -= len(left)
        return left

    def _hire(self) -> None:
        wanted = min(self._workers + self.stalled(), self._workers * MOST_HANDS, self.out + self._threads)
        while self._threads < wanted and not self._work.empty():
            self._threads += 1
            threading.Thread(target=self._run, name=f"carrier-{self._threads}", daemon=True).start()

    def _run(self) -> None:
        me = threading.get_ident()
        while (parcel := self._work.get()) is not None:
            self._began[me] = time.monotonic()
            try:
                self._done.put(self._carry(parcel))
            except BaseException as error:
                self._done.put(error)
            finally:
                self._began.pop(me, None)
