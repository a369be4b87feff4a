"""Task `batch`: the forecasts of one slice of series, and the demand their lead times will see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.demand.series import Series, compute
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.runs import batch_store, claims, versions
from opscopilot.forecasting.runs.keys import BatchKey
from opscopilot.forecasting.supply.leadtimes import sourcing
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import ValidationFailed


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
        found = _read(tx, version, key.batch, own)
        claims.describe(tx, key, _hash(found), len(found))
    outcome = compute(found, own)
    with database.tenant(key.tenant_id) as tx:
        version = versions.get(tx, key.version_id, lock="SHARE")
        if version.status != "draft":
            return {"batch": key.batch, "status": version.status}
        if not claims.completed(tx, key, int((perf_counter() - started) * 1000)):
            return {"batch": key.batch, "status": "taken_over"}
        batch_store.store(tx, version, outcome, own)
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


def _read(tx: Tx, version: versions.Version, number: int, config: ForecastConfig) -> list[Series]:
    rows = tx.rows(
        """SELECT s.entity_id, s.sku_code, s.uom, k.is_active, k.valid_to FROM forecast.forecast_series s
           JOIN manufacturing.skus k ON k.id = s.entity_id
           WHERE s.version_id = :version AND s.batch = :batch ORDER BY s.sku_code COLLATE "C" """,
        version=version.id, batch=number,
    )  # fmt: skip
    if not rows:
        raise ValidationFailed(
            f"Version {version.code} has no batch {number}.", field="batch", value=number,
            expected=f"a number from 0 to {version.batches - 1}",
        )  # fmt: skip
    histories = _histories(tx, version, number, len(rows))
    known = sourcing(tx, version.as_of, config, (version.id, number))
    return [
        Series(row["entity_id"], row["sku_code"], row["uom"], _ended(row, version), values,
               known[row["entity_id"]].lead_time)
        for row, values in zip(rows, histories, strict=True)
    ]  # fmt: skip


def _histories(tx: Tx, version: versions.Version, number: int, count: int) -> Iterator[FloatArray]:
    """Demand per series in the order of the codes, cut where the version's history ends."""
    stream = copyio.read(
        tx,
        f"""SELECT s.place, h.unconstrained_qty FROM (SELECT entity_id,
                row_number() OVER (ORDER BY sku_code COLLATE "C") - 1 AS place FROM forecast.forecast_series
                WHERE version_id = '{version.id}' AND batch = {number:d}) s
            JOIN forecast.demand_history h ON h.sku_id = s.entity_id AND h.period = '{version.period}'
            WHERE h.bucket_start <= '{version.history_end}' ORDER BY s.place, h.bucket_start""",
    )
    lines = stream.getvalue().decode().splitlines()
    table = np.loadtxt(lines, delimiter="\t", ndmin=2) if lines else np.zeros((0, 2))
    edges = np.searchsorted(table[:, 0], np.arange(count + 1))
    for i in range(count):
        yield table[edges[i] : edges[i + 1], 1]


def _ended(row: dict[str, Any], version: versions.Version) -> str | None:
    if not row["is_active"]:
        return "the item is no longer active"
    if row["valid_to"] is not None and row["valid_to"] <= version.as_of:
        return f"the item ended on {row['valid_to']}"
    return None


def _hash(found: list[Series]) -> str:
    digest = hashlib.sha256()
    for one in found:
        digest.update(f"{one.sku_id} {one.lead_time} {one.ended} ".encode() + one.values.tobytes())
    return digest.hexdigest()
