"""Items, pack sizes, locations: what the plant makes, buys and stores. The same for every seed but for noise."""

from __future__ import annotations

from sample_data.model import Location, Plant, Sku, UnitFactor
from sample_data.names import BULK, FAMILIES, PACKAGING, RAW
from sample_data.rng import Stream
from sample_data.units import gtin13, gtin14, whole

LOCATIONS = (
    Location("FJG1", "Fjordgaard Foods, Horsens plant", "site", True, ""),
    Location("FG01", "Finished goods warehouse", "warehouse", True, "FJG1"),
    Location("RM01", "Raw material and packaging warehouse", "warehouse", True, "FJG1"),
    Location("CS01", "Cold store", "warehouse", True, "FJG1"),
    Location("QA01", "Quarantine cage", "zone", False, "FJG1"),
    *(Location(f"LINE{n}", f"Filling line {n}", "line", True, "FJG1") for n in range(1, 7)),
    *(Location(f"KITCHEN{n}", f"Kitchen {n}", "unit", True, "FJG1") for n in range(1, 4)),
)  # fmt: skip

BAG_M, DRUM_M = 25_000, 200_000


def build(plant: Plant) -> None:
    """Fill locations, SKUs and unit factors."""
    plant.locations.extend(LOCATIONS)
    rng = Stream(plant.seed, "catalogue")
    number = 0
    for family in FAMILIES:
        for flavour, _ in family.flavours:
            for size in family.sizes:
                number += 1
                code = f"{100000 + number:08d}"
                sku = Sku(code, f"{flavour} {family.name} {size.text}", "finished", family.name, "EA",
                          gtin13(100000 + number), shelf_days=family.shelf, home=family.home, line=family.line,
                          net_m=size.net, case=size.case, lead_days=rng.between(6, 14))  # fmt: skip
                plant.skus[code] = sku
                _packs(plant, sku, 100000 + number, rng)
    for name, family_no, _ in BULK:
        number += 1
        code = f"{100000 + number:08d}"
        base = FAMILIES[family_no]
        plant.skus[code] = Sku(code, f"{name} bulk", "finished", "Bulk", "KGM", gtin13(100000 + number),
                               shelf_days=base.shelf // 2, home=base.home, line=base.line, net_m=1000,
                               lead_days=rng.between(6, 12))  # fmt: skip
    _semi_finished(plant, rng)
    _bought(plant, rng)


def _packs(plant: Plant, sku: Sku, item: int, rng: Stream) -> None:
    """Case and pallet of a finished SKU."""
    plant.factors.append(UnitFactor(sku.code, "XCS", sku.case * 1000, gtin14(item)))
    plant.factors.append(UnitFactor(sku.code, "XPX", sku.case * 1000 * rng.pick((40, 48, 60, 72))))


def _semi_finished(plant: Plant, rng: Stream) -> None:
    number = 200000
    for family in FAMILIES:
        for flavour, _ in family.flavours:
            number += 1
            plant.skus[f"{number:08d}"] = Sku(
                f"{number:08d}", f"{flavour} {family.base_name}", "semi_finished", family.name, family.unit,
                shelf_days=14 if family.home == "CS01" else 45, home="CS01", line=f"KITCHEN{1 + number % 3}",
                lead_days=rng.between(2, 4))  # fmt: skip


def _bought(plant: Plant, rng: Stream) -> None:
    """Ingredients and packaging with the units their suppliers sell them in."""
    for number, row in enumerate(RAW.splitlines(), start=300001):
        name, base, cents, unit, home = row.split("|")
        code = f"{number:08d}"
        plant.skus[code] = Sku(code, name, "raw", "Ingredients", base, cost_e4=int(cents) * 100, home=home,
                               shelf_days=rng.pick((90, 120, 180)) if home == "CS01" else rng.pick((365, 540, 730)),
                               lead_days=rng.between(7, 28))  # fmt: skip
        if unit in ("XBG", "XDR"):
            plant.factors.append(UnitFactor(code, unit, BAG_M if unit == "XBG" else DRUM_M))
    for number, row in enumerate(PACKAGING.splitlines(), start=400001):
        name, base, e4, unit, factor = row.split("|")
        code = f"{number:08d}"
        plant.skus[code] = Sku(code, name, "packaging", "Packaging", base, cost_e4=int(e4), lots=False, home="RM01",
                               lead_days=rng.between(14, 35))  # fmt: skip
        if int(factor):
            plant.factors.append(UnitFactor(code, unit, int(factor) * 1000))


def factor_m(plant: Plant) -> dict[tuple[str, str], int]:
    """Thousandths of the base unit in one `uom` of a SKU, for every known pair (the base unit itself included)."""
    known = {(one.sku, one.uom): one.factor_m for one in plant.factors}
    for sku in plant.skus.values():
        known[(sku.code, sku.base)] = 1000
        if sku.base == "KGM":
            known[(sku.code, "TNE")] = 1_000_000
    return known


def set_planning(plant: Plant) -> None:
    """Reorder point, safety stock, minimum and multiple from the usage per day; needs `Sku.usage_m`."""
    for sku in plant.skus.values():
        if sku.kind == "semi_finished":
            continue
        daily = sku.usage_m
        sku.safety_m = whole(daily * sku.lead_days * 0.5, sku.base)
        sku.reorder_m = whole(daily * sku.lead_days, sku.base) + sku.safety_m
        pack = sku.case * 1000 if sku.case else (10_000 if sku.made else 25_000)
        sku.multiple_m = pack
        sku.moq_m = pack * max(1, int(daily * 5 / pack))
