"""A file that cannot be taken at all, said so that a planner knows what was found and what to do."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Ends as a failed job. `code` is stable and machine readable, `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NeedsMapping(Refused):
    """A person must say what the table holds. `proposal` is what recognition makes of it (see choosing)."""

    def __init__(self, code: str, message: str, proposal: dict[str, Any]) -> None:
        super().__init__(code, message)
        self.proposal = proposal
