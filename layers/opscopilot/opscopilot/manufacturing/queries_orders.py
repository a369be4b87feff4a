"""What customers asked for: open lines by the house definition, orders with totals, sales of a period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from opscopilot.catalogue import lineage
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.money import rounded
from opscopilot.kernel.pagination import Page, cut, decode_cursor, page
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.manufacturing.queries_shared import OPEN_LINES, OPEN_ORDERS_TEXT
from opscopilot.manufacturing.schemas import (
    CurrencyTotal,
    OpenLine,
    OpenOrders,
    Order,
    SalesGroup,
    SalesSummary,
    UnitQuantity,
)

GroupBy = Literal["channel", "customer", "sku", "month", "week", "day"]


@dataclass(frozen=True)
class OrderFilter:
    """What to show; codes are exact, dates inclusive. `late` keeps lines whose due date is past."""

    order: str | None = None
    customer: str | None = None
    sku: str | None = None
    status: str | None = None
    late: bool = False
    date_from: date | None = None
    date_to: date | None = None
    cursor: str | None = None
    limit: int = 50


_OPEN = f"""
WITH {OPEN_LINES}, item AS (
    SELECT l.id, l.order_number, l.line_no, c.customer_code, c.name AS customer_name, k.sku_code,
        k.description AS product_name, l.order_date, l.due_date, greatest(:today - l.due_date, 0) AS days_late,
        l.ordered_qty, l.shipped_qty, l.cancelled_qty, l.open_qty, coalesce(l.uom, k.base_uom) AS uom,
        l.unit_price, l.discount, l.open_qty * l.unit_price * (1 - l.discount) AS open_value,
        coalesce(l.currency, :currency) AS currency, l.ingestion_job_id, l.source_row,
        coalesce(l.due_date, 'infinity'::date) AS urgency
    FROM open_lines l
    JOIN manufacturing.skus k ON k.tenant_id = platform.current_tenant() AND k.id = l.sku_id
    LEFT JOIN manufacturing.customers c ON c.tenant_id = platform.current_tenant() AND c.id = l.customer_id
    WHERE {{where}}
)"""
_OPEN_TOTALS = """
SELECT uom, currency, count(*) AS lines, sum(open_qty) AS quantity, sum(open_value) AS value,
    count(*) FILTER (WHERE open_value IS NULL) AS without_price,
    count(*) FILTER (WHERE due_date < :today) AS late FROM item GROUP BY uom, currency ORDER BY uom, currency"""


def _open_where(asked: OrderFilter) -> tuple[str, dict[str, Any]]:
    tests: list[str] = ["true"]
    params: dict[str, Any] = {}
    for value, name, test in (
        (asked.order, "order", "l.order_number = :order"), (asked.customer, "customer", "c.customer_code = :customer"),
        (asked.sku, "sku", "k.sku_code = :sku"), (asked.date_from, "date_from", "l.due_date >= :date_from"),
        (asked.date_to, "date_to", "l.due_date <= :date_to"),
    ):  # fmt: skip
        if value is not None:
            tests.append(test)
            params[name] = value
    if asked.late:
        tests.append("l.due_date < :today")
    return " AND ".join(tests), params


def open_orders(tx: Tx, plant: PlantSettings, clock: Clock, asked: OrderFilter) -> OpenOrders:
    """Open lines that match, most urgent first, with counts and values over all of them."""
    where, params = _open_where(asked)
    params |= {"today": plant.today(clock), "currency": plant.default_currency}
    sql = _OPEN.format(where=where)
    totals = tx.rows(f"{sql} {_OPEN_TOTALS}", **params)
    orders = tx.scalar(f"{sql} SELECT count(DISTINCT order_number) FROM item", **params)
    after = "true"
    if asked.cursor is not None:
        day, last = decode_cursor(asked.cursor, 2)
        after = "(urgency, id) > (CAST(:day AS date), CAST(:last AS uuid))"
        params |= {"day": str(day), "last": str(last)}
    rows = tx.rows(
        f"{sql} SELECT *, urgency::text AS day FROM item WHERE {after} ORDER BY urgency, id LIMIT :rows",
        **params, rows=asked.limit + 1,
    )  # fmt: skip
    kept, more = cut(rows, asked.limit, "day", "id")
    names = lineage.files(tx, (row["ingestion_job_id"] for row in kept))
    return OpenOrders(
        as_of=plant.today(clock), time_zone=plant.default_time_zone, orders=orders,
        lines=sum(row["lines"] for row in totals), late_lines=sum(row["late"] for row in totals),
        value=currency_totals(totals), quantities=unit_quantities(totals), next_cursor=more,
        items=[
            OpenLine.model_validate({**row, "file": names.get(str(row["ingestion_job_id"])), "row": row["source_row"]})
            for row in kept
        ],
        definition=OPEN_ORDERS_TEXT, warnings=price_warnings(totals),
    )  # fmt: skip


def currency_totals(rows: Iterable[Row]) -> list[CurrencyTotal]:
    """Sums of `value` per currency, rounded to the currency's smallest coin; several currencies stay several."""
    found: dict[str, CurrencyTotal] = {}
    for row in rows:
        one = found.setdefault(row["currency"], CurrencyTotal(currency=row["currency"], amount=Decimal(0)))
        one.amount += row["value"] or 0
        one.without_price += row["without_price"]
    for one in found.values():
        one.amount = rounded(one.amount, one.currency)
    return list(found.values())


def unit_quantities(rows: Iterable[Row]) -> list[UnitQuantity]:
    """Sums of `quantity` per unit."""
    found: dict[str, UnitQuantity] = {}
    for row in rows:
        one = found.setdefault(row["uom"], UnitQuantity(uom=row["uom"], quantity=Decimal(0)))
        one.quantity += row["quantity"]
    return list(found.values())


def price_warnings(rows: list[Row]) -> list[str]:
    """What a reader of the sums must know."""
    found = []
    if without := sum(row["without_price"] for row in rows):
        found.append(f"Lines without a price: {without}. Their value is unknown and not in the total.")
    if len({row["currency"] for row in rows}) > 1:
        found.append("Amounts are given per currency; they are not added without a dated rate.")
    return found


_ORDERS = """
SELECT o.id, o.order_number, c.customer_code, c.name AS customer_name, o.channel, o.order_date, o.requested_date,
    o.promised_date, o.ship_date, o.status, coalesce(o.currency, :currency) AS currency,
    t.lines, t.amount AS total_amount
FROM (SELECT * FROM manufacturing.sales_orders o WHERE {where} AND {after}
      ORDER BY o.order_date DESC, o.id DESC LIMIT :rows) o
LEFT JOIN manufacturing.customers c ON c.tenant_id = o.tenant_id AND c.id = o.customer_id
LEFT JOIN LATERAL (
    SELECT count(*) AS lines, CASE WHEN count(*) FILTER (WHERE l.unit_price IS NULL) = 0 THEN
        sum((l.ordered_qty - l.cancelled_qty) * l.unit_price * (1 - l.discount)) END AS amount
    FROM manufacturing.sales_order_lines l WHERE l.tenant_id = o.tenant_id AND l.sales_order_id = o.id
) t ON true
ORDER BY o.order_date DESC, o.id DESC"""


def orders(tx: Tx, plant: PlantSettings, asked: OrderFilter) -> Page[Order]:
    """Sales orders with their totals, newest first."""
    tests, params = ["true"], dict[str, Any]()
    for value, name, test in (
        (asked.order, "order", "o.order_number = :order"), (asked.status, "status", "o.status = :status"),
        (asked.date_from, "date_from", "o.order_date >= :date_from"),
        (asked.date_to, "date_to", "o.order_date <= :date_to"),
        (asked.customer, "customer", "EXISTS (SELECT 1 FROM manufacturing.customers c WHERE c.id = o.customer_id "
                                     "AND c.customer_code = :customer)"),
        (asked.sku, "sku", "EXISTS (SELECT 1 FROM manufacturing.sales_order_lines l JOIN manufacturing.skus k "
                           "ON k.id = l.sku_id WHERE l.sales_order_id = o.id AND k.sku_code = :sku)"),
    ):  # fmt: skip
        if value is not None:
            tests.append(test)
            params[name] = value
    where = " AND ".join(tests)
    total = tx.scalar(f"SELECT count(*) FROM manufacturing.sales_orders o WHERE {where}", **params)
    after = "true"
    if asked.cursor is not None:
        day, last = decode_cursor(asked.cursor, 2)
        after = "(o.order_date, o.id) < (CAST(:day AS date), CAST(:last AS uuid))"
        params |= {"day": str(day), "last": str(last)}
    rows = tx.rows(_ORDERS.format(where=where, after=after), **params, currency=plant.default_currency,
                   rows=asked.limit + 1)  # fmt: skip
    for row in rows:
        if row["total_amount"] is not None:
            row["total_amount"] = rounded(row["total_amount"], row["currency"])
    return page(rows, asked.limit, total, ("order_date", "id"), Order.model_validate)


_GROUPS: dict[str, str] = {
    "channel": "coalesce(o.channel, 'not recorded')", "customer": "coalesce(c.customer_code, 'not recorded')",
    "sku": "k.sku_code", "day": "to_char(o.order_date, 'YYYY-MM-DD')", "month": "to_char(o.order_date, 'YYYY-MM')",
    "week": "to_char(o.order_date - mod(extract(isodow FROM o.order_date)::int - :week_start + 7, 7), 'YYYY-MM-DD')",
}  # fmt: skip
_SALES = """
SELECT {key} AS key, coalesce(l.uom, k.base_uom) AS uom, coalesce(o.currency, :currency) AS currency,
    count(*) AS lines, sum(l.ordered_qty - l.cancelled_qty) AS quantity,
    sum((l.ordered_qty - l.cancelled_qty) * l.unit_price * (1 - l.discount)) AS value,
    count(*) FILTER (WHERE l.unit_price IS NULL) AS without_price
FROM {source} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
_SALES_SOURCE = """manufacturing.sales_orders o
JOIN manufacturing.sales_order_lines l ON l.tenant_id = o.tenant_id AND l.sales_order_id = o.id
JOIN manufacturing.skus k ON k.tenant_id = l.tenant_id AND k.id = l.sku_id
LEFT JOIN manufacturing.customers c ON c.tenant_id = o.tenant_id AND c.id = o.customer_id
WHERE o.status NOT IN ('draft', 'cancelled') AND o.order_date <= :today AND {where}"""
SALES_TEXT = (
    "Ordered quantity less cancelled quantity, by order date, net of discount; drafts and cancelled orders are "
    "left out."
)


def sales(
    tx: Tx, plant: PlantSettings, clock: Clock, asked: OrderFilter, group_by: GroupBy | None = None
) -> SalesSummary:
    """What was ordered in a period, in total and per group (at most 100 groups, largest value first)."""
    tests, params = ["true"], dict[str, Any]()
    for value, name, test in (
        (asked.date_from, "date_from", "o.order_date >= :date_from"),
        (asked.date_to, "date_to", "o.order_date <= :date_to"), (asked.status, "status", "o.status = :status"),
        (asked.customer, "customer", "c.customer_code = :customer"), (asked.sku, "sku", "k.sku_code = :sku"),
        (asked.order, "order", "o.order_number = :order"),
    ):  # fmt: skip
        if value is not None:
            tests.append(test)
            params[name] = value
    params |= {"today": plant.today(clock), "currency": plant.default_currency}
    if group_by == "week":
        params["week_start"] = plant.week_start
    source = _SALES_SOURCE.format(where=" AND ".join(tests))
    key = _GROUPS[group_by] if group_by else "'all'"
    rows = tx.rows(_SALES.format(key=key, source=source), **params)
    params.pop("week_start", None)
    params.pop("currency")
    counted = {row["key"]: row["n"] for row in tx.rows(
        f"SELECT {key} AS key, count(DISTINCT o.id) AS n FROM {source} GROUP BY 1",
        **params, **({"week_start": plant.week_start} if group_by == "week" else {}))}  # fmt: skip
    whole = tx.scalar(f"SELECT count(DISTINCT o.id) FROM {source}", **params) if group_by else counted.get("all", 0)
    return SalesSummary(
        as_of=plant.today(clock), time_zone=plant.default_time_zone, period_from=asked.date_from,
        period_to=asked.date_to, orders=whole, lines=sum(row["lines"] for row in rows),
        quantities=unit_quantities(rows), value=currency_totals(rows), definition=SALES_TEXT,
        groups=_groups(rows, counted, group_by) if group_by else [], warnings=price_warnings(rows),
    )  # fmt: skip


def _groups(rows: list[Row], counted: dict[str, int], group_by: GroupBy) -> list[SalesGroup]:
    keys = list(dict.fromkeys(row["key"] for row in rows))
    found = []
    for key in keys:
        mine = [row for row in rows if row["key"] == key]
        lines = sum(row["lines"] for row in mine)
        quantities, value = unit_quantities(mine), currency_totals(mine)
        found.append(SalesGroup(key=key, orders=counted[key], lines=lines, quantities=quantities, value=value))
    if group_by in ("channel", "customer", "sku"):
        found.sort(key=lambda one: (-max((v.amount for v in one.value), default=Decimal(0)), one.key))
    return found[:100]
