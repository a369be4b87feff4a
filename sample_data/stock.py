"""Stock at as_of: lots with expiry in three warehouses and a quarantine cage, some planted to run out."""

from __future__ import annotations

from sample_data.demand import DELISTED, INTERMITTENT, INVENTORY_EXAMPLE, LOW_BUT_LASTING, SEASON_RUNS_OUT, STOCKOUTS
from sample_data.model import Plant, Receipt, Sku, StockRow, WorkOrder, iso
from sample_data.rng import Stream
from sample_data.units import whole

BOUGHT_LOW = 10
EXPIRED_EVERY, QUARANTINE_EVERY = 12, 9
Lots = list[tuple[str, int]]


def usage(plant: Plant) -> None:
    """Set `Sku.usage_m` of finished SKUs: ordered quantity per calendar day over the 13 weeks up to as_of."""
    totals: dict[str, int] = {}
    for line in plant.sales:
        if line.day > plant.as_of - 91:
            totals[line.sku] = totals.get(line.sku, 0) + line.base_m
    for sku in plant.of_kind("finished"):
        sku.usage_m = totals.get(sku.code, 0) / 91


def build(plant: Plant) -> None:
    """Fill `plant.stock`; needs orders, work orders, receipts and the planning parameters."""
    rng = Stream(plant.seed, "stock")
    lots = _lots(plant)
    open_m = _open_demand(plant)
    low = {one.code for one in rng.shuffled(plant.of_kind("raw", "packaging"))[:BOUGHT_LOW]}
    for i, sku in enumerate(plant.skus.values()):
        target = whole(sku.usage_m * _cover_days(sku, sku.code in low, rng), sku.base)
        reserved = whole(open_m.get(sku.code, 0) * 0.6, sku.base)
        _rows(plant, sku, target, reserved, lots.get(sku.code, []), rng)
        if sku.code == INVENTORY_EXAMPLE or (sku.lots and i % QUARANTINE_EVERY == 4):
            held = whole(max(sku.usage_m * rng.span(1, 3), 5000), sku.base)
            lot = _newest(plant, sku, lots.get(sku.code, []), 1)
            plant.stock.append(StockRow(sku.code, "QA01", lot[0], sku.base, held, 0, held, 0, sku.cost_e4, lot[1]))
        if sku.code == INVENTORY_EXAMPLE or (sku.lots and i % EXPIRED_EVERY == 7):
            _expired(plant, sku, rng)
    _negative(plant)


def _cover_days(sku: Sku, low: bool, rng: Stream) -> float:
    """For how many days of normal use there is stock. The planted short ones do not last their lead time."""
    draw = rng.u()
    if sku.code in STOCKOUTS:
        return sku.lead_days * (0.2 + 0.35 * draw)
    if sku.code in LOW_BUT_LASTING:
        return sku.lead_days * (1.15 + 0.25 * draw)
    if sku.code == SEASON_RUNS_OUT:
        return sku.lead_days * 1.1
    if low:
        return sku.lead_days * (0.7 + 0.6 * draw)
    if sku.code in INTERMITTENT:
        return sku.lead_days * (3 + 3 * draw) + 20
    if sku.kind == "semi_finished":
        return 2 + 4 * draw
    return max(12.0, sku.lead_days * (1.9 + 2.4 * draw))


def _lots(plant: Plant) -> dict[str, Lots]:
    """Lots per SKU with their expiry, newest first."""
    born: dict[str, list[tuple[int, str]]] = {}
    source: WorkOrder | Receipt
    for source in plant.work_orders:
        if source.lot:
            born.setdefault(source.sku, []).append((source.actual_end, source.lot))
    for source in plant.receipts:
        if source.lot and source.accepted_m:
            born.setdefault(source.sku, []).append((source.day, source.lot))
    out: dict[str, Lots] = {}
    for code, items in born.items():
        life = plant.skus[code].shelf_days
        out[code] = [(lot, day + life) for day, lot in sorted(set(items), reverse=True)]
    return out


def _open_demand(plant: Plant) -> dict[str, int]:
    """Open order quantity per SKU in thousandths of the base unit."""
    out: dict[str, int] = {}
    for line in plant.sales:
        rest = line.qty_m - line.shipped_m - line.cancelled_m
        if line.status in ("confirmed", "partial") and rest > 0:
            out[line.sku] = out.get(line.sku, 0) + rest * line.base_m // line.qty_m
    return out


def _newest(plant: Plant, sku: Sku, lots: Lots, place: int) -> tuple[str, int]:
    """The `place`-th newest lot that has not expired, or one made up a month ago for items rarely made."""
    if not sku.lots:
        return "", 0
    fresh = [one for one in lots if one[1] > plant.as_of + 2]
    if place < len(fresh):
        return fresh[place]
    made = plant.as_of - min(30, sku.shelf_days // 3) - place
    return f"{sku.code[-5:]}-{iso(made)[2:].replace('-', '')}", made + sku.shelf_days


def _rows(plant: Plant, sku: Sku, target_m: int, reserved_m: int, lots: Lots, rng: Stream) -> None:
    """Good stock of one SKU in one to three lots; reservations stand against the largest."""
    count = rng.between(1, 3)
    if sku.code == DELISTED:
        target_m = whole(400_000, sku.base)
    elif target_m < 20_000 or not sku.lots:
        count = 1
    parts = [whole(target_m * share, sku.base) for share in (0.3, 0.15)[: count - 1]]
    parts.insert(0, target_m - sum(parts))
    seen: set[str] = set()
    for place, part in enumerate(parts):
        lot, expiry = _newest(plant, sku, lots, place + (2 if place else 0))
        if lot in seen or (place and not part):
            plant.stock[-1].on_hand_m += part
            continue
        seen.add(lot)
        held = reserved_m if place == 0 else 0
        plant.stock.append(StockRow(sku.code, sku.home, lot, sku.base, part + held, held, 0, 0, sku.cost_e4, expiry))


def _expired(plant: Plant, sku: Sku, rng: Stream) -> None:
    """A forgotten lot past its date: on hand, but not available."""
    gone = plant.as_of - rng.between(3, 40)
    left = whole(max(sku.usage_m * rng.span(0.2, 1.0), 3000), sku.base)
    lot = f"{sku.code[-5:]}-{iso(gone - sku.shelf_days)[2:].replace('-', '')}"
    plant.stock.append(StockRow(sku.code, sku.home, lot, sku.base, left, 0, 0, left, sku.cost_e4, gone))


def _negative(plant: Plant) -> None:
    """One negative balance in the wrong warehouse, as a forgotten transfer booking leaves it."""
    sku = next(one for one in plant.skus.values() if one.name == "Shipping Case Small")
    plant.stock.append(StockRow(sku.code, "FG01", "", sku.base, -350_000, 0, 0, 0, sku.cost_e4, 0))
