"""Servers on 127.0.0.1 that page, throttle, drop and lie."""
