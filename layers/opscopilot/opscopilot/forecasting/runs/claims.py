"""Who computes a batch, how that ended, how long it took and what it cost: one execution per batch (A20)."""

from __future__ import annotations

from opscopilot.forecasting.runs.keys import BatchKey
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

LEASE_S = 120
"""Seconds after which a batch that another run began counts as abandoned; one takes less than 60."""


class BatchBusy(Exception):
    """Another run is computing this batch at this moment. State machines retry on this very name."""


def claim(tx: Tx, version: Version, key: BatchKey, memory_mb: int) -> bool:
    """Take the batch: False when it is done already, BatchBusy while another run is at it."""
    done = tx.scalar(
        """SELECT status = 'completed' FROM forecast.model_executions
           WHERE version_id = :version AND batch = :batch""",
        version=version.id, batch=key.batch,
    )  # fmt: skip
    if done:
        return False
    taken = tx.scalar(
        """INSERT INTO forecast.model_executions AS e (tenant_id, model_id, version_id, batch, status, input_hash,
               run_id, memory_mb) VALUES (:tenant, :model, :version, :batch, 'running', '', :run, :memory)
           ON CONFLICT (tenant_id, version_id, batch) DO UPDATE SET status = 'running', attempts = e.attempts + 1,
               run_id = excluded.run_id, memory_mb = excluded.memory_mb, started_at = now(), ended_at = NULL,
               latency_ms = NULL, error = NULL
           WHERE e.status <> 'completed' AND (e.status <> 'running' OR e.run_id IS NOT DISTINCT FROM excluded.run_id
               OR e.started_at < now() - make_interval(secs => :lease)
               OR NOT EXISTS (SELECT 1 FROM forecast.forecast_runs r WHERE r.tenant_id = e.tenant_id
                              AND r.id = e.run_id AND r.status = 'running'))
           RETURNING e.id""",
        tenant=tx.tenant_id, model=version.model_id, version=version.id, batch=key.batch, run=key.run_id,
        memory=memory_mb, lease=LEASE_S,
    )  # fmt: skip
    if taken is None:
        raise BatchBusy(f"batch {key.batch} of {version.code} is being computed by another run")
    return True


def describe(tx: Tx, key: BatchKey, input_hash: str, series: int) -> None:
    """Note what goes into the batch."""
    tx.execute(
        """UPDATE forecast.model_executions SET input_hash = :hash, series = :series
           WHERE version_id = :version AND batch = :batch""",
        version=key.version_id, batch=key.batch, hash=input_hash, series=series,
    )  # fmt: skip


def completed(tx: Tx, key: BatchKey, latency_ms: int) -> bool:
    """Note that the batch is done; False when another run has taken it over in the meantime."""
    return bool(
        tx.execute(
            """UPDATE forecast.model_executions SET status = 'completed', ended_at = now(), latency_ms = :latency
               WHERE version_id = :version AND batch = :batch AND status = 'running' AND run_id = :run""",
            version=key.version_id, batch=key.batch, run=key.run_id, latency=latency_ms,
        )
    )  # fmt: skip


def measure(tx: Tx, key: BatchKey, latency_ms: int) -> None:
    """Note how long the batch took, its writing included, and add what that costs."""
    tx.execute(
        """UPDATE forecast.model_executions SET latency_ms = :latency, ended_at = clock_timestamp(),
               gb_seconds = gb_seconds + memory_mb / 1024.0 * CAST(:latency AS numeric) / 1000
           WHERE version_id = :version AND batch = :batch""",
        version=key.version_id, batch=key.batch, latency=latency_ms,
    )  # fmt: skip


def failed(tx: Tx, version: Version, key: BatchKey, error: str, memory_mb: int) -> None:
    """Note why the batch could not be computed; what its last attempt cost is taken from when it began."""
    tx.execute(
        """INSERT INTO forecast.model_executions AS e (tenant_id, model_id, version_id, batch, status, input_hash,
               run_id, memory_mb, error, ended_at)
           VALUES (:tenant, :model, :version, :batch, 'failed', '', :run, :memory, :error, now())
           ON CONFLICT (tenant_id, version_id, batch) DO UPDATE SET status = 'failed', error = excluded.error,
               ended_at = now(), gb_seconds = e.gb_seconds + CASE WHEN e.status = 'running' THEN e.memory_mb / 1024.0
                   * least(extract(epoch FROM now() - e.started_at), 900) ELSE 0 END
           WHERE e.status <> 'completed' AND e.run_id IS NOT DISTINCT FROM excluded.run_id""",
        tenant=tx.tenant_id, model=version.model_id, version=version.id, batch=key.batch, run=key.run_id,
        memory=memory_mb, error=error[:2000],
    )  # fmt: skip
