"""The record of a run: what was asked, where it stands, how it ended. One row per run and tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.kernel.db import Tx

Step = Literal["plan", "prepare", "forecast", "reconcile", "publish", "done"]
StartedBy = Literal["request", "data", "schedule"]
Ending = Literal["completed", "skipped", "failed"]

ALIVE_S = 900
"""A run that has said nothing for longer is taken for dead: no step of it takes longer than a Lambda may."""


def begin(
    tx: Tx, run_id: UUID, execution: str, started_by: StartedBy, periods: Sequence[PeriodName], scope: str
) -> None:
    """Write the run down, or take it up again when it was interrupted."""
    tx.execute(
        """INSERT INTO forecast.forecast_runs AS r (tenant_id, id, scope, started_by, execution, periods)
           VALUES (:tenant, :id, :scope, :by, :execution, CAST(:periods AS text[]))
           ON CONFLICT (tenant_id, id) DO UPDATE SET execution = excluded.execution, status = 'running', step = 'plan',
               periods = excluded.periods, error = NULL, reason = NULL, ended_at = NULL, updated_at = now(),
               row_version = r.row_version + 1""",
        tenant=tx.tenant_id, id=run_id, scope=scope, by=started_by, execution=execution, periods=list(periods),
    )  # fmt: skip


def works_on(tx: Tx, run_id: UUID, versions: Sequence[UUID], resumed: int) -> None:
    """Note the versions of the run, and how many of their batches were finished before it."""
    tx.execute(
        """UPDATE forecast.forecast_runs SET versions = CAST(:versions AS uuid[]), resumed_batches = :resumed,
               updated_at = now() WHERE id = :id""",
        id=run_id, versions=[str(one) for one in versions], resumed=resumed,
    )  # fmt: skip


def at_step(tx: Tx, run_id: UUID, step: Step) -> None:
    """Note that the run has come to this step; a sign of life too."""
    tx.execute(
        "UPDATE forecast.forecast_runs SET step = :step, updated_at = now() WHERE id = :id AND status = 'running'",
        id=run_id, step=step,
    )  # fmt: skip


def end(tx: Tx, run_id: UUID, ending: Ending, said: str | None = None) -> None:
    """Close the run. `said` is the reason of a skipped one, the error of a failed one."""
    tx.execute(
        """UPDATE forecast.forecast_runs SET status = :ending, ended_at = now(), updated_at = now(),
               step = CASE WHEN :ending = 'failed' THEN step ELSE 'done' END,
               reason = CASE WHEN :ending = 'skipped' THEN :said END,
               error = CASE WHEN :ending = 'failed' THEN :said END, row_version = row_version + 1
           WHERE id = :id""",
        id=run_id, ending=ending, said=None if said is None else said[:2000],
    )  # fmt: skip


def others_alive(tx: Tx, version_id: UUID, run_id: UUID | None) -> list[UUID]:
    """Other runs that are working on the version right now."""
    rows = tx.rows(
        """SELECT r.id FROM forecast.forecast_runs r WHERE r.versions @> ARRAY[CAST(:version AS uuid)]
               AND r.status = 'running' AND r.id IS DISTINCT FROM CAST(:run AS uuid) AND (
                   r.updated_at > now() - make_interval(secs => :alive) OR EXISTS (
                       SELECT 1 FROM forecast.model_executions e WHERE e.version_id = :version AND e.run_id = r.id
                           AND coalesce(e.ended_at, e.started_at) > now() - make_interval(secs => :alive)))""",
        version=version_id, run=run_id, alive=ALIVE_S,
    )  # fmt: skip
    return [row["id"] for row in rows]
