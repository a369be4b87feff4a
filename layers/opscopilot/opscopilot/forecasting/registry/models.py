"""The models behind the numbers: registered → validated → active → retired. One is active, others may challenge it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from opscopilot.forecasting.config import MODEL_NAME, MODEL_VERSION, ForecastConfig
from opscopilot.forecasting.registry.verdict import verdict
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import Conflict, NotFound, ValidationFailed

METHOD = "pooled ensemble with conformal intervals"
ENGINE_KNOBS: dict[str, type] = {"origins": int, "min_points": int, "block": int, "chunk": int, "gate": bool}
"""Engine settings a challenger may differ in; the same names as the engine's own."""


def champion(tx: Tx, until: Any, config: ForecastConfig) -> UUID:
    """The active demand model; registered on first use. `until` is the end of what it learns from now."""
    found = tx.scalar(
        "SELECT id FROM forecast.forecast_models WHERE name = :name AND status = 'active'", name=MODEL_NAME
    )
    if found is None:
        found = tx.scalar(
            """INSERT INTO forecast.forecast_models AS m (tenant_id, name, version, type, method, params, status,
                   activated_at) VALUES (:tenant, :name, :version, 'demand', :method, '{}', 'active', now())
               ON CONFLICT (tenant_id, name, version) DO UPDATE SET status = 'active', activated_at = now(),
                   updated_at = now(), row_version = m.row_version + 1 RETURNING id""",
            tenant=tx.tenant_id, name=MODEL_NAME, version=MODEL_VERSION, method=METHOD,
        )  # fmt: skip
    tx.execute(
        """UPDATE forecast.forecast_models SET trained_at = now(), training_to = :until, updated_at = now(),
               params = params || CAST(:params AS jsonb) WHERE id = :id""",
        id=found, until=until, params=json.dumps(config.as_json()),
    )  # fmt: skip
    return UUID(str(found))


def engine_knobs(tx: Tx, model_id: UUID) -> dict[str, Any]:
    """Where a model differs from the engine's own settings."""
    found = tx.scalar("SELECT params -> 'engine' FROM forecast.forecast_models WHERE id = :id", id=model_id)
    return found or {}


def challenger(tx: Tx) -> Row | None:
    """The model that challenges the active one, the newest if there are several: id, engine settings, share."""
    return tx.one(
        """SELECT id, coalesce(params -> 'engine', '{}') AS engine, CAST(params ->> 'share' AS float8) AS share
           FROM forecast.forecast_models WHERE name = :name AND status IN ('registered', 'validated')
           ORDER BY created_at DESC, id DESC LIMIT 1""",
        name=MODEL_NAME,
    )  # fmt: skip


def register(tx: Tx, model_id: UUID, version: str, engine: dict[str, Any], share: float, by: str) -> dict[str, Any]:
    """Register a challenger. It is computed beside the active model on `share` of each batch's series."""
    checked(engine)
    tx.execute(
        """INSERT INTO forecast.forecast_models (tenant_id, id, name, version, type, method, params, status, created_by)
           VALUES (:tenant, :id, :name, :version, 'demand', :method, CAST(:params AS jsonb), 'registered', :by)
           ON CONFLICT (tenant_id, id) DO NOTHING""",
        tenant=tx.tenant_id, id=model_id, name=MODEL_NAME, version=version, method=METHOD, by=by,
        params=json.dumps({"engine": engine, "share": share}),
    )  # fmt: skip
    return _told(get(tx, model_id))


def checked(engine: dict[str, Any]) -> None:
    """Refuse settings the engine does not know, or of another kind."""
    for name, value in engine.items():
        kind = ENGINE_KNOBS.get(name)
        fits = type(value) is kind and (not isinstance(value, int) or 0 <= value <= 100_000)
        if kind is None or not fits:
            raise ValidationFailed(
                f"The engine cannot be told {name} = {value!r}.", field=f"engine.{name}", value=value,
                expected=", ".join(f"{known} ({kind.__name__})" for known, kind in ENGINE_KNOBS.items()),
            )  # fmt: skip


def get(tx: Tx, model_id: UUID) -> Row:
    """The model. NotFound when there is none of that id."""
    row = tx.one("SELECT * FROM forecast.forecast_models WHERE id = :id", id=model_id)
    if row is None:
        raise NotFound(
            "There is no such model.",
            field="model_id",
            value=model_id,
            expected="an id from GET /api/v1/forecast/models",
        )
    return row


def promote(tx: Tx, model_id: UUID, by: str, reason: str | None) -> dict[str, Any]:
    """Make a challenger active and retire the active one. Conflict when it is not shown to be better."""
    model = get(tx, model_id)
    if model["status"] == "active":
        return _told(model)
    if model["status"] not in ("registered", "validated"):
        raise Conflict(
            f"Model {model['version']} is {model['status']}; a challenger is promoted, a rollback brings back.",
            code="not_a_challenger", field="model_id", value=model_id, expected="a registered or validated model",
        )  # fmt: skip
    said = verdict(tx, model_id)
    if not said.better:
        raise Conflict(
            f"Model {model['version']} is not shown to be better: {said.text}", code="not_better", field="model_id",
            value=model_id, expected="a smaller error on the same series, significant at 5 percent",
        )  # fmt: skip
    _activate(tx, model, by, reason, said.as_json())
    return {**_told(get(tx, model_id)), "verdict": said.as_json()}


def retire(tx: Tx, model_id: UUID) -> dict[str, Any]:
    """Stop a challenger. The active model cannot be retired, only followed by another."""
    model = get(tx, model_id)
    if model["status"] == "active":
        raise Conflict(
            f"Model {model['version']} is the active one.", code="model_is_active", field="model_id", value=model_id,
            expected="promote a challenger, or roll back",
        )  # fmt: skip
    _status(tx, model_id, "retired", "retired_at")
    return _told(get(tx, model_id))


def before(tx: Tx) -> Row:
    """The demand model that was active before. NotFound when there was none."""
    found = tx.one(
        """SELECT * FROM forecast.forecast_models WHERE name = :name AND status = 'retired'
             AND activated_at IS NOT NULL ORDER BY retired_at DESC, id DESC LIMIT 1""",
        name=MODEL_NAME,
    )  # fmt: skip
    if found is None:
        raise NotFound(
            "There was no other active model to go back to.", code="nothing_to_restore", field="model",
            expected="a model that was active before",
        )  # fmt: skip
    return found


def go_back(tx: Tx, by: str, reason: str | None) -> dict[str, Any]:
    """Make the model before the active one active again; it counts from the next run on."""
    model = before(tx)
    _activate(tx, model, by, reason, {"rollback": True})
    return _told(get(tx, model["id"]))


def _activate(tx: Tx, model: Row, by: str, reason: str | None, why: dict[str, Any]) -> None:
    current = tx.scalar(
        "SELECT id FROM forecast.forecast_models WHERE name = :name AND status = 'active'", name=MODEL_NAME
    )
    if current is not None:
        _status(tx, current, "retired", "retired_at")
    _status(tx, model["id"], "active", "activated_at")
    tx.execute(
        """UPDATE forecast.forecast_models SET metrics = metrics || CAST(:why AS jsonb) WHERE id = :id""",
        id=model["id"],
        why=json.dumps({"activated": {"by": by, "reason": reason, **why}}),
    )


def _status(tx: Tx, model_id: UUID, status: str, stamp: str) -> None:
    tx.execute(
        f"""UPDATE forecast.forecast_models SET status = :status, {stamp} = now(), updated_at = now(),
                row_version = row_version + 1 WHERE id = :id""",
        id=model_id, status=status,
    )  # fmt: skip


def _told(model: Row) -> dict[str, Any]:
    return {"model_id": str(model["id"]), "model": f"{model['name']} {model['version']}", "status": model["status"]}
