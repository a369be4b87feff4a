"""The life of an alert: taken in once, told, acknowledged, snoozed, resolved or expired; every step is kept."""
