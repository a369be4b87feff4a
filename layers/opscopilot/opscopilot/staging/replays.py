"""The life of a replay: registered, staged, loaded or refused. Every step may happen twice."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Row, Tx


def begin(tx: Tx, job_id: UUID, replay_id: str) -> Row:
    """The replay, made now if its object came without being announced."""
    tx.execute(
        """INSERT INTO staging.replays (tenant_id, job_id, id, records, corrected)
           VALUES (:tenant, :job, :id, 0, 0) ON CONFLICT DO NOTHING""",
        tenant=tx.tenant_id, job=job_id, id=replay_id,
    )  # fmt: skip
    found = tx.one(
        "SELECT status, hand_over FROM staging.replays WHERE job_id = :job AND id = :id", job=job_id, id=replay_id
    )
    assert found is not None
    return found


def staged(
    tx: Tx, job_id: UUID, replay_id: str, tried: int, good: int, hand_over: dict[str, Any] | None
) -> bool:  # fmt: skip
    """Checked: `good` of the `tried` records are on their way to normalize. False when it was staged before."""
    return bool(tx.execute(
        """UPDATE staging.replays SET status = :status, records = :tried, staged_records = :good,
               failed_records = :wrong, hand_over = CAST(:answer AS jsonb), error_summary = NULL,
               updated_at = now()
           WHERE job_id = :job AND id = :id AND status IN ('pending', 'failed')""",
        job=job_id, id=replay_id, status="staged" if hand_over else "done", tried=tried, good=good, wrong=tried - good,
        answer=json.dumps(hand_over) if hand_over else None,
    ))  # fmt: skip


def fail(tx: Tx, job_id: UUID, replay_id: str, message: str) -> None:
    """The replay cannot go on; the job stays as it is."""
    tx.execute(
        """UPDATE staging.replays SET status = 'failed', error_summary = :message, updated_at = now()
           WHERE job_id = :job AND id = :id AND status <> 'done'""",
        job=job_id, id=replay_id, message=message[:1000],
    )  # fmt: skip


def fail_staged(tx: Tx, job_id: UUID, message: str) -> None:
    """Normalize gave up what was staged; the same corrections may be sent again."""
    tx.execute(
        """UPDATE staging.replays SET status = 'failed', hand_over = NULL, error_summary = :message, updated_at = now()
           WHERE job_id = :job AND status = 'staged'""",
        job=job_id, message=message[:1000],
    )  # fmt: skip
