"""functions/migrate: the entry point Lambda calls; everything it does is in the opscopilot layer."""

from opscopilot.entrypoints.bootstrap import migrate_handler

handler = migrate_handler()
