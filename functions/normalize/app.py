"""Staged rows into the canonical tables. Sample events: events/normalize/."""

from opscopilot.entrypoints.bootstrap import normalize_handler

handler = normalize_handler()
