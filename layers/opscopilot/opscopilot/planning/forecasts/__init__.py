"""Forecast versions as planners work with them: overrides, accuracy, models, settings."""
