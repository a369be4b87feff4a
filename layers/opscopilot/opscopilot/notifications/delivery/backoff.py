"""How often and when what failed is tried again. One level only: no client below retries by itself."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

MAX_ATTEMPTS = 6
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


def pause_before(message_id: UUID, attempt: int, wish_s: float | None = None) -> timedelta:
    """How long to wait after failed `attempt` (1, 2, …): doubling from one minute to an hour, half of it jitter.

    The jitter comes from the id, so messages that failed together do not return together, and a test can know
    it. A receiver that names a pause (Retry-After) gets at least that, up to an hour.
    """
    whole = min(FIRST_PAUSE * (1 << (attempt - 1)), LONGEST_PAUSE)
    digest = hashlib.sha256(f"{message_id}:{attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    pause = whole / 2 + whole / 2 * share
    return pause if wish_s is None else max(pause, min(timedelta(seconds=max(wish_s, 0)), LONGEST_PAUSE))
