"""Who may do what, and the words every staging route shares."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field

from opscopilot.web import Caller, require

SourceType = Literal["erp", "accounting", "inventory", "sales", "quality", "production", "pos", "external_api"]
Loader = Annotated[Caller, require("planner", "plant_manager", "operator", "buyer", "fsq_manager")]
Keeper = Annotated[Caller, require("planner", "plant_manager")]
System = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", description="Short name.", examples=["sap"])]
Entity = Annotated[str | None, Field(description="What it is; leave out to let the header decide.", examples=["sku"])]
ConnectorName = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", examples=["sap"])]
