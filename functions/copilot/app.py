"""functions/copilot: the entry point Lambda calls; everything it does is in the opscopilot layer."""

from opscopilot.entrypoints.bootstrap import copilot_handler

handler = copilot_handler()
