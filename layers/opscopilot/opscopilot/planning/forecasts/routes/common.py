"""Who may plan, and the parameters every planning route shares."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from opscopilot.forecasting.demand.periods import PeriodName
from opscopilot.web import Caller, require

Planner = Annotated[Caller, require("planner", "plant_manager")]
Period = Annotated[PeriodName, Query(description="Length of a bucket.")]
Version = Annotated[
    str | None, Query(max_length=64, description="A version's code or id; default: the one in force for the period.")
]
Sku = Annotated[str | None, Query(max_length=200, description="SKU code, id, GTIN or unique name.")]
