"""Who calls, in which transaction. The tenant comes from the verified token and from nowhere else (P-61)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Database, Tx
from opscopilot.kernel.errors import Forbidden, NotFound, Unauthenticated
from opscopilot.kernel.tenancy import PLANT_COLUMNS, PlantSettings, Principal, Role
from opscopilot.kernel.tools import ToolContext

Verify = Callable[[str], Principal]
"""Turns a bearer token into a Principal; Unauthenticated when it does not verify."""


@dataclass(frozen=True)
class Services:
    """What the plumbing needs; the composition root puts it at `app.state.services`."""

    db: Database
    verify: Verify
    clock: Clock


@dataclass
class Caller:
    """A verified caller inside their tenant's transaction, which commits when the route returns normally."""

    tx: Tx
    principal: Principal
    plant: PlantSettings
    clock: Clock
    correlation_id: str
    _afterwards: list[Callable[[], object]] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The plant's current production day, or the day it is frozen at."""
        return self.plant.today(self.clock)

    def after_commit(self, action: Callable[[], object]) -> None:
        """Run `action` once the transaction is committed and before the answer leaves (put a file, start a run).

        It does not run when the request fails; when it fails itself the caller is told, but the rows stay.
        """
        self._afterwards.append(action)

    def tools(self) -> ToolContext:
        """The same caller as tools see it."""
        return ToolContext(self.tx, self.principal, self.plant, self.clock)


_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A JWT of your identity provider.")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def services(request: Request) -> Services:
    """The services of the app that serves this request."""
    found: Services = request.app.state.services
    return found


def principal(request: Request, credentials: _Credentials) -> Principal:
    """The verified caller. A gateway in front has checked the token too, but we do not rely on that."""
    if credentials is None or credentials.scheme.lower() != "bearer":
        raise Unauthenticated(
            "This call needs a token.", field="authorization", expected="'Bearer ' and a JWT (`ops token` makes one)"
        )
    who = services(request).verify(credentials.credentials)
    request.state.principal = who
    return who


_Principal = Annotated[Principal, Depends(principal)]
_TENANT = f"""
SELECT {PLANT_COLUMNS}, status,
    (SELECT u.status FROM platform.users u WHERE u.user_id = :user_id) AS user_status
FROM platform.tenants"""


def _enter(tx: Tx, who: Principal) -> PlantSettings:
    """The plant's settings, once we know that tenant and user may work."""
    row = tx.one(_TENANT, user_id=who.user_id)
    if row is None:
        raise NotFound("This tenant does not exist yet. Create it with `ops tenants create CODE`.")
    if row["status"] != "active":
        raise Forbidden(f"This tenant is {row['status']}.", code="tenant_suspended")
    if row["user_status"] == "suspended":
        raise Forbidden("This user is suspended.", code="user_suspended")
    return PlantSettings.model_validate(row)


def open_caller(request: Request, who: _Principal) -> Iterator[Caller]:
    """One request = one transaction of the caller's tenant; an exception in the route rolls it back."""
    found = services(request)
    with found.db.tenant(who.tenant_id) as tx:
        caller = Caller(tx, who, _enter(tx, who), found.clock, request.state.correlation_id)
        yield caller
    for action in caller._afterwards:
        action()


# scope="function": the commit happens before the answer is sent, so nobody is told of a write that failed.
CurrentCaller = Annotated[Caller, Depends(open_caller, scope="function")]
"""The dependency of a route that every role may call."""


def require(*roles: Role) -> Any:
    """A dependency giving the Caller if their role is one of `roles` (admin always is): Forbidden otherwise.

    Use it as `caller: Annotated[Caller, require("planner", "buyer")]`.
    """

    def allowed(caller: CurrentCaller) -> Caller:
        if caller.principal.role not in (*roles, "admin"):
            wanted = ", ".join(sorted({*roles, "admin"}))
            raise Forbidden(
                f"Your role '{caller.principal.role}' may not do this.",
                field="role", value=caller.principal.role, expected=f"one of: {wanted}",
            )  # fmt: skip
        return caller

    return Depends(allowed)


def _platform_admin(who: _Principal) -> Principal:
    if not who.platform_admin:
        raise Forbidden("Only the platform's own administrators may do this.", code="platform_admin_only")
    return who


def require_platform_admin() -> Any:
    """A dependency giving the Principal of somebody who runs the platform (claim `platform_admin`)."""
    return Depends(_platform_admin)
