"""Order-up-to levels: from our lead-time distribution, and as the textbook does it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from opscopilot.forecasting.engine import forecast_batch, lead_time_quantiles
from opscopilot.forecasting.engine.leadtime import foreseen_lead_times
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.rules.safety import unit_loss

_ALPHA = 0.1
_Z = np.linspace(-4, 6, 1001)
_LOSS = np.array([unit_loss(float(z)) for z in _Z])


def ours(
    histories: Sequence[FloatArray], season: int, past_leads: FloatArray, services: Sequence[float], fill: float
) -> FloatArray:
    """(K + 1, N) levels for the cycle service levels and, last, the fill rate. `past_leads` (N, P) deliveries."""
    horizon = int(np.ceil(past_leads.max())) + 2
    batch = forecast_batch(histories, horizon, season)
    leads = foreseen_lead_times(past_leads)
    protected, before = lead_time_quantiles(batch, leads + 1), lead_time_quantiles(batch, leads)
    levels = [protected.quantile(service) for service in services]
    return np.stack([*levels, protected.stock_for_fill_rate(fill, before)])


def textbook(
    histories: Sequence[FloatArray], past_leads: FloatArray, services: Sequence[float], fill: float
) -> FloatArray:
    """(K + 1, N) levels of mean + z sigma: exponential smoothing, the deviation of its one-step errors, times the
    root of lead + review time, and the deviation of the lead time."""
    mean, sigma = np.array([_smoothed(y) for y in histories]).T
    lead, lead_sd = past_leads.mean(axis=1), past_leads.std(axis=1)
    spread = np.sqrt((lead + 1) * sigma**2 + mean**2 * lead_sd**2)
    z = [NormalDist().inv_cdf(service) for service in services]
    allowed = (1 - fill) * mean / np.maximum(spread, 1e-12)
    by_fill = np.interp(-allowed, -_LOSS, _Z)
    levels: FloatArray = np.maximum(
        (lead + 1) * mean + np.stack([*np.multiply.outer(z, spread), by_fill * spread]), 0.0
    )
    return levels


def _smoothed(y: FloatArray) -> tuple[float, float]:
    level = float(y[:4].mean())
    errors = []
    for value in y:
        errors.append(float(value) - level)
        level += _ALPHA * errors[-1]
    return max(level, 0.0), float(np.std(errors[2:] if len(errors) > 4 else y))
