"""Staged rows become canonical rows: the load itself, its end, records that heal, extracts, what changed."""
