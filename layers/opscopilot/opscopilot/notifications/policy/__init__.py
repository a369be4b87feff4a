"""Who is told what, over which channel and when; silences, escalation. Pure, but for the readers of its tables."""
