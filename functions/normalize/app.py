"""functions/normalize: the entry point Lambda calls; everything it does is in the opscopilot layer."""

from opscopilot.entrypoints.bootstrap import normalize_handler

handler = normalize_handler()
