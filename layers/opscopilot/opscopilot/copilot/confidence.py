"""Confidence of an answer, 0-100, computed (FORMULAS G1): 100 × coverage × (0.5 + 0.5 × freshness) × method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from opscopilot.copilot.model import ToolRun

FRESH_FOR_DAYS = 2.0
"""Within this the data counts as fresh; at four times this it counts as not fresh at all."""
_MODELLED = frozenset({"get_forecasts"})


def formula(obtained: int, required: int, freshness: float, method: float) -> float:
    """G1. `coverage` is facts obtained over facts required; `freshness` and `method` are 0-1."""
    if required == 0:
        return 0.0
    return round(100 * (obtained / required) * (0.5 + 0.5 * freshness) * method, 2)


def freshness(newest: datetime | date | None, now: datetime) -> float:
    """1 within the agreed age, falling in a straight line to 0 at four times that age; 0 when unknown."""
    if newest is None:
        return 0.0
    moment = newest if isinstance(newest, datetime) else datetime.combine(newest, time(23, 59), UTC)
    age = (now - moment).total_seconds() / 86400
    if age <= FRESH_FOR_DAYS:
        return 1.0
    return max(0.0, 1 - (age - FRESH_FOR_DAYS) / (3 * FRESH_FOR_DAYS))


def of_runs(runs: Sequence[ToolRun], now: datetime) -> float:
    """Confidence of an answer made from these tool calls. A question without tools has none."""
    if not runs:
        return 0.0
    good = [run for run in runs if run.status in ("ok", "stale")]
    ages = [freshness(run.result.data_freshness or run.result.as_of, now) for run in good if run.result]
    modelled = any(run.tool in _MODELLED for run in good)
    return formula(len(good), len(runs), min(ages, default=0.0), 0.9 if modelled else 1.0)
