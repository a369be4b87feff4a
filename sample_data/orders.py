"""Sales orders: customers order on their days what the demand profiles say, goods go out, some is lost."""

from __future__ import annotations

from math import sqrt

from sample_data.demand import DELISTED, Profile, open_day
from sample_data.model import Customer, Plant, SalesLine, weekday, working
from sample_data.rng import Stream

OUT_OF_STOCK = "out of stock"


def build(plant: Plant, profiles: list[Profile]) -> None:
    """Fill `plant.sales` day by day, in order number order."""
    rng = Stream(plant.seed, "orders")
    pools = [_pool(plant, day) for day in range(7)]
    number = 0
    for day in range(plant.first_day, plant.as_of + 1):
        factor = open_day(day)
        if not factor:
            continue
        basket: dict[str, dict[str, tuple[int, Profile]]] = {}
        for profile in profiles:
            _draw(profile, day, factor, pools[weekday(day)], basket, rng)
        by_code = {one.code: one for one in pools[weekday(day)][0]}
        for customer in sorted(basket):
            number += 1
            lines = _order(plant, f"S{number:06d}", by_code[customer], day, basket[customer], rng)
            _settle(plant, lines, rng)
            plant.sales.extend(lines)


_Pool = tuple[list[Customer], list[float], list[Customer], list[float]]


def _pool(plant: Plant, day: int) -> _Pool:
    """Customers who order on that weekday with cumulative weights; then those who may also buy bulk."""
    everyone = [one for one in plant.customers if day in one.days]
    bulk = [one for one in everyone if one.channel in ("wholesale", "foodservice")]
    return everyone, _cumulative(everyone), bulk, _cumulative(bulk)


def _cumulative(customers: list[Customer]) -> list[float]:
    out, total = [], 0.0
    for one in customers:
        total += one.weight
        out.append(total)
    return out


def _draw(profile: Profile, day: int, factor: float, pool: _Pool, basket: dict[str, dict[str, tuple[int, Profile]]],
          rng: Stream) -> None:  # fmt: skip
    """The lines of one SKU on one day; a customer's second line of the same SKU adds to the first."""
    level = profile.level(day)
    if not level:
        return
    root = sqrt(level)
    people, weights = (pool[0], pool[1]) if profile.sku.case else (pool[2], pool[3])
    for _ in range(rng.count(profile.lines * root * factor * rng.noise(0.3))):
        units = max(1, int(profile.mean * root * rng.noise(0.45) + 0.5))
        lines = basket.setdefault(rng.weighted(people, weights).code, {})
        lines[profile.sku.code] = (units + lines.get(profile.sku.code, (0, profile))[0], profile)


def _order(plant: Plant, number: str, customer: Customer, day: int, basket: dict[str, tuple[int, Profile]],
           rng: Stream) -> list[SalesLine]:  # fmt: skip
    requested = working(day + rng.between(1, 5))
    promised = working(requested + rng.between(1, 3)) if rng.chance(0.05) else requested
    clock = f"{rng.between(7, 15):02d}:{rng.below(60):02d}:00"
    years = (day - plant.first_day) // 365
    out = []
    for line_no, (code, (units, profile)) in enumerate(basket.items(), start=1):
        sku = profile.sku
        pieces = sku.case * 1000 if sku.case else 0
        price = sku.price_e4 * customer.level_bp // 10_000 * (97 + 3 * years) // 103
        promo = profile.promo(day)
        discount = promo.discount_bp if promo else (250 if customer.weight > 4 else 0)
        if not sku.case:
            qty, uom, base = units * 10_000, "KGM", units * 10_000
        elif customer.in_pieces:
            qty, uom, base = units * pieces, "EA", units * pieces
        else:
            qty, uom, base, price = units * 1000, "XCS", units * pieces, price * sku.case
        line = SalesLine(number, customer.code, customer.channel, day, clock, line_no, code, qty, uom, base,
                         price // 100 * 100, discount, requested, promised)  # fmt: skip
        if profile.out_of_stock(day):
            line.cancelled_m = qty if rng.chance(0.55) else qty // 2000 * 1000
            line.reason = OUT_OF_STOCK if line.cancelled_m else ""
        elif rng.chance(0.004):
            line.cancelled_m, line.reason = qty, "customer request"
        out.append(line)
    return out


def _settle(plant: Plant, lines: list[SalesLine], rng: Stream) -> None:
    """Ship what was due by as_of and set the order's status from its lines.

    Open means `confirmed` (nothing left the house) or `partial`. A completed order may still have left a rest
    that was written off without being cancelled: such a rest is not open.
    """
    leave = max(lines[0].day, lines[0].promised - rng.below(2)) + (rng.between(1, 4) if rng.chance(0.06) else 0)
    backlog = lines[0].day > plant.as_of - 60 and rng.chance(0.006)
    draft = lines[0].day > plant.as_of - 4 and rng.chance(0.06)
    waiting = shipped = False
    for line in lines:
        rest = line.qty_m - line.cancelled_m
        when = leave + (rng.between(2, 6) if rng.chance(0.04) else 0)
        written_off = rest > 1000 and rng.chance(0.002)
        late = backlog and rng.chance(0.6) and line.sku != DELISTED
        if rest <= 0:
            continue
        if draft or late or when > plant.as_of:
            waiting = True
            continue
        line.shipped_m = rest - 1000 if written_off else rest
        line.shipped_on = when
        shipped = True
    status = "draft" if draft else "cancelled"
    if not draft and (waiting or shipped):
        status = "completed" if not waiting else ("partial" if shipped else "confirmed")
    for line in lines:
        line.status = status
