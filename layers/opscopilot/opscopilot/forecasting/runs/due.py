"""Whether new data should start a forecast now, later, or not at all because a later file's event will."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from opscopilot.forecasting.demand import inputs
from opscopilot.forecasting.runs.request import Detail
from opscopilot.kernel.db import Tx

_SURELY_AHEAD_S = 15
"""Less than the state machine waits between two looks (20 s, `LetDataSettle` in statemachines/forecasting.asl.json)."""
LONGEST_WAIT = timedelta(minutes=20)
"""A plant into which files never stop coming gets its forecast all the same."""
_UPLOADS_S, _LOADS_S = 180, 1800

Verdict = Literal["now", "wait"]


def verdict(tx: Tx, event: Detail, started: datetime | None, now: datetime) -> Verdict | str:
    """'now', 'wait', or the reason why this event has nothing to do.

    An event is left to a newer one only while that one's own first look certainly lies ahead, so that the newer
    plan sees whatever this one does. Later than that it could have looked before this event's rows were committed:
    then this event goes on, and the fingerprint of the data tells whether anything is left to do. An open job is
    waited for and never trusted to send an event: a file that fails sends none.
    """
    if event.entity_type not in inputs.RELEVANT_ENTITIES:
        return f"{event.entity_type} does not change a forecast"
    if inputs.newer_data_event(tx, event.event_id, _SURELY_AHEAD_S):
        return "newer data came in after this event; its own event does the work"
    if _loading(tx) and started is not None and now - started < LONGEST_WAIT:
        return "wait"
    return "now"


def _loading(tx: Tx) -> bool:
    """Whether files of this plant are on their way in. Neither an upload that never came nor a job that has not moved
    for half an hour counts; what waits for a person or has failed does not either."""
    return bool(
        tx.scalar(
            """SELECT EXISTS (SELECT 1 FROM staging.ingestion_jobs
                   WHERE status = 'running' AND updated_at > now() - make_interval(secs => :loads)
                      OR status = 'pending' AND created_at > now() - make_interval(secs => :uploads))""",
            loads=_LOADS_S, uploads=_UPLOADS_S,
        )
    )  # fmt: skip
