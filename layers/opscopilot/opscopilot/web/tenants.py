"""Tenants: made by the platform's administrators, their settings kept by the tenant's own admin."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Response
from pydantic import Field, field_validator

from opscopilot.kernel.errors import Conflict
from opscopilot.kernel.ids import check_tenant_code, tenant_id_for
from opscopilot.kernel.tenancy import PLANT_COLUMNS, PlantSettings, Principal
from opscopilot.web.caller import Caller, CurrentCaller, Services, require, require_platform_admin, services
from opscopilot.web.params import Strict
from opscopilot.web.problems import PROBLEM_RESPONSES

_Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]
_Day = Annotated[int, Field(ge=1, le=7, description="First day of a week, 1 = Monday.")]
_Language = Annotated[str, Field(pattern="^[a-z]{2}$", examples=["en"])]
_AsOf = Annotated[date | None, Field(description="Freeze the plant at the end of this day; null = live.")]


class _Zoned(Strict):
    @field_validator("default_time_zone", check_fields=False)
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError("not an IANA time zone such as 'Europe/Copenhagen'") from error
        return value


class NewTenant(_Zoned):
    """A plant to serve. The code names it in tokens and file paths and can never change."""

    code: str = Field(examples=["fjord-foods"])
    name: str | None = Field(default=None, max_length=200, examples=["Fjord Foods A/S"])
    default_currency: _Currency = "EUR"
    default_time_zone: str = "UTC"
    region: str | None = Field(default=None, max_length=40)
    as_of: _AsOf = None
    week_start: _Day = 1
    day_start: time = Field(default=time(0, 0), description="Local time at which a production day begins.")
    language: _Language = "en"

    @field_validator("code")
    @classmethod
    def _code(cls, value: str) -> str:
        return check_tenant_code(value)


class TenantChange(_Zoned):
    """What to change; what is left out stays. `as_of: null` makes a frozen plant live again."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    default_currency: _Currency | None = None
    default_time_zone: str | None = None
    region: str | None = Field(default=None, max_length=40)
    as_of: _AsOf = None
    week_start: _Day | None = None
    day_start: time | None = None
    language: _Language | None = None


class Tenant(PlantSettings):
    """A tenant and its plant's settings."""

    status: str = Field(examples=["active"])
    region: str | None = None


_COLUMNS = f"{PLANT_COLUMNS}, status, region"
_NULLABLE = ("as_of", "region")


def _current(caller: Caller) -> Tenant:
    return Tenant.model_validate(caller.tx.one(f"SELECT {_COLUMNS} FROM platform.tenants"))


def _create(found: Services, body: NewTenant, who: Principal) -> tuple[Tenant, bool]:
    """The tenant and whether it is new. The new tenant's own id is set, so the policy lets exactly it in."""
    tenant_id = tenant_id_for(body.code)
    values: dict[str, Any] = {**body.model_dump(), "name": body.name or body.code, "tenant_id": tenant_id}
    names = ", ".join(values)
    with found.db.tenant(tenant_id) as tx:
        made = tx.execute(
            f"""INSERT INTO platform.tenants ({names}, created_by)
                VALUES ({", ".join(f":{name}" for name in values)}, :created_by) ON CONFLICT DO NOTHING""",
            **values, created_by=who.user_id,
        )  # fmt: skip
        tenant = Tenant.model_validate(tx.one(f"SELECT {_COLUMNS} FROM platform.tenants"))
    return tenant, bool(made)


def router() -> APIRouter:
    """`/tenants`."""
    routes = APIRouter(prefix="/tenants", tags=["tenants"], responses=PROBLEM_RESPONSES)

    @routes.post("", status_code=201, summary="Create a tenant",
                 responses={200: {"description": "There was one with this code already; nothing changed.",
                                  "model": Tenant}})  # fmt: skip
    def create(
        body: NewTenant, response: Response, who: Annotated[Principal, require_platform_admin()],
        found: Annotated[Services, Depends(services)],
    ) -> Tenant:  # fmt: skip
        tenant, new = _create(found, body, who)
        response.status_code = 201 if new else 200
        return tenant

    @routes.get("/current", summary="My tenant and its plant's settings")
    def read(caller: CurrentCaller) -> Tenant:
        return _current(caller)

    @routes.patch("/current", summary="Change my plant's settings")
    def change(body: TenantChange, caller: Annotated[Caller, require("admin")]) -> Tenant:
        values = {
            name: value for name, value in body.model_dump(exclude_unset=True).items()
            if value is not None or name in _NULLABLE
        }  # fmt: skip
        if values:
            settings = ", ".join(f"{name} = :{name}" for name in values)
            touched = caller.tx.execute(
                f"UPDATE platform.tenants SET {settings}, updated_at = now(), row_version = row_version + 1", **values
            )
            if touched != 1:
                raise Conflict("The tenant was changed at the same time. Read it again.")
        return _current(caller)

    return routes
