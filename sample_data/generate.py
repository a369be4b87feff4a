"""From a seed to a folder of export files and the truth about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sample_data import (
    catalogue,
    demand,
    exports_odoo,
    exports_sap,
    exports_sheet,
    logistics,
    orders,
    partners,
    production,
    purchasing,
    recipes,
    stock,
    troubles,
    truth,
)
from sample_data.model import Plant
from sample_data.tables import Table

HISTORY_DAYS = 3 * 365
SEED = 7
AS_OF = date(2026, 9, 30)


@dataclass(frozen=True)
class Truth:
    """Where the files are and what is true of them; `get("inventory.example.available")` finds one fact."""

    out_dir: Path
    facts: dict[str, Any]

    def get(self, key: str) -> Any:
        """The fact at that dotted path; KeyError names the part that is missing."""
        found: Any = self.facts
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                raise KeyError(f"truth has no '{part}' in '{key}'")
            found = found[part]
        return found

    @property
    def files(self) -> list[Path]:
        """The export files in an order in which they can be loaded."""
        return [self.out_dir / name for name in self.facts["load_order"]]


def build_plant(seed: int, as_of: date, scale: float) -> tuple[Plant, list[demand.Profile]]:
    """The clean model: every part from its own random stream, in the order in which they depend on each other."""
    today = as_of.toordinal()
    plant = Plant(seed, today, today - HISTORY_DAYS, scale)
    catalogue.build(plant)
    partners.build(plant)
    recipes.build(plant)
    profiles = demand.profiles(plant)
    plant.promotions = demand.promotions(plant, profiles)
    orders.build(plant, profiles)
    stock.usage(plant)
    recipes.explode_usage(plant)
    catalogue.set_planning(plant)
    production.build(plant, profiles)
    purchasing.build(plant)
    stock.build(plant)
    logistics.shipments(plant)
    logistics.movements(plant)
    return plant, profiles


def generate(out_dir: Path | str, seed: int = SEED, as_of: date = AS_OF, scale: float = 1.0) -> Truth:
    """Write the sample plant's exports and `truth.json` to `out_dir` and return the truth.

    The same seed, date and scale give the same bytes with every Python from 3.11. `scale` multiplies the number of
    order lines (1.0 is about 140,000 in three years). ValueError when the scale is not above 0.
    """
    if scale <= 0:
        raise ValueError(f"scale is {scale}; it must be above 0, 1 is the plant as shipped")
    out = Path(out_dir)
    plant, profiles = build_plant(seed, as_of, scale)
    tables = export_tables(plant)
    troubles.plant_all(plant, tables)
    for table in tables:
        table.write(out)
    facts = truth.build(plant, profiles, tables)
    text = json.dumps(facts, ensure_ascii=False, indent=1)
    (out / "truth.json").write_bytes(text.encode())
    return Truth(out, facts)


def export_tables(plant: Plant) -> list[Table]:
    """Every export, masters before what refers to them."""
    found = {one.path: one for one in (*exports_sap.tables(plant), *exports_odoo.tables(plant),
                                       *exports_sheet.tables(plant))}  # fmt: skip
    return [found[path] for path in LOAD_ORDER]


LOAD_ORDER = (
    "spreadsheet/locations.csv", "spreadsheet/shifts.csv", "sap/MARA_materials.csv", "spreadsheet/unit_factors.csv",
    "spreadsheet/suppliers.csv", "odoo/res_partner_customers.csv", "sap/EORD_source_list.csv",
    "spreadsheet/price_list.csv", "spreadsheet/promotions.csv",
    "sap/STPO_recipes.csv", "spreadsheet/routings.csv", "odoo/mrp_production.csv", "sap/EKPO_purchase_orders.tsv",
    "spreadsheet/packaging_call_offs.csv", "sap/MATDOC_receipts.tsv", "spreadsheet/gate_receipts.csv",
    "odoo/sale_order_lines.csv.gz", "odoo/stock_picking_deliveries.csv", "sap/MARD_stock.csv",
    "sap/MATDOC_movements.csv",
)  # fmt: skip
