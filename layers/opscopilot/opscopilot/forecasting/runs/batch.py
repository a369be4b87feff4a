"""Task `batch`: the forecasts of one slice of series, and the demand their lead times will see."""

from __future__ import annotations

import hashlib
from time import perf_counter
from typing import Any

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.reading import read_batch
from opscopilot.forecasting.demand.series import Series, compute
from opscopilot.forecasting.registry import trials
from opscopilot.forecasting.runs import batch_store, claims, versions
from opscopilot.forecasting.runs.keys import BatchKey
from opscopilot.kernel.db import Database


def run_batch(database: Database, config: ForecastConfig, key: BatchKey, memory_mb: int) -> dict[str, Any]:
    """Forecast one batch of a draft. What is done is not done again, and a closed version is left alone.

    The database is not held while the engine works. BatchBusy while another run computes the very same batch.
    """
    started = perf_counter()
    with database.tenant(key.tenant_id) as tx:
        version = versions.get(tx, key.version_id)
        if version.status != "draft":
            return {"batch": key.batch, "status": version.status}
        own = config.of(version.length, version.horizon_periods)
        if not claims.claim(tx, version, key, memory_mb):
            return {"batch": key.batch, "status": "completed"}
        found = read_batch(tx, version, key.batch, own)
        model, tried = trials.settings(tx, version), trials.challenger(tx, version)
        claims.describe(tx, key, _hash(found), len(found))
    outcome = compute(found, own, version.length, model)
    trial = trials.run(outcome.live, own, tried)
    with database.tenant(key.tenant_id) as tx:
        version = versions.get(tx, key.version_id, lock="SHARE")
        if version.status != "draft":
            return {"batch": key.batch, "status": version.status}
        if not claims.completed(tx, key, int((perf_counter() - started) * 1000)):
            return {"batch": key.batch, "status": "taken_over"}
        batch_store.store(tx, version, outcome, own)
        trials.store(tx, version, trial, trials.keys_of(outcome.live), outcome.forecast)
        claims.measure(tx, key, int((perf_counter() - started) * 1000))
    refused = sum(reason is not None for reason in outcome.refusals) + len(outcome.ended)
    return {"batch": key.batch, "series": len(found), "refused": refused, "status": "completed"}


def record_failure(database: Database, key: BatchKey, error: str, memory_mb: int) -> dict[str, Any]:
    """Task `batch_failed`: note why a batch could not be computed. The run goes on with the others."""
    with database.tenant(key.tenant_id) as tx:
        version = versions.get(tx, key.version_id)
        if version.status == "draft":
            claims.failed(tx, version, key, error, memory_mb)
    return {"batch": key.batch, "status": "failed"}


def _hash(found: list[Series]) -> str:
    digest = hashlib.sha256()
    for one in found:
        known = (one.entity_type, one.sku_id, one.location_id, one.lead_time, one.ended, one.refusal, one.note)
        digest.update(repr(known).encode() + one.values.tobytes())
        for more in (one.sold, *(other.values for other in one.alike)):
            digest.update(b"" if more is None else more.tobytes())
        if one.drivers is not None:
            digest.update(repr(one.drivers.names).encode() + one.drivers.past.tobytes() + one.drivers.future.tobytes())
    return digest.hexdigest()
