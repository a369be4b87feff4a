"""Judging sensor readings one by one as they come, with a small memory per sensor."""
