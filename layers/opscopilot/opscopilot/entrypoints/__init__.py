"""Where the parts are put together: one composition root, one HTTP app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any, Any], Any]
"""What Lambda calls: (event, context) -> answer."""
