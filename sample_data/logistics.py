"""Shipments of the last four months with the lots picked, and two months of stock movements."""

from __future__ import annotations

from bisect import bisect_right

from sample_data.model import Movement, Plant, Shipment
from sample_data.recipes import consumption
from sample_data.rng import Stream

SHIPMENT_DAYS = 120
MOVEMENT_DAYS = 60


def shipments(plant: Plant) -> None:
    """Fill `plant.shipments`: what left after as_of − 120 days, one shipment per order and day."""
    rng = Stream(plant.seed, "shipments")
    made: dict[str, list[tuple[int, str]]] = {}
    for work in plant.work_orders:
        if work.lot:
            made.setdefault(work.sku, []).append((work.actual_end, work.lot))
    for lots in made.values():
        lots.sort()
    due = [one for one in plant.sales if one.shipped_m and one.shipped_on > plant.as_of - SHIPMENT_DAYS]
    due.sort(key=lambda one: (one.shipped_on, one.order, one.line_no))
    previous, number, line, clock = ("", 0), 0, 0, ""
    for one in due:
        if (one.order, one.shipped_on) != previous:
            previous = (one.order, one.shipped_on)
            number, line = number + 1, 0
            clock = f"{rng.between(8, 19):02d}:{rng.below(60):02d}:00"
        line += 1
        lots = made.get(one.sku, [])
        at = bisect_right(lots, (one.shipped_on - 2, "~")) - 1
        lot = lots[at][1] if at >= 0 else ""
        base = one.shipped_m * one.base_m // one.qty_m
        plant.shipments.append(Shipment(f"WH/OUT/{number:05d}", line, one.order, one.line_no, one.sku,
                                        one.shipped_on, clock, one.shipped_m, one.uom, base, lot))  # fmt: skip


def movements(plant: Plant) -> None:
    """Fill `plant.movements`: receipts, consumption, production, scrap, shipments of the last 60 days, signed."""
    first = plant.as_of - MOVEMENT_DAYS
    out: list[Movement] = []
    for one in plant.receipts:
        if one.day > first and one.accepted_m:
            sku = plant.skus[one.sku]
            base = one.accepted_m * one.factor_m // 1000
            out.append(Movement("", "101", one.sku, sku.home, base, sku.base, one.lot, one.day, one.po))
    for order in plant.work_orders:
        if order.status != "completed" or order.actual_end <= first:
            continue
        home = plant.skus[order.sku].home
        for item, used in consumption(plant, order.sku, order.good_m + order.scrap_m):
            out.append(Movement("", "261", item.code, item.home, -used, item.base, "", order.actual_end, order.number))
        made = order.good_m + order.scrap_m
        out.append(Movement("", "131", order.sku, home, made, order.uom, order.lot, order.actual_end, order.number))
        if order.scrap_m:
            out.append(Movement("", "551", order.sku, home, -order.scrap_m, order.uom, order.lot, order.actual_end,
                                order.number))  # fmt: skip
    for sent in plant.shipments:
        if sent.day > first:
            sku = plant.skus[sent.sku]
            out.append(Movement("", "601", sent.sku, sku.home, -sent.base_m, sku.base, sent.lot, sent.day, sent.order))
    out.sort(key=lambda one: (one.day, one.code, one.ref, one.sku))
    for number, moved in enumerate(out, start=1):
        moved.number = f"{4900000000 + number}"
    plant.movements.extend(out)
