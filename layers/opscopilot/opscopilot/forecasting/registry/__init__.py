"""Which model makes the forecasts, which versions are in force, and how to go back (A20)."""
