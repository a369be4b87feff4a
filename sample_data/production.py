"""Work orders for everything the plant makes, with scrap by reason, some late, some overdue at as_of."""

from __future__ import annotations

from sample_data.demand import STOCKOUTS, Profile
from sample_data.model import Plant, Sku, WorkOrder, iso
from sample_data.rng import Stream
from sample_data.units import whole

# Reason and how often it is the reason, on the filling lines and in the kitchens.
FILLING = (("START_UP", 30), ("UNDERWEIGHT", 24), ("SEAL_FAULT", 18), ("LABEL_FAULT", 13), ("BREAKAGE", 9),
           ("FOREIGN_MATTER", 4), ("ALLERGEN_CHANGEOVER", 2))  # fmt: skip
KITCHEN = (("OVERCOOKED", 34), ("WRONG_VISCOSITY", 27), ("START_UP", 22), ("SPILLAGE", 11), ("FOREIGN_MATTER", 3),
           ("ALLERGEN_CHANGEOVER", 3))  # fmt: skip
HORIZON_DAYS = 14
OVERDUE = 9


def build(plant: Plant, profiles: list[Profile]) -> None:
    """Fill `plant.work_orders` in the order of their start."""
    rng = Stream(plant.seed, "production")
    rates = {one.sku: one.rate_m for one in plant.operations if one.number == "10"}
    profile_of = {one.sku.code: one for one in profiles}
    drafts: list[WorkOrder] = []
    for sku in (*plant.of_kind("finished"), *plant.of_kind("semi_finished")):
        drafts.extend(_series(plant, sku, profile_of.get(sku.code), rates[sku.code], rng))
    drafts.sort(key=lambda one: (one.start, one.start_clock, one.sku))
    for number, one in enumerate(drafts, start=1):
        one.number = f"WH/MO/{number:05d}"
        _outcome(plant, one, rng)
    _make_overdue(plant, drafts)
    plant.work_orders.extend(drafts)


def _series(plant: Plant, sku: Sku, profile: Profile | None, rate_m: int, rng: Stream) -> list[WorkOrder]:
    """One SKU's orders: every few weeks the demand until the next one."""
    every = rng.between(16, 38) if sku.kind == "finished" else rng.between(14, 24)
    day = plant.first_day + rng.below(every)
    out: list[WorkOrder] = []
    last = plant.as_of + HORIZON_DAYS if sku.code not in STOCKOUTS else plant.as_of - 10
    while day <= last:
        daily = profile.level(day) * sku.usage_m if profile else sku.usage_m
        gap = max(5, every + rng.between(-4, 4))
        if daily > 0 and not (profile and not profile.level(day)):
            ordered = max(whole(daily * gap * rng.noise(0.12), sku.base) // 100_000, 1) * 100_000
            out.append(_draft(sku, day, ordered, rate_m, rng))
        day += gap
    return out


def _draft(sku: Sku, day: int, ordered_m: int, rate_m: int, rng: Stream) -> WorkOrder:
    start = rng.between(6, 16) * 60 + rng.pick((0, 15, 30, 45))
    minutes = start + max(90, min(ordered_m * 60 // rate_m + 45, 2600))
    end = day + minutes // 1440
    return WorkOrder("", sku.code, sku.line, sku.base, ordered_m, day, _clock(start), end, _clock(minutes % 1440),
                     end + rng.between(1, 3), "scheduled")  # fmt: skip


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


def _outcome(plant: Plant, one: WorkOrder, rng: Stream) -> None:
    """What happened to the order by as_of. Every draw is made for every order, used or not."""
    cancelled, delayed = rng.chance(0.012), rng.chance(0.08) * rng.between(1, 3)
    scrapped, rate, share = rng.chance(0.72), rng.span(0.002, 0.045), rng.span(0.985, 1.0)
    draw, reason = rng.below(100), ""
    for name, weight in KITCHEN if one.line.startswith("KITCHEN") else FILLING:
        if not reason and draw < weight:
            reason = name
        draw -= weight
    end = one.end + delayed
    if cancelled:
        one.status = "cancelled"
    elif end < plant.as_of:
        one.status, one.actual_start, one.actual_end = "completed", one.start, end
        one.scrap_m = whole(one.ordered_m * rate, one.uom) if scrapped else 0
        one.good_m = whole((one.ordered_m - one.scrap_m) * share, one.uom)
        one.reason = reason if one.scrap_m else ""
        one.lot = f"{one.sku[-5:]}-{iso(one.start)[2:].replace('-', '')}"
    elif one.start < plant.as_of:
        one.status, one.actual_start = "in_progress", one.start
        one.due = max(one.due, plant.as_of)
    else:
        one.status = "created" if one.start > plant.as_of + 9 else "scheduled"


def _make_overdue(plant: Plant, drafts: list[WorkOrder]) -> None:
    """Turn nine orders that were due in the fortnight before as_of into ones that nobody has finished."""
    recent = [one for one in drafts if one.status == "completed" and plant.as_of - 14 <= one.due < plant.as_of
              and one.sku not in STOCKOUTS]  # fmt: skip
    for i, one in enumerate(recent[:: max(1, len(recent) // OVERDUE)][:OVERDUE]):
        started = i % 2 == 0
        one.status = "in_progress" if started else "scheduled"
        one.good_m = whole(one.ordered_m * 0.4, one.uom) if started else 0
        one.actual_start = one.start if started else 0
        one.scrap_m, one.reason, one.actual_end, one.lot = 0, "", 0, ""
