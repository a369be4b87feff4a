"""People of a tenant: who they are to notifications. What they may do is said by their token alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from opscopilot.kernel.pagination import Page, decode_cursor, page
from opscopilot.kernel.tenancy import Role
from opscopilot.web.caller import Caller, CurrentCaller, require
from opscopilot.web.params import PageQuery, Strict
from opscopilot.web.problems import PROBLEM_RESPONSES


class UserEntry(Strict):
    """A person. `user_id` is the `sub` of their tokens."""

    user_id: str = Field(min_length=1, max_length=200, examples=["planner@fjord-foods"])
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", examples=["planner@example.com"])
    name: str | None = Field(default=None, max_length=200, examples=["Pia Planner"])
    role: Role = Field(examples=["planner"])
    status: Literal["active", "suspended"] = "active"


class User(BaseModel):
    """A person as stored."""

    user_id: str
    email: str | None
    name: str | None
    role: Role
    status: str
    created_at: datetime
    updated_at: datetime


_FIELDS = "user_id, email, name, role, status, created_at, updated_at"


def _upsert(caller: Caller, body: UserEntry) -> User:
    row = caller.tx.one(
        f"""INSERT INTO platform.users (tenant_id, user_id, email, name, role, status, created_by)
            VALUES (:tenant_id, :user_id, :email, :name, :role, :status, :created_by)
            ON CONFLICT (tenant_id, user_id) DO UPDATE SET email = excluded.email, name = excluded.name,
                role = excluded.role, status = excluded.status, updated_at = now(),
                row_version = users.row_version + 1
            RETURNING {_FIELDS}""",
        tenant_id=caller.principal.tenant_id, created_by=caller.principal.user_id, **body.model_dump(),
    )  # fmt: skip
    return User.model_validate(row)


def router() -> APIRouter:
    """`/users`."""
    routes = APIRouter(prefix="/users", tags=["users"], responses=PROBLEM_RESPONSES)

    @routes.post("", summary="Add a person, or change the one with this user_id")
    def upsert(body: UserEntry, caller: Annotated[Caller, require("admin")]) -> User:
        return _upsert(caller, body)

    @routes.get("", summary="The people of my tenant")
    def read(caller: Annotated[Caller, require("admin")], asked: PageQuery) -> Page[User]:
        after = decode_cursor(asked.cursor, 1)[0] if asked.cursor else ""
        rows = caller.tx.rows(
            f"SELECT {_FIELDS} FROM platform.users WHERE user_id > :after ORDER BY user_id LIMIT :limit",
            after=after, limit=asked.limit + 1,
        )  # fmt: skip
        total = caller.tx.scalar("SELECT count(*) FROM platform.users")
        return page(rows, asked.limit, total, ("user_id",), User.model_validate)

    @routes.get("/me", summary="Who I am according to my token")
    def me(caller: CurrentCaller) -> dict[str, str | bool | None]:
        who = caller.principal
        return {"user_id": who.user_id, "email": who.email, "role": who.role, "tenant": who.tenant_code,
                "platform_admin": who.platform_admin}  # fmt: skip

    return routes
