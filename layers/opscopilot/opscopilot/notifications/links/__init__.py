"""Signed one-time links: acknowledge or snooze from a message, without a login."""
