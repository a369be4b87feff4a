"""What a version says about a family of items, and what planners said about an item."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.forecasting.evaluation.overlay import EFFECTIVE, OPEN_OVERRIDE
from opscopilot.forecasting.queries_demand import Origin, assembled
from opscopilot.forecasting.schemas import DemandForecast, ForecastVersion, Level
from opscopilot.kernel.db import Tx

_FAMILIES = """
SELECT g.id, g.code, g.name, g.category, g.uom FROM forecast.demand_groups g
JOIN forecast.forecast_series s ON s.tenant_id = g.tenant_id AND s.entity_type = 'family' AND s.entity_id = g.id
    AND s.version_id = :version
WHERE g.entity_type = 'family' AND (lower(g.category) = lower(:text) OR lower(g.code) = lower(:text)
    OR lower(g.name) = lower(:text)) ORDER BY g.code
"""
_ROWS = f"""
SELECT f.bucket_start, f.baseline_method, f.baseline_value, {EFFECTIVE}
FROM forecast.forecasts f JOIN forecast.forecast_versions v ON v.tenant_id = f.tenant_id AND v.id = f.version_id
{OPEN_OVERRIDE}
WHERE f.version_id = :version AND f.entity_type = 'family' AND f.entity_id = :id ORDER BY f.bucket_start
"""


def families(tx: Tx, version: ForecastVersion, text: str) -> list[dict[str, Any]]:
    """Families of that name in the version, one per base unit."""
    return tx.rows(_FAMILIES, version=version.id, text=text.strip())


def known_families(tx: Tx, version: ForecastVersion, most: int = 10) -> list[str]:
    """Some families the version speaks of."""
    found = tx.rows(
        """SELECT DISTINCT g.category FROM forecast.demand_groups g JOIN forecast.forecast_series s
               ON s.entity_id = g.id AND s.entity_type = 'family' AND s.version_id = :version
           WHERE g.category <> '' ORDER BY 1 LIMIT :most""",
        version=version.id, most=most,
    )  # fmt: skip
    return [row["category"] for row in found]


def family_forecast(
    tx: Tx, family: dict[str, Any], version: ForecastVersion, level: Level, horizon: int | None
) -> DemandForecast:
    """The family's own forecast; after a run it is what its items' forecasts add up to."""
    series = tx.one(
        """SELECT s.*, CAST(:name AS text) AS description FROM forecast.forecast_series s
           WHERE s.version_id = :version AND s.entity_type = 'family' AND s.entity_id = :id""",
        version=version.id, id=family["id"], name=family["name"],
    )  # fmt: skip
    assert series is not None
    rows = {"series": series, "rows": tx.rows(_ROWS, version=version.id, id=family["id"]), "history": []}
    origin = Origin(
        "published", cast(PeriodName, version.period), version.as_of, version.horizon_start, version.code, version.id,
        version.published_at,
    )  # fmt: skip
    return assembled(rows, origin, level, horizon)


def open_overrides(tx: Tx, sku_id: UUID, period: str) -> list[dict[str, Any]]:
    """What planners say about an item's buckets to come, beside what the engine had said."""
    return tx.rows(
        """SELECT bucket_start, value, statistical_value AS engine_value, uom, reason, reason_category,
               created_by AS made_by FROM planning.forecast_overrides
           WHERE entity_id = :sku AND entity_type = 'sku' AND period = :period AND revoked_at IS NULL
             AND draft_id IS NULL ORDER BY bucket_start LIMIT 104""",
        sku=sku_id, period=period,
    )  # fmt: skip
