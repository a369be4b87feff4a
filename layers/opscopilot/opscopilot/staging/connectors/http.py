"""HTTP to systems that users typed in (written next)."""

from __future__ import annotations


class HttpClient:
    """Reads over HTTP."""
