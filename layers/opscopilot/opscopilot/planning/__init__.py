"""The planning workspace: what planners decide on top of forecasts and stock."""
