"""The models behind what is said about quality, in the registry: name, version, parameters, measured figures."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from opscopilot.forecasting.quality.sensors import detector
from opscopilot.kernel.db import Tx

SCRAP = ("scrap-empirical-bayes", "1", "pooled beta-binomial rates with intervals checked on rolling origins")
SENSORS = ("sensor-surprise-ensemble", "1", "streaming ensemble of nine surprises, one threshold")


def register(tx: Tx, until: date) -> None:
    """Put both models in the registry, or bring their figures up to date: those of the version's own run."""
    row = tx.one(
        """SELECT q.origins, q.coverage_80, q.coverage_95, q.log_loss, q.log_loss_pooled, q.log_loss_last
           FROM forecast.quality_runs q ORDER BY q.created_at DESC, q.version_id DESC LIMIT 1"""
    )
    figures = {name: None if one is None else float(one) for name, one in (row or {}).items()}
    _register(tx, SCRAP, {}, figures, until)
    knobs = {"threshold": detector.THRESHOLD, "learning": detector.LEARNING, "refractory": detector.REFRACTORY,
             "method": detector.NAME}  # fmt: skip
    totals = tx.one("SELECT count(*) AS sensors, coalesce(sum(judged), 0) AS judged FROM forecast.sensor_states")
    _register(tx, SENSORS, knobs, {name: int(one) for name, one in (totals or {}).items()}, until)


def _register(
    tx: Tx, model: tuple[str, str, str], params: dict[str, Any], metrics: dict[str, Any], until: date
) -> None:
    tx.execute(
        """INSERT INTO forecast.forecast_models AS m (tenant_id, name, version, type, method, params, metrics, status,
               trained_at, training_to, activated_at)
           VALUES (:tenant, :name, :version, 'quality', :method, CAST(:params AS jsonb), CAST(:metrics AS jsonb),
               'active', now(), :until, now())
           ON CONFLICT (tenant_id, name, version) DO UPDATE SET params = excluded.params, metrics = excluded.metrics,
               trained_at = now(), training_to = excluded.training_to, updated_at = now(),
               row_version = m.row_version + 1""",
        tenant=tx.tenant_id, name=model[0], version=model[1], method=model[2], params=json.dumps(params),
        metrics=json.dumps(metrics), until=until,
    )  # fmt: skip
