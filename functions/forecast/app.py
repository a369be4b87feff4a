"""Plan, forecast one batch, publish, or close what failed. Sample events: events/forecast/."""

from opscopilot.entrypoints.bootstrap import forecast_handler

handler = forecast_handler()
