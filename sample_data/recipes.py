"""Three-level recipes (finished, semi-finished, bought), operations, rolled-up costs and dependent usage."""

from __future__ import annotations

from sample_data.model import Component, Operation, Plant, Recipe, Sku
from sample_data.names import BULK, FAMILIES, LABELS, Family, Size
from sample_data.rng import Stream
from sample_data.units import WHOLE


def build(plant: Plant) -> None:
    """Fill recipes and operations, then costs and prices from the bottom up."""
    rng = Stream(plant.seed, "recipes")
    by_name = {one.name: one for one in plant.skus.values()}
    semis = plant.of_kind("semi_finished")
    finished = iter(plant.of_kind("finished"))
    for f, family in enumerate(FAMILIES):
        for v, (_, special) in enumerate(family.flavours):
            semi = semis[f * 6 + v]
            _base_recipe(plant, semi, [by_name[n] for n in family.common], [by_name[n] for n in special], rng)
            for size in family.sizes:
                _pack_recipe(plant, next(finished), semi, family, size, by_name, rng)
    for _, f, v in BULK:
        _bulk_recipe(plant, next(finished), semis[f * 6 + v], by_name, rng)
    for sku in (*semis, *plant.of_kind("finished")):
        _operations(plant, sku, rng)
    _costs(plant, rng)


def _recipe(plant: Plant, parent: Sku, base_m: int, expected_yield: int, parts: list[tuple[Sku, int, int]]) -> None:
    lines = [Component(10 * (i + 1), sku.code, qty_m, sku.base, scrap) for i, (sku, qty_m, scrap) in enumerate(parts)]
    plant.recipes[parent.code] = Recipe(parent.code, "1", base_m, parent.base, expected_yield, plant.first_day, lines)


def _base_recipe(plant: Plant, semi: Sku, common: list[Sku], special: list[Sku], rng: Stream) -> None:
    """A kitchen batch of 1,000 kg or l: special ingredients make up most of it, the common ones the rest."""
    unique = special + [one for one in common if one not in special]
    weights = [rng.span(3, 5) if one in special[:1] else rng.span(0.05, 0.9) for one in unique]
    for i, one in enumerate(unique):
        weights[i] *= 0.02 if one.cost_e4 > 40_000 else 1.0
    if semi.category == "Oat Drink":
        weights = [w * 0.18 for w in weights]
    share = 1000 / (sum(weights) if semi.category != "Oat Drink" else 6.0)
    parts = [(one, max(100, int(w * share * 10) * 100), rng.pick((0, 50, 100, 200)))
             for one, w in zip(unique, weights, strict=True)]  # fmt: skip
    _recipe(plant, semi, 1_000_000, 10_000 - rng.between(30, 90) * 10, parts)


def _pack_recipe(plant: Plant, sku: Sku, semi: Sku, family: Family, size: Size, by_name: dict[str, Sku],
                 rng: Stream) -> None:  # fmt: skip
    """Ten cases: contents, one of each packaging part per piece, shipping cases, label or film by the metre."""
    pieces = size.case * 10
    parts = [(semi, pieces * size.net, rng.pick((50, 100, 150)))]
    parts += [(by_name[name], pieces * 1000, rng.pick((50, 100, 200))) for name in size.packs]
    if family.name in LABELS:
        parts.append((by_name[LABELS[family.name]], pieces * rng.between(12, 30) * 10, 100))
    case = "Shipping Case Small" if size.net * size.case <= 4500 else "Shipping Case Medium"
    parts.append((by_name[case], 10_000, 0))
    _recipe(plant, sku, pieces * 1000, 10_000 - rng.between(10, 35) * 10, parts)


def _bulk_recipe(plant: Plant, sku: Sku, semi: Sku, by_name: dict[str, Sku], rng: Stream) -> None:
    parts = [(semi, 1_000_000, 50), (by_name["Pail 10 kg"], 100_000, 50), (by_name["Pail Lid 10 kg"], 100_000, 50),
             (by_name["Label Reel Bulk"], 25_000, 100)]  # fmt: skip
    _recipe(plant, sku, 1_000_000, 10_000 - rng.between(10, 30) * 10, parts)


def _operations(plant: Plant, sku: Sku, rng: Stream) -> None:
    """One kitchen step for a base; filling and, for pieces, case packing for a finished SKU. Rates per hour."""
    if sku.kind == "semi_finished":
        rate = rng.between(8, 18) * 100_000
        plant.operations.append(Operation(sku.code, "10", sku.line, "Mixing and cooking", rate,
                                          rng.between(20, 60) * 1000))  # fmt: skip
        return
    rate = rng.between(18, 60) * 100_000 if sku.base == "EA" else rng.between(8, 15) * 100_000
    plant.operations.append(Operation(sku.code, "10", sku.line, "Filling", rate, rng.between(15, 45) * 1000))
    if sku.base == "EA":
        plant.operations.append(Operation(sku.code, "20", sku.line, "Case packing", rate + rng.between(1, 9) * 50_000,
                                          rng.between(5, 15) * 1000))  # fmt: skip


def needed(recipe: Recipe, part: Component, output_m: float) -> float:
    """Thousandths of the component that `output_m` of the parent consumes: divided by yield and by scrap."""
    return output_m * part.qty_m / recipe.base_m * 10_000 / recipe.yield_e4 * 10_000 / (10_000 - part.scrap_e4)


def _costs(plant: Plant, rng: Stream) -> None:
    """Standard costs rolled up from components plus conversion; list prices with a margin, in steps of 5 cent."""
    for kind, conversion in (("semi_finished", 1.08), ("finished", 1.22)):
        for sku in plant.of_kind(kind):
            recipe = plant.recipes[sku.code]
            material = sum(needed(recipe, c, 1000.0) / 1000 * plant.skus[c.sku].cost_e4 for c in recipe.components)
            sku.cost_e4 = max(1, int(material * conversion / 10 + 0.5)) * 10
    for sku in plant.of_kind("finished"):
        sku.price_e4 = (int(sku.cost_e4 * rng.span(1.6, 2.1) / 500) + 1) * 500


def explode_usage(plant: Plant) -> None:
    """Average use per day of bases and bought items, from `Sku.usage_m` of the finished ones."""
    for kind in ("finished", "semi_finished"):
        for sku in plant.of_kind(kind):
            recipe = plant.recipes[sku.code]
            for part in recipe.components:
                plant.skus[part.sku].usage_m += needed(recipe, part, sku.usage_m)


def consumption(plant: Plant, sku: str, output_m: int) -> list[tuple[Sku, int]]:
    """What making `output_m` of the SKU takes from stock, in whole countable steps."""
    recipe = plant.recipes[sku]
    out = []
    for part in recipe.components:
        item = plant.skus[part.sku]
        step = 1000 if item.base in WHOLE else 100
        out.append((item, max(step, int(needed(recipe, part, output_m) / step + 0.5) * step)))
    return out
