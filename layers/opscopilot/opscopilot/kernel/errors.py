"""The error hierarchy: one class per meaning, each turned into an RFC 9457 problem at the edge.

Every error says which field, which value was met and what would be right, because the reader has to act on
it. A 404 never tells whether another tenant has the thing: row-level security makes both cases look alike.
"""

from __future__ import annotations

from typing import Any

PROBLEM_BASE = "https://opscopilot.dev/problems/"


class OpsError(Exception):
    """Base of every error a caller may see. `code` is stable and machine readable."""

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        field: str | None = None,
        value: object = None,
        expected: str | None = None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.field = field
        self.value = value
        self.expected = expected
        self.errors = errors or []


class ValidationFailed(OpsError):
    """Input from outside that cannot be used as it is."""

    status = 422
    code = "validation_failed"
    title = "The input cannot be used as it is"


class Unauthenticated(OpsError):
    """No token, or one that does not verify."""

    status = 401
    code = "unauthenticated"
    title = "A valid token is needed"


class Forbidden(OpsError):
    """A verified caller without the right to do this."""

    status = 403
    code = "forbidden"
    title = "Your role does not allow this"


class NotFound(OpsError):
    """Nothing with that key that this tenant can see."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(OpsError):
    """The state has moved on: a duplicate, a stale row version, an illegal transition."""

    status = 409
    code = "conflict"
    title = "This conflicts with the current state"


class TooLarge(OpsError):
    """More than a limit allows; the detail names the limit."""

    status = 413
    code = "too_large"
    title = "Too large"


class Unavailable(OpsError):
    """Something we depend on does not answer; trying again later is right."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"


class TransientError(Exception):
    """A failure that a retry can cure. State machines retry on this very name."""


class DependenciesPending(Exception):
    """Files that this one refers to are still on their way in; state machines retry on this very name."""


def problem(error: OpsError, instance: str, correlation_id: str) -> dict[str, Any]:
    """The RFC 9457 body of `error` for the request path `instance`."""
    body: dict[str, Any] = {
        "type": PROBLEM_BASE + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": instance,
        "correlation_id": correlation_id,
    }
    if error.field is not None:
        body["field"] = error.field
        body["value"] = None if error.value is None else str(error.value)[:200]
    if error.expected is not None:
        body["expected"] = error.expected
    if error.errors:
        body["errors"] = error.errors
    return body
