"""The HTTP API and the copilot. Sample events: events/copilot/."""

from opscopilot.entrypoints.bootstrap import copilot_handler

handler = copilot_handler()
