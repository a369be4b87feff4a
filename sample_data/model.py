"""The clean model of the plant: what is true, before any system exports it and before trouble is planted.

Days are proleptic ordinals (`date.toordinal()`); quantities `*_m` are thousandths, amounts `*_e4`
ten-thousandths of a euro.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache


@cache
def iso(day: int) -> str:
    """An ordinal day as 2026-09-30."""
    return date.fromordinal(day).isoformat()


@cache
def weekday(day: int) -> int:
    """0 = Monday."""
    return (day - 1) % 7


def working(day: int) -> int:
    """That day, or the Monday after."""
    return day + 7 - weekday(day) if weekday(day) > 4 else day


@dataclass(slots=True)
class Sku:
    """An item. `net_m` is its content in grams or millilitres, `case` the pieces in a case (0 = no case)."""

    code: str
    name: str
    kind: str
    category: str
    base: str
    gtin: str = ""
    cost_e4: int = 0
    price_e4: int = 0
    shelf_days: int = 0
    lots: bool = True
    home: str = "FG01"
    line: str = ""
    net_m: int = 0
    case: int = 0
    lead_days: int = 7
    moq_m: int = 0
    multiple_m: int = 0
    reorder_m: int | None = None
    safety_m: int | None = None
    usage_m: float = 0.0

    @property
    def made(self) -> bool:
        """Whether the plant makes it."""
        return self.kind in ("finished", "semi_finished")


@dataclass(slots=True)
class UnitFactor:
    """One `uom` of the SKU holds `factor_m` thousandths of its base unit."""

    sku: str
    uom: str
    factor_m: int
    gtin: str = ""


@dataclass(slots=True)
class Supplier:
    code: str
    name: str
    city: str
    country: str
    status: str
    lead_days: int
    currency: str
    since: int
    spend_e4: int


@dataclass(slots=True)
class Source:
    """A supplier's offer for a SKU, price per `uom`."""

    sku: str
    supplier: str
    price_e4: int
    uom: str
    moq_m: int
    multiple_m: int
    lead_days: int
    preferred: bool


@dataclass(slots=True)
class Component:
    line_no: int
    sku: str
    qty_m: int
    uom: str
    scrap_e4: int


@dataclass(slots=True)
class Recipe:
    """What `base_m` of the parent is made of; yield and scrap are ratios times ten thousand."""

    parent: str
    version: str
    base_m: int
    uom: str
    yield_e4: int
    valid_from: int
    components: list[Component]


@dataclass(slots=True)
class Operation:
    sku: str
    number: str
    centre: str
    text: str
    rate_m: int
    setup_m: int


@dataclass(slots=True)
class Customer:
    code: str
    name: str
    country: str
    city: str
    channel: str
    weight: float
    days: tuple[int, ...]
    level_bp: int
    in_pieces: bool


@dataclass(slots=True)
class SalesLine:
    """One ordered line; `base_m` is the ordered quantity in the SKU's base unit, discount in 1/100 %."""

    order: str
    customer: str
    channel: str
    day: int
    clock: str
    line_no: int
    sku: str
    qty_m: int
    uom: str
    base_m: int
    price_e4: int
    discount_bp: int
    requested: int
    promised: int
    status: str = "completed"
    cancelled_m: int = 0
    reason: str = ""
    shipped_m: int = 0
    shipped_on: int = 0


@dataclass(slots=True)
class Shipment:
    number: str
    line: int
    order: str
    order_line: int
    sku: str
    day: int
    clock: str
    qty_m: int
    uom: str
    base_m: int
    lot: str


@dataclass(slots=True)
class WorkOrder:
    number: str
    sku: str
    line: str
    uom: str
    ordered_m: int
    start: int
    start_clock: str
    end: int
    end_clock: str
    due: int
    status: str
    good_m: int = 0
    scrap_m: int = 0
    reason: str = ""
    actual_start: int = 0
    actual_end: int = 0
    lot: str = ""


@dataclass(slots=True)
class PurchaseLine:
    po: str
    line_no: int
    supplier: str
    day: int
    status: str
    sku: str
    qty_m: int
    uom: str
    factor_m: int
    price_e4: int
    requested: int
    confirmed: int
    received_m: int = 0
    rejected_m: int = 0
    in_sheet: bool = False


@dataclass(slots=True)
class Receipt:
    number: str
    po: str
    line_no: int
    sku: str
    day: int
    qty_m: int
    uom: str
    factor_m: int
    lot: str
    accepted_m: int
    rejected_m: int


@dataclass(slots=True)
class StockRow:
    sku: str
    location: str
    lot: str
    uom: str
    on_hand_m: int
    reserved_m: int
    quarantined_m: int
    expired_m: int
    cost_e4: int
    expiry: int

    @property
    def available_m(self) -> int:
        """What can be promised from this row."""
        return self.on_hand_m - self.reserved_m - self.quarantined_m - self.expired_m


@dataclass(slots=True)
class Movement:
    number: str
    code: str
    sku: str
    location: str
    qty_m: int
    uom: str
    lot: str
    day: int
    ref: str


@dataclass(slots=True)
class Location:
    code: str
    name: str
    type: str
    nettable: bool
    parent: str


@dataclass(slots=True)
class Promotion:
    """What marketing wrote down of a promotion, run or planned; days included on both ends."""

    code: str
    sku: str
    first: int
    last: int
    discount_bp: int
    status: str
    featured: bool


@dataclass(slots=True)
class Plant:
    """Everything about one generated plant."""

    seed: int
    as_of: int
    first_day: int
    scale: float
    locations: list[Location] = field(default_factory=list)
    skus: dict[str, Sku] = field(default_factory=dict)
    factors: list[UnitFactor] = field(default_factory=list)
    suppliers: list[Supplier] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    unpriced: list[Source] = field(default_factory=list)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    sales: list[SalesLine] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    work_orders: list[WorkOrder] = field(default_factory=list)
    purchases: list[PurchaseLine] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    stock: list[StockRow] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    promotions: list[Promotion] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> list[Sku]:
        """SKUs of these kinds in code order."""
        return [one for one in self.skus.values() if one.kind in kinds]
