"""How good forecasts turned out to be."""
