"""50,000 alerts for 500 people through the real queue consumer, beside a bare loop that posts the same messages.

    make bench-notify                                # or: python -m benchmarks.notify --alerts 5000

Receivers on this machine fail 10 % of the calls (503), never answer 2 %, and ask for a pause in 2 % (429). The
product's side is the notify function's own handler, in as many processes as the template lets run at once, fed with
SQS batches of the template's size (one record in fifty twice), on a real Postgres, with its sweep once a minute. When
nothing is due its clock jumps to the next sweep that has work: the pauses between attempts are minutes. The peer posts
the same bodies with the same library, the same number of processes and threads and the same time limit, at once again
what was not taken, and keeps no record. Both are also timed with receivers that never fail (`reliable`), where only the work counts.

`lost`: alerts that no receiver ever took. `duplicates`: messages that were taken more than once.
Last line: RESULT {json}.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from benchmarks.notifying.bare import post_all
from benchmarks.notifying.consumers import Consumers
from benchmarks.notifying.plant import fill, open_as, records
from benchmarks.notifying.receivers import Receivers, Taken
from local.constants import REPOSITORY
from local.template import load
from local.testing import ThrowawayDatabase, database
from opscopilot.kernel.db import Database

SANDBOXES, THREADS, PORTS = 4, 8, 25
TIME_LIMIT_S = 5.0
_STATE = """
SELECT count(*) FILTER (WHERE status IN ('pending', 'failed', 'sending')) AS open,
    count(*) FILTER (WHERE status = 'sending') AS sending, count(*) FILTER (WHERE status = 'dead') AS dead,
    min(scheduled_at) FILTER (WHERE status IN ('pending', 'failed')) AS next
FROM notification.notifications"""


def main(given: Sequence[str] | None = None) -> None:
    """Both kinds of receivers, both sides, and the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=50_000)
    parser.add_argument("--people", type=int, default=500)
    asked = parser.parse_args(given)
    hard = _compare("unreliable", asked.alerts, asked.people)
    easy = _compare("reliable", max(asked.alerts // 5, 1), asked.people)
    result = {
        "lost": hard["lost"] + easy["lost"], "duplicates": hard["duplicates"] + easy["duplicates"],
        "throughput_ratio_to_bare": hard["ratio"], "reliable_ratio_to_bare": easy["ratio"],
        "alerts": asked.alerts, "people": asked.people, "messages_per_s": hard["per_s"],
        "bare_messages_per_s": hard["bare_per_s"], "reliable_messages_per_s": easy["per_s"],
        "reliable_bare_messages_per_s": easy["bare_per_s"], "calls": hard["calls"], "redriven": hard["redriven"],
    }  # fmt: skip
    print("RESULT " + json.dumps(result))


def _compare(kind: str, alerts: int, people: int) -> dict[str, Any]:
    receivers = Receivers(PORTS, kind)
    try:
        with database() as db:
            tenant = fill(db, people, receivers.ports)
            seconds, redriven = _product(db, tenant, alerts, people)
        taken = receivers.report()
        found = _judged(taken, alerts)
        print(f"{kind}: {alerts:,} alerts in {seconds:.1f} s, calls {dict(taken.answers)}", flush=True)
        receivers.clear()
        bare = post_all(list(taken.messages.values()), SANDBOXES, THREADS, TIME_LIMIT_S)
        print(f"{kind}: the bare loop posts them in {bare:.1f} s", flush=True)
    finally:
        receivers.stop()
    return {
        **found, "ratio": round(bare / seconds, 3), "per_s": round(alerts / seconds, 1), "redriven": redriven,
        "bare_per_s": round(len(taken.messages) / bare, 1), "calls": dict(taken.answers),
    }  # fmt: skip


def _judged(taken: Taken, alerts: int) -> dict[str, int]:
    """One alert is for one person, so two messages about one alert are one too many, whatever their keys say."""
    told = [json.loads(body)["dedupe_key"] for _, body in taken.messages.values()]
    repeats = sum(count - 1 for count in taken.accepted.values())
    return {"lost": alerts - len(set(told)), "duplicates": repeats + len(told) - len(set(told))}


def _product(db: ThrowawayDatabase, tenant: UUID, alerts: int, people: int) -> tuple[float, int]:
    environment = db.environment("ops_notify") | {
        "EVENT_BUS_NAME": "none", "EMAIL_SENDER": "a@plant.example", "DB_POOL_SIZE": "4",
    }  # fmt: skip
    source = records(tenant, alerts, people)
    size = _batch_size()
    batches = list(iter(lambda: list(islice(source, size)), []))
    reader = open_as(db, "ops_copilot")
    consumers = Consumers(environment, SANDBOXES)
    try:
        began = time.monotonic()
        consumers.hand_in(batches)
        print(f"  taken in after {time.monotonic() - began:.1f} s", flush=True)
        redriven = _until_done(reader, tenant, consumers)
        return time.monotonic() - began, redriven
    finally:
        consumers.stop()
        reader.engine.dispose()


def _batch_size() -> int:
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it would warn of metrics nobody collects
    template = load(REPOSITORY / "template.yaml")
    return next(one.batch_size for one in template.event_sources() if "Alerts" in one.name)


def _until_done(reader: Database, tenant: UUID, consumers: Consumers) -> int:
    """Wait for retries; what six attempts did not bring through is redriven, as an operator would. How many."""
    redriven = 0
    while True:
        with reader.tenant(tenant) as tx:
            state = tx.rows(_STATE)[0]
        if not state["open"] and not state["dead"]:
            return redriven
        if not state["open"]:
            redriven += state["dead"]
            consumers.ask({"task": "redrive", "status": "dead"})
        elif not state["sending"]:
            consumers.clock.jump_past(state["next"])
        consumers.ask({"task": "sweep"})


if __name__ == "__main__":
    main()
