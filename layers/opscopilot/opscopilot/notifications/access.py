"""Who may do what under `/notify`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict

from opscopilot.kernel.tenancy import ROLES
from opscopilot.web import Caller, require

_RAISERS = require("planner", "plant_manager", "fsq_manager", "buyer", "brand_manager", "category_manager")
_ACTORS = require(*(role for role in ROLES if role != "viewer"))
_MANAGERS = require("plant_manager", "fsq_manager")
Raiser = Annotated[Caller, _RAISERS]
Actor = Annotated[Caller, _ACTORS]
Admin = Annotated[Caller, require()]
Manager = Annotated[Caller, _MANAGERS]
AlertId = Annotated[UUID, Path(description="The alert's id, as in the message or in the list of alerts.")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
