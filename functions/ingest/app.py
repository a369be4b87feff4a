"""functions/ingest: the entry point Lambda calls; everything it does is in the opscopilot layer."""

from opscopilot.entrypoints.bootstrap import ingest_handler

handler = ingest_handler()
