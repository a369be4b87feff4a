"""A circuit breaker: who has failed five times in a row is left alone for a while, then asked once. Pure.

Only failures that blame the destination count: a wrong address or a refused message says nothing about the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

OPENS_AFTER = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
PROBE_LEASE = timedelta(seconds=60)
"""How long a probe may be out before another process may send the next one."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a destination is doing. `failures`: in a row, and since it is open the failed probes as well."""

    state: Literal["closed", "open", "half_open"] = "closed"
    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    last_error: str | None = None

    def lets_through(self) -> bool:
        """Whether messages go without asking."""
        return self.state == "closed"

    def may_probe(self, now: datetime) -> bool:
        """Whether it is time to try one message."""
        return self.state != "closed" and (self.retry_at is None or self.retry_at <= now)

    def probing(self, now: datetime) -> Breaker:
        """One message is out to see."""
        return replace(self, state="half_open", retry_at=now + PROBE_LEASE)

    def after(self, outcomes: Sequence[str | None], now: datetime) -> Breaker:
        """The breaker after these outcomes in order: None got through, a text is the failure's."""
        found = self
        for error in outcomes:
            found = found._succeeded() if error is None else found._failed(error, now)
        return found

    def _succeeded(self) -> Breaker:
        return Breaker() if self != Breaker() else self

    def _failed(self, error: str, now: datetime) -> Breaker:
        if self.state == "open":  # sent before it opened: it says nothing new
            return self
        failures = self.failures + 1
        if self.state == "closed" and failures < OPENS_AFTER:
            return replace(self, failures=failures, last_error=error)
        pause = min(FIRST_PAUSE * (1 << min(failures - OPENS_AFTER, 10)), LONGEST_PAUSE)
        return Breaker("open", failures, self.opened_at or now, now + pause, error)
