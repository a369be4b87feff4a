"""Demand forecasts, inventory risk and the rules that turn both into a decision."""
