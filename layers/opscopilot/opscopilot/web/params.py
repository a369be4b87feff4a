"""Query parameters every list takes, and the refusal of parameters a route does not know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.pagination import DEFAULT_LIMIT, MAX_LIMIT


class Paging(BaseModel):
    """Where a page starts and how long it is."""

    model_config = ConfigDict(frozen=True)
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def _paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows per page.")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=1000, description="`next_cursor` of the page before; leave out for the first.")
    ] = None,
) -> Paging:
    return Paging(limit=limit, cursor=cursor)


PageQuery = Annotated[Paging, Depends(_paging)]
"""The dependency of a paged route."""


class Strict(BaseModel):
    """Base of request bodies: unknown fields are refused, because a misspelt one would silently do nothing."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


ANY_PARAMETERS = "x-any-parameters"
"""In a route's `openapi_extra`: a person's browser opens it, by a link to which trackers may have added their own."""


def _declared(dependant: Any) -> Iterable[str]:
    yield from (one.alias for one in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _declared(inner)


def known_parameters(request: Request) -> None:
    """Refuse query parameters the route does not declare: `?wharehouse=` must not answer for all warehouses."""
    route = request.scope.get("route")
    dependant = getattr(route, "dependant", None)
    if dependant is None or not request.query_params:
        return
    extra = getattr(route, "openapi_extra", None) or {}
    if extra.get(ANY_PARAMETERS):
        return
    documented = extra.get("parameters", [])
    known = {*_declared(dependant), *(one["name"] for one in documented if one["in"] == "query")}
    for name in request.query_params:
        if name not in known:
            raise ValidationFailed(
                f"There is no parameter '{name}' here.", code="unknown_parameter", field=name,
                value=request.query_params[name], expected="one of: " + ", ".join(sorted(known)) if known else "none",
            )  # fmt: skip
