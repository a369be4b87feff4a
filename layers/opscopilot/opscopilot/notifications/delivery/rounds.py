"""One round of sending for one tenant: claim a batch, carry it outside any transaction, record what is ready, repeat.

Claiming, carrying and recording overlap: while a receiver keeps its caller waiting, others are served, and what they
answered is on record within a twentieth of a second. A process that dies leaves in doubt what was out, no more.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from opscopilot.kernel.clock import Clock, Deadline
from opscopilot.kernel.db import Database, Tx
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.delivery import claiming, dead_letters, destinations, outcomes
from opscopilot.notifications.delivery.attempts import Attempts, given_back, parcels
from opscopilot.notifications.delivery.breaker import Breaker
from opscopilot.notifications.delivery.carrying import Carriers
from opscopilot.notifications.delivery.checks import failure_of
from opscopilot.notifications.delivery.model import Destination, Result

log = logging.getLogger(__name__)
BATCH = 64
"""Messages that are claimed and not yet on record, at most: what a crash would leave in doubt."""
RECORD_AT = 16
RECORD_AFTER_S = 0.05
MIN_TIME_LEFT_S = 10.0
"""Nothing new is claimed with less time than this left."""
GRACE_S = 1.0
RECORD_TRIES = (0.2, 1.0, 3.0)
"""Pauses before recording is tried again: what is not on record goes out a second time."""


class Round:
    """Its state: what is planned, what is out, what is not on record yet."""

    def __init__(
        self, db: Database, tenant_id: UUID, kinds: Kinds, clock: Clock, deadline: Deadline,
        event_ids: Collection[UUID] | None,
    ) -> None:  # fmt: skip
        self._db, self._tenant_id, self._kinds, self._clock, self._deadline = db, tenant_id, kinds, clock, deadline
        self._people = [code for code, kind in kinds.items() if kind.for_people]
        self._event_ids = event_ids
        self._heads: list[UUID] = []
        self._planned_out = False
        self._breakers: dict[Destination, Breaker] = {}
        self.blocked: dict[Destination, datetime] = {}
        self._told: set[str] = set()
        self._ready: list[Result] = []
        self._ready_since = 0.0
        self.counts: Counter[str] = Counter()

    def run(self, attempts: Attempts, workers: int) -> Counter[str]:
        """Send while something is due and there is time; notifications by what became of them."""
        carriers = Carriers(attempts.carry, workers)
        try:
            while self._goes_on(carriers):
                self._claim(attempts, carriers)
                found = carriers.collect(RECORD_AFTER_S if carriers.out else 0.0)
                if found and not self._ready:
                    self._ready_since = time.monotonic()
                self._ready += found
                self._record(everything=carriers.out == 0)
        except Exception:
            self._save(carriers)
            raise
        finally:
            carriers.dismiss()
        return self.counts

    def _save(self, carriers: Carriers) -> None:
        """Something went wrong, the database most likely: what was sent must be on record all the same, and what was
        not goes back."""
        now = self._clock.now()
        self._ready += [given_back(one, now) for one in carriers.dismiss()]
        while carriers.out and self._deadline() > GRACE_S:
            self._ready += carriers.collect(RECORD_AFTER_S)
        try:
            self._record(everything=True)
        except Exception:
            log.exception("%d messages are not on record; they go out once more", len(self._ready))

    def _goes_on(self, carriers: Carriers) -> bool:
        if carriers.out:
            if self._deadline() > GRACE_S:
                return True
            self._record(everything=True)
            log.error("%d messages are left without an answer; they go out once more", carriers.out)
            return False
        return not self._planned_out and self._deadline() > MIN_TIME_LEFT_S

    def _claim(self, attempts: Attempts, carriers: Carriers) -> None:
        room = BATCH - carriers.out - len(self._ready)
        if self._planned_out and carriers.stalled() and self._event_ids is not None:
            self._event_ids, self._planned_out = None, False  # while it waits it may as well help with the rest
        if self._planned_out or room < BATCH // 2 or self._deadline() <= MIN_TIME_LEFT_S:
            return
        with self._db.tenant(self._tenant_id) as tx:
            now = self._clock.now()
            if not self._heads:
                self._heads = claiming.plan(tx, now, self._people, self._event_ids)
            groups, self._heads = claiming.take(tx, self._heads, room, now, self._people)
            if not groups:
                self._planned_out = True
                return
            self._notice(destinations.watched(tx))
            leaving, staying = parcels(groups, self._kinds, self._breakers, self._prober(tx, now), now)
            claiming.mark(tx, leaving, staying, now)
            attempts.composer.prepare(tx)
            dead_letters.raise_alerts(tx, dead_letters.given_up(staying, self._kinds), now, self._told)
        self.counts.update(found.status or "held" for _, found in staying)
        carriers.hand_out(leaving)

    def _prober(self, tx: Tx, now: datetime) -> destinations.Prober:
        def probe(one: Destination) -> Breaker | None:
            found = destinations.probe(tx, one, now)
            if found is not None:
                self._breakers[one] = found
            return found

        return probe

    def _notice(self, watched: dict[Destination, Breaker]) -> None:
        self._breakers = watched
        self.blocked.clear()
        self.blocked.update({
            name: one.retry_at for name, one in watched.items() if not one.lets_through() and one.retry_at is not None
        })  # fmt: skip

    def _record(self, *, everything: bool) -> None:
        due = everything or len(self._ready) >= RECORD_AT or time.monotonic() - self._ready_since >= RECORD_AFTER_S
        if not self._ready or not due:
            return
        results, self._ready = self._ready, []
        for pause in (*RECORD_TRIES, None):
            try:
                self._write(results)
                return
            except Exception:
                if pause is None:
                    raise
                log.exception("what became of %d messages could not be recorded; trying again", len(results))
                time.sleep(pause)

    def _write(self, results: list[Result]) -> None:
        with self._db.tenant(self._tenant_id) as tx:
            now = self._clock.now()
            counts = outcomes.finish(tx, results)
            shown = {
                name: met for name, met in outcomes.met(results).items()
                if name in self._breakers or any(one is not None for one in met)
            }  # fmt: skip
            changed = destinations.settle(tx, shown, now)
            told = set(self._told)
            dead_letters.raise_alerts(tx, dead_letters.lost(results), now, told)
            back = [
                failure_of(*name) for name, (was, one) in changed.items() if one.lets_through() > was.lets_through()
            ]
            dead_letters.resolve_alerts(tx, back, now, "Messages get through again.")
        self._told = told
        self.counts.update(counts)
        for name, (_, after) in changed.items():
            self._breakers[name] = after
            if after.lets_through() or after.retry_at is None:
                self.blocked.pop(name, None)
            else:
                self.blocked[name] = after.retry_at
