"""When a person may be disturbed.

Who follows shifts (`hold_outside_shift`) is free exactly while they are at work: a night shift is worked inside
anybody's usual quiet hours, so these are not asked as well. Quiet hours decide for everybody else, and for those whose
shift calendar says nothing about the next fourteen days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from opscopilot.kernel.clock import on_the_wall
from opscopilot.notifications.people.quiet import QuietHours
from opscopilot.notifications.people.rota import Rota
from opscopilot.notifications.policy.model import Hold


@dataclass(frozen=True)
class Available:
    """Implements `policy.model.Availability` for one person; `zone` is the one they read times in."""

    quiet: QuietHours | None = None
    rota: Rota | None = None
    zone: str = "UTC"

    def hold(self, instant: datetime) -> Hold | None:
        """Until when a message met at `instant` (aware) waits; None: it may go now. At most fourteen days
        ahead for a shift, and two more where quiet hours come first. `until` (UTC) is exact, and free itself."""
        instant = instant.astimezone(UTC)  # two wall times of one zone are an hour wrong over a change
        work = self.rota.next_work(instant) if self.rota else None
        if work is not None:
            return None if work[0] <= instant else self._until(work[0])
        until = self.quiet.release(instant) if self.quiet else None
        if self.quiet is None or until is None:
            return None
        later = self.hold(until)  # by then the next shift may have come within sight, and decides
        return later or Hold(
            "quiet_hours", until, f"Held until {on_the_wall(until, self.zone)}: quiet hours {self.quiet}."
        )

    def _until(self, start: datetime) -> Hold:
        return Hold(
            "shift", start, f"Held until {on_the_wall(start, self.zone)}: not at work before the next shift starts."
        )
