"""One dropped file: recognise, validate, stage. Sample events: events/ingest/."""

from opscopilot.entrypoints.bootstrap import ingest_handler

handler = ingest_handler()
