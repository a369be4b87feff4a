"""What the recipe questions answer with."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from opscopilot.web.fields import Amount, Price, Quantity, Ratio


class EffectiveComponent(BaseModel):
    """A recipe line that is effective on the day."""

    assembly: str | None = Field(description="null: the row marks a top-level item that goes into nothing.")
    version: str | None
    line_no: str
    component: str
    component_name: str
    qty: Quantity
    uom: str | None
    scrap_rate: Ratio
    component_from: date | None
    component_to: date | None
    top_level: bool


class EffectiveComponents(BaseModel):
    """Recipe lines effective on the day, one page of them."""

    effective_on: date
    total: int
    top_level: int = Field(description="How many of them mark a top-level item.")
    items: list[EffectiveComponent]
    next_cursor: str | None = None
    definition: str


class BomLine(BaseModel):
    """A component somewhere below the item, with its total need."""

    sku_code: str
    product_name: str
    level: int = Field(description="Low-level code: the longest way down from the item; 1 = direct.")
    kind: Literal["made", "phantom", "purchased"] = Field(description="purchased = without a recipe on the day")
    quantity: Quantity
    uom: str
    unit_cost: Price | None = Field(description="Standard cost per base unit; null = unknown.")
    currency: str


class CostRollup(BaseModel):
    """Material cost of the purchased components at standard cost. With unknown costs there is no total."""

    known_cost: Amount = Field(description="Cost of the components whose cost is known.")
    currency: str
    complete: bool
    total_cost: Amount | None = Field(description="Only when every component's cost is known.")
    unknown: list[str] = Field(description="Components without a usable cost.")
    list_price: Price | None
    exceeds_list_price: bool | None = Field(description="null when it cannot be said.")


class BomExplosion(BaseModel):
    """Everything that goes into a quantity of an item."""

    sku_code: str
    product_name: str
    quantity: Quantity
    uom: str
    effective_on: date
    bom_version: str | None
    first_level_components: int
    leaf_components: int
    components: list[BomLine] = Field(description="By level; total need over all ways down.")
    cost: CostRollup | None = None
    gaps: list[str] = Field(default=[], description="What could not be followed, and why.")
    definition: str


class WhereUsedLine(BaseModel):
    """An item that needs the component."""

    sku_code: str
    product_name: str
    level: int = Field(description="1 = uses it directly.")
    quantity_per: Quantity | None = Field(description="Recipe quantity per base quantity; direct use only.")
    uom: str | None
    top_level: bool = Field(description="Goes into nothing further.")


class WhereUsed(BaseModel):
    """Every item the component goes into, directly or not."""

    sku_code: str
    product_name: str
    effective_on: date
    direct: int
    total: int
    items: list[WhereUsedLine]
    definition: str
