"""Purchase orders and receipts: late ones, short ones, split ones, rejected ones, and what is still to come."""

from __future__ import annotations

from sample_data.model import Plant, PurchaseLine, Receipt, Sku, Source, iso, weekday, working
from sample_data.partners import SHEET_BUYER_SUPPLIERS
from sample_data.rng import Stream

LINES_TARGET = 4000


def build(plant: Plant) -> None:
    """Fill `plant.purchases` and `plant.receipts` in date order."""
    rng = Stream(plant.seed, "purchasing")
    offers: dict[str, list[Source]] = {}
    for one in plant.sources:
        offers.setdefault(one.sku, []).append(one)
    wanted: list[tuple[int, str, Sku, Source | None, int]] = []
    for sku in plant.of_kind("raw", "packaging"):
        wanted.extend(_calls(plant, sku, offers.get(sku.code, []), rng))
    wanted.sort(key=lambda one: (one[0], one[1], one[2].code))
    _orders(plant, wanted, rng)


def _calls(plant: Plant, sku: Sku, offers: list[Source], rng: Stream) -> list[tuple[int, str, Sku, Source | None, int]]:
    """When one item is ordered, from whom and how much (in thousandths of the base unit)."""
    days = plant.as_of - plant.first_day
    every = max(10, days * 102 // LINES_TARGET + rng.between(-8, 8))
    out: list[tuple[int, str, Sku, Source | None, int]] = []
    day = plant.first_day + rng.below(every)
    while day < plant.as_of:
        source = offers[0] if offers and rng.chance(0.75) else (rng.pick(offers) if offers else None)
        supplier = source.supplier if source else plant.unpriced[rng.below(2)].supplier
        day += (int(supplier[-3:]) % 5 - weekday(day)) % 7  # every supplier has its weekday, so orders share lines
        if day >= plant.as_of:
            break
        if not out or day > out[-1][0]:
            out.append((day, supplier, sku, source, int(sku.usage_m * every * rng.noise(0.15)) + 1000))
        day += every + rng.between(-6, 3)
    return out


def _orders(plant: Plant, wanted: list[tuple[int, str, Sku, Source | None, int]], rng: Stream) -> None:
    factors = {(one.sku, one.uom): one.factor_m for one in plant.factors}
    from_sheet = {one.code for one in plant.suppliers[-SHEET_BUYER_SUPPLIERS:]}
    counts = {False: 0, True: 0}
    spend: dict[str, int] = {}
    previous, line_no, po = ("", -1), 0, ""
    for day, supplier, sku, source, need_m in wanted:
        in_sheet = supplier in from_sheet
        if (supplier, day) != previous:
            counts[in_sheet] += 1
            po = f"PB-{counts[True]:04d}" if in_sheet else f"4500{counts[False]:06d}"
            line_no, previous = 0, (supplier, day)
        line_no += 10
        line = _line(po, line_no, supplier, day, sku, source, need_m, factors, rng)
        line.in_sheet = in_sheet
        plant.purchases.append(line)
        _receive(plant, line, sku, rng)
        spend[supplier] = spend.get(supplier, 0) + line.received_m * line.price_e4 // 1000
    _one_status_per_order(plant)
    for one in plant.suppliers:
        one.spend_e4 = spend.get(one.code, 0) // 100 * 100


def _line(po: str, line_no: int, supplier: str, day: int, sku: Sku, source: Source | None, need_m: int,
          factors: dict[tuple[str, str], int], rng: Stream) -> PurchaseLine:  # fmt: skip
    """Ordered in the supplier's unit, rounded up to its multiple; without an offer in the base unit."""
    uom = source.uom if source else sku.base
    factor = 1000 if uom == sku.base else (1_000_000 if uom == "TNE" else factors[(sku.code, uom)])
    multiple = source.multiple_m if source else 1_000_000
    units = max(-(-need_m * 1000 // factor // multiple) * multiple, source.moq_m if source else 0)
    lead = source.lead_days if source else sku.lead_days
    requested = working(day + lead)
    confirmed = working(requested + rng.between(1, 7)) if rng.chance(0.12) else requested
    price = source.price_e4 if source else sku.cost_e4
    return PurchaseLine(po, line_no, supplier, day, "confirmed", sku.code, units, uom, factor, price, requested,
                        confirmed)  # fmt: skip


def _receive(plant: Plant, line: PurchaseLine, sku: Sku, rng: Stream) -> None:
    """Deliveries up to as_of. Every draw is made for every line, used or not."""
    late = rng.between(1, 15) if rng.chance(0.17) else rng.between(-2, 0)
    short = rng.chance(0.07) and line.qty_m >= 10_000
    split, rejected, cancelled = rng.chance(0.1) and line.qty_m >= 4000, rng.chance(0.02), rng.chance(0.008)
    lost = max(1000, int(line.qty_m * rng.span(0.03, 0.2) / 1000) * 1000)
    if cancelled:
        line.status = "cancelled"
        return
    due = line.qty_m - (lost if short else 0)
    parts = [due]
    if split:
        parts = [due // 2000 * 1000, due - due // 2000 * 1000]
    for i, part in enumerate(parts):
        day = working(line.confirmed + late + 6 * i)
        if day >= plant.as_of or day <= line.day:
            continue
        bad = part if rejected and i == 0 else 0
        line.received_m += part
        line.rejected_m += bad
        if not line.in_sheet:
            lot = f"{line.supplier[-3:]}{iso(day)[2:].replace('-', '')}{line.line_no}" if sku.lots else ""
            plant.receipts.append(Receipt(f"{5000000001 + len(plant.receipts)}", line.po, line.line_no, sku.code, day,
                                          part, line.uom, line.factor_m, lot, part - bad, bad))  # fmt: skip


def _one_status_per_order(plant: Plant) -> None:
    """Orders carry one status: received when all arrived (short ones are closed), partially, or still to come."""
    orders: dict[str, list[PurchaseLine]] = {}
    for line in plant.purchases:
        orders.setdefault(line.po, []).append(line)
    for lines in orders.values():
        live = [one for one in lines if one.status != "cancelled"]
        got = [one for one in live if one.received_m]
        if not live:
            status = "cancelled"
        elif all(one.received_m >= one.qty_m for one in live):
            status = "received"
        elif live[-1].confirmed + 24 < plant.as_of:
            status = "closed"
        elif got:
            status = "partially_received"
        else:
            status = "sent" if live[0].day > plant.as_of - 3 else "confirmed"
        for one in lines:
            one.status = status
