"""Every error leaves as RFC 9457 `application/problem+json` with a stable type and the correlation id."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException

from opscopilot.kernel.errors import (
    Conflict,
    Forbidden,
    NotFound,
    OpsError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
    problem,
)

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_BY_STATUS: dict[int, type[OpsError]] = {
    one.status: one for one in (Conflict, Forbidden, NotFound, TooLarge, Unauthenticated, Unavailable, ValidationFailed)
}


class Problem(BaseModel):
    """RFC 9457 problem details. `type` is stable; quote `correlation_id` when you ask for help."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    correlation_id: str
    field: str | None = None
    value: str | None = None
    expected: str | None = None
    errors: list[dict[str, Any]] | None = None


def _documented(*kinds: type[OpsError]) -> dict[int | str, dict[str, Any]]:
    return {
        kind.status: {
            "description": kind.title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for kind in kinds
    }


PROBLEM_RESPONSES = _documented(Unauthenticated, Forbidden, NotFound, ValidationFailed, Unavailable)
"""For APIRouter(responses=…): the problems any route may answer with."""


def respond(request: Request, error: OpsError, headers: dict[str, str] | None = None) -> JSONResponse:
    """The problem response of `error`."""
    correlation_id = getattr(request.state, "correlation_id", "")
    body = problem(error, request.url.path, correlation_id)
    sent = {"www-authenticate": "Bearer"} if error.status == 401 else {}
    return JSONResponse(body, error.status, headers=sent | (headers or {}), media_type=MEDIA_TYPE)


class _Other(OpsError):
    """An HTTP status of the framework that has no meaning of ours (405, 415, …)."""

    def __init__(self, status: int, code: str, title: str, detail: str) -> None:
        super().__init__(detail, code=code)
        self.status, self.title = status, title


def _from_http(error: HTTPException, request: Request) -> OpsError:
    if error.status_code == 404:
        return NotFound(f"There is nothing at {request.url.path}.", code="no_such_path")
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        detail = f"{request.method} is not possible here" + (f"; {allowed} is." if allowed else ".")
        return _Other(405, "method_not_allowed", "Method not allowed", detail)
    known = _BY_STATUS.get(error.status_code)
    if known is not None:
        return known(str(error.detail))
    return _Other(error.status_code, "http_error", "The request cannot be served", str(error.detail))


def _from_validation(error: RequestValidationError) -> OpsError:
    """One entry per fault; the first also fills field, value and expected."""
    faults = []
    for one in error.errors():
        where = [str(part) for part in one["loc"]]
        value = one.get("input")
        faults.append({
            "in": where[0] if where else "body", "field": ".".join(where[1:]) or where[0],
            "message": one["msg"], "value": None if value is None else str(value)[:200],
        })  # fmt: skip
    first = faults[0]
    return ValidationFailed(
        f"{first['in']} '{first['field']}': {first['message']}", field=first["field"], value=first["value"],
        expected=first["message"], errors=faults,
    )  # fmt: skip


def from_database(error: DBAPIError) -> OpsError | None:
    """What a database error means to the caller; None when it is our own mistake (a 500)."""
    details = error.orig.args[0] if error.orig is not None and error.orig.args else None
    state = str(details.get("C", "")) if isinstance(details, dict) else ""
    if state.startswith("22"):
        return ValidationFailed("A value in the request cannot be stored or compared.", code="bad_value")
    if state == "23505":
        return Conflict("There is one with that key already.", code="already_exists")
    if state in ("40001", "40P01", "55P03") or state.startswith(("08", "53", "57")):
        return Unavailable("The database is busy. Try again in a moment.")
    if not state and isinstance(error, OperationalError | InterfaceError):
        return Unavailable("The database does not answer. Try again in a moment.")
    return None


def from_exception(error: Exception) -> OpsError:
    """The problem of any exception; unknown ones become a 500 that tells nothing about our inside."""
    if isinstance(error, OpsError):
        return error
    if isinstance(error, DBAPIError) and (meant := from_database(error)) is not None:
        return meant
    if isinstance(error, TimeoutError):
        return Unavailable("All database connections are in use. Try again in a moment.")
    return OpsError("Something failed that should not. It is logged under the correlation id.")


def install(app: FastAPI) -> None:
    """Register the handlers on `app`. Unexpected exceptions are caught further out, in the middleware."""

    def ours(request: Request, error: Exception) -> JSONResponse:
        return respond(request, from_exception(error))

    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return respond(request, _from_http(error, request), dict(error.headers or {}))

    def validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return respond(request, _from_validation(error))

    app.add_exception_handler(OpsError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
