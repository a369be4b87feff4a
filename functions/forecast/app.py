"""functions/forecast: the entry point Lambda calls; everything it does is in the opscopilot layer."""

from opscopilot.entrypoints.bootstrap import forecast_handler

handler = forecast_handler()
