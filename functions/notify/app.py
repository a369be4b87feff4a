"""Deliver alerts from the queue; sweep once a minute. Sample events: events/notify/."""

from opscopilot.entrypoints.bootstrap import notify_handler

handler = notify_handler()
