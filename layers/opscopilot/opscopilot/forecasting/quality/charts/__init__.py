"""Control charts: limits frozen at a stable base period, and what lies beyond them."""
