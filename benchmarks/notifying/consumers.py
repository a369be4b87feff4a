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

SPEED = 10
"""The notifier's clock runs this much faster: pauses between attempts are minutes, a benchmark is not."""
INVOCATION_S = 60.0
Batch = list[dict[str, str]]


@dataclass(frozen=True)
class FastClock:
    """Shared by all processes of this machine: noon, plus the time since `began`, sped up."""

    began: float

    def now(self) -> datetime:
        """The sped-up instant."""
        return NOON + timedelta(seconds=SPEED * (time.monotonic() - self.began))


class _Context:
    """Lambda's context: what is left of this invocation."""

    def __init__(self) -> None:
        self._until = time.monotonic() + INVOCATION_S

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left."""
        return max(int((self._until - time.monotonic()) * 1000), 0)


def _handler(environment: dict[str, str], began: float) -> Any:
    import logging

    from opscopilot.entrypoints.notify import make_handler, notifier
    from opscopilot.kernel.settings import NotifySettings

    logging.disable(logging.WARNING)  # refused calls are what this is about; a line for each would be the benchmark
    settings = NotifySettings.model_validate({name.lower(): value for name, value in environment.items()})
    return make_handler(notifier(settings, FastClock(began)))


def consume(environment: dict[str, str], began: float, work: Any, done: Any) -> None:
    """One sandbox: batches until None, each answered with the ids that must come again."""
    handle = _handler(environment, began)
    done.put(("ready", []))
    while (batch := work.get()) is not None:
        failed = {one["itemIdentifier"] for one in handle({"Records": batch}, _Context())["batchItemFailures"]}
        done.put(("batch", [one for one in batch if one["messageId"] in failed]))


def sweep(environment: dict[str, str], began: float, work: Any, done: Any) -> None:
    """The scheduler: a sweep every minute of the fast clock, until None."""
    handle = _handler(environment, began)
    done.put(("ready", []))
    while True:
        try:
            asked = work.get(timeout=60.0 / SPEED)
        except queue.Empty:
            handle({"task": "sweep"}, _Context())
            continue
        if asked is None:
            return
        handle(asked, _Context())


class Consumers:
    """As many sandboxes as the template lets run at once, and the sweep."""

    def __init__(self, environment: dict[str, str], sandboxes: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._work, self._sweeps, self._done = (self._context.Queue() for _ in range(3))
        self.began = time.monotonic()
        self._environment = environment
        self._running = [self._start(consume, self._work) for _ in range(sandboxes)]
        self._sweeper = self._start(sweep, self._sweeps)
        for _ in range(sandboxes + 1):
            self._done.get()

    def _start(self, what: Any, work: Any) -> SpawnProcess:
        process = self._context.Process(
            target=what, args=(self._environment, self.began, work, self._done), daemon=True
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
        """A task for the sweep's process, for example a redrive."""
        self._sweeps.put(task)

    def stop(self) -> None:
        """End all."""
        for one in [*self._running, self._sweeper]:
            one.kill()
            one.join()
