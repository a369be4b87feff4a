"""The product's side: processes that run the notify function as Lambda would, on SQS batches, and its sweep."""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import SpawnProcess
from typing import Any

from benchmarks.notifying.plant import NOON

SWEEP_S = 60.0
INVOCATION_S = 60.0
Batch = list[dict[str, str]]


@dataclass(frozen=True)
class JumpingClock:
    """Shared by all processes of this machine: noon, plus the time since `began`, plus the pauses that were jumped
    over because nothing was due in them (minutes between attempts, which would be the benchmark)."""

    began: float
    jumped: Any

    def now(self) -> datetime:
        """The instant."""
        return NOON + timedelta(seconds=time.monotonic() - self.began + self.jumped.value)

    def jump_past(self, instant: datetime) -> None:
        """Skip the time until the first sweep after that instant."""
        sweeps = (instant - NOON).total_seconds() // SWEEP_S + 1
        self.jumped.value += max((NOON + timedelta(seconds=sweeps * SWEEP_S) - self.now()).total_seconds(), 0.0)


class _Context:
    """Lambda's context: what is left of this invocation."""

    def __init__(self) -> None:
        self._until = time.monotonic() + INVOCATION_S

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left."""
        return max(int((self._until - time.monotonic()) * 1000), 0)


def _handler(environment: dict[str, str], clock: JumpingClock) -> Any:
    import logging

    from opscopilot.entrypoints.notify import make_handler, notifier
    from opscopilot.kernel.settings import NotifySettings

    logging.disable(logging.WARNING)  # refused calls are what this is about; a line for each would be the benchmark
    settings = NotifySettings.model_validate({name.lower(): value for name, value in environment.items()})
    return make_handler(notifier(settings, clock))


def consume(environment: dict[str, str], clock: JumpingClock, work: Any, done: Any) -> None:
    """One sandbox: batches until None, each answered with the ids that must come again."""
    handle = _handler(environment, clock)
    done.put(("ready", []))
    while (batch := work.get()) is not None:
        failed = {one["itemIdentifier"] for one in handle({"Records": batch}, _Context())["batchItemFailures"]}
        done.put(("batch", [one for one in batch if one["messageId"] in failed]))


def sweep(environment: dict[str, str], clock: JumpingClock, work: Any, done: Any) -> None:
    """The scheduler: a sweep every minute, and when it is asked for one, until None."""
    handle = _handler(environment, clock)
    done.put(("ready", []))
    while True:
        try:
            asked = work.get(timeout=SWEEP_S)
        except queue.Empty:
            handle({"task": "sweep"}, _Context())
            continue
        if asked is None:
            return
        handle(asked, _Context())
        done.put(("task", []))


class Consumers:
    """As many sandboxes as the template lets run at once, and the sweep."""

    def __init__(self, environment: dict[str, str], sandboxes: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._work, self._sweeps, self._done = (self._context.Queue() for _ in range(3))
        self.clock = JumpingClock(time.monotonic(), self._context.Value("d", 0.0))
        self._environment = environment
        self._running = [self._start(consume, self._work) for _ in range(sandboxes)]
        self._sweeper = self._start(sweep, self._sweeps)
        for _ in range(sandboxes + 1):
            self._done.get()

    def _start(self, what: Any, work: Any) -> SpawnProcess:
        process = self._context.Process(
            target=what, args=(self._environment, self.clock, work, self._done), daemon=True
        )
        process.start()
        return process

    def hand_in(self, batches: Sequence[Batch]) -> int:
        """Every batch, and again what failed, until all are taken in; how many records came again."""
        for batch in batches:
            self._work.put(batch)
        waiting, again = len(batches), 0
        while waiting:
            _, failed = self._done.get()
            waiting -= 1
            if failed:
                again += len(failed)
                waiting += 1
                self._work.put(failed)
        return again

    def ask(self, task: dict[str, Any]) -> None:
        """Have the sweep's process do a task, to its end."""
        self._sweeps.put(task)
        self._done.get()

    def stop(self) -> None:
        """End all."""
        for one in [*self._running, self._sweeper]:
            one.kill()
            one.join()
