"""What customers asked for, per period, and the series a forecast is made from."""
