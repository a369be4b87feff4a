"""functions/notify: the entry point Lambda calls; everything it does is in the opscopilot layer."""

from opscopilot.entrypoints.bootstrap import notify_handler

handler = notify_handler()
