"""The forecasting engine: whole batches of demand series at once, in plain numpy.

No database, no files, no clock, no random numbers: the same input gives the same output. `forecast_batch`
is the one door; `lead_time_demand` turns its result into the distribution of demand over a lead time.
"""

from __future__ import annotations

from opscopilot.forecasting.engine.batch import forecast_batch
from opscopilot.forecasting.engine.leadtime import LeadTimeDemand, lead_time_demand, lead_time_quantiles
from opscopilot.forecasting.engine.types import BacktestMetrics, BatchForecast, EngineSettings

__all__ = [
    "BacktestMetrics",
    "BatchForecast",
    "EngineSettings",
    "LeadTimeDemand",
    "forecast_batch",
    "lead_time_demand",
    "lead_time_quantiles",
]
