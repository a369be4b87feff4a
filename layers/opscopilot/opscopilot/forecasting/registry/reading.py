"""Models and their executions, as the API shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from opscopilot.forecasting.registry import models
from opscopilot.forecasting.registry.verdict import Verdict, verdict
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import Page, cut, decode_cursor

ModelType = Literal["demand", "inventory", "supply", "quality"]
ModelStatus = Literal["registered", "validated", "active", "retired"]


class Comparison(BaseModel):
    """The challenger beside the active model, paired by series."""

    better: bool
    text: str = Field(description="Why it is (not) better.")
    series: int
    wape: float | None
    champion_wape: float | None
    p_value: float | None = Field(description="Chance of such a gain were the two equally good.")
    coverage_95: float | None
    champion_coverage_95: float | None
    live_n: int = Field(description="Forecasts of both that have met what came.")
    live_ratio: float | None = Field(description="Challenger's errors over the active model's; below 1 is better.")


class Model(BaseModel):
    """A registered model. `metrics` holds per period what its last version measured, and its drift."""

    id: UUID
    name: str
    version: str
    type: ModelType
    method: str
    params: dict[str, Any]
    status: ModelStatus
    trained_at: datetime | None
    training_from: date | None
    training_to: date | None
    metrics: dict[str, Any]
    created_at: datetime
    created_by: str
    validated_at: datetime | None
    activated_at: datetime | None
    retired_at: datetime | None


class ModelDetail(Model):
    """One model, with how it compares where it challenges."""

    executions: int
    latency_ms_mean: float | None
    comparison: Comparison | None


class Execution(BaseModel):
    """One batch computed with the model."""

    id: UUID
    version: str
    batch: int
    status: Literal["pending", "running", "completed", "failed"]
    attempts: int
    series: int
    input_hash: str = Field(description="SHA-256 of what went in; the same input has the same hash.")
    started_at: datetime
    ended_at: datetime | None
    latency_ms: int | None
    error: str | None


def every(tx: Tx, status: ModelStatus | None, kind: ModelType | None, cursor: str | None, limit: int) -> Page[Model]:
    """Models, the newest first."""
    where = """(CAST(:status AS text) IS NULL OR m.status = :status)
        AND (CAST(:kind AS text) IS NULL OR m.type = :kind)"""
    asked = {"status": status, "kind": kind}
    rows, total, following = _page(tx, "forecast.forecast_models m", "m.*", where, asked, cursor, limit)
    return Page(items=[Model.model_validate(row) for row in rows], next_cursor=following, total=total)


def one(tx: Tx, model_id: UUID) -> ModelDetail:
    """One model. NotFound when there is none of that id."""
    row = models.get(tx, model_id)
    ran = tx.one(
        """SELECT count(*) AS executions, avg(latency_ms)::float8 AS latency_ms_mean FROM forecast.model_executions
           WHERE model_id = :id AND status = 'completed'""",
        id=model_id,
    )  # fmt: skip
    compared = verdict(tx, model_id) if row["status"] in ("registered", "validated") else None
    return ModelDetail(**row, **(ran or {}), comparison=None if compared is None else _shown(compared))


def _shown(found: Verdict) -> Comparison:
    return Comparison(**found.as_json())


def executions(tx: Tx, model_id: UUID, cursor: str | None, limit: int) -> Page[Execution]:
    """Batches computed with the model, the newest first."""
    models.get(tx, model_id)
    source = """forecast.model_executions m
        JOIN forecast.forecast_versions v ON v.tenant_id = m.tenant_id AND v.id = m.version_id"""
    rows, total, following = _page(
        tx, source, "m.*, v.code AS version", "m.model_id = :model", {"model": model_id}, cursor, limit
    )
    return Page(items=[Execution.model_validate(row) for row in rows], next_cursor=following, total=total)


def _page(
    tx: Tx, source: str, columns: str, where: str, params: dict[str, Any], cursor: str | None, limit: int
) -> tuple[list[Row], int, str | None]:
    """Rows by id, the newest first; ids are ordered by time."""
    total = int(tx.scalar(f"SELECT count(*) FROM {source} WHERE {where}", **params))
    if cursor is not None:
        params["after"] = str(decode_cursor(cursor, 1)[0])
        where += " AND m.id::text < :after"
    rows = tx.rows(f"SELECT {columns} FROM {source} WHERE {where} ORDER BY m.id::text DESC LIMIT :rows",
                   **params, rows=limit + 1)  # fmt: skip
    kept, following = cut(rows, limit, "id")
    return kept, total, following
