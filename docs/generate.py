"""Write docs/data-dictionary.md from the declarations, and the cost tables of docs/deploy.md from docs/costs.py.

    .venv/bin/python docs/generate.py

A test compares the committed pages with what this makes, so run it after changing a declaration or a price.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

from opscopilot.catalogue.declaration import Entity, Field, Registry
from opscopilot.kernel.uom import ALIASES, DISCRETE, UNITS
from opscopilot.manufacturing.entities import registry

FOLDER = Path(__file__).parent
PAGE = FOLDER / "data-dictionary.md"
COSTS = FOLDER / "deploy.md"
_MARKS = ("<!-- begin docs/costs.py -->\n", "<!-- end docs/costs.py -->")
_HOW = {
    "upsert": "A master or document: the newest row of a key replaces the one before.",
    "append": "An event: each has a number of its own and happens once.",
    "snapshot": "A count at a moment: the latest per key by its own time is what is valid.",
}
_INTRO = """# Data dictionary

Generated from the declarations in `layers/opscopilot/opscopilot/manufacturing/` by `docs/generate.py`; do not edit.

What a file may carry, entity by entity, in the order in which they can be loaded. A file needs the columns marked
**yes**; every other column may be missing or empty. Header names need not be these: the headers of known systems are
recognised, and a [mapping](mappings.md) says the rest. `ops template ENTITY` gives an empty file with these columns.

Every row also has, without being asked: `tenant_id`, `id`, where it came from (`source_system`, `source_id`,
`ingestion_job_id`, `source_row`), and who touched it when (`created_at`, `updated_at`, `created_by`, `row_version`).
"""


def page(catalogue: Registry) -> str:
    """The whole page."""
    parts = [_INTRO, *_contents(catalogue), ""]
    for entity in catalogue:
        parts += [*_section(entity), ""]
    return "\n".join([*parts, *_units()]) + "\n"


def _contents(catalogue: Registry) -> Iterator[str]:
    yield "| entity | table | key | rows refer to |"
    yield "|---|---|---|---|"
    for one in catalogue:
        targets = ", ".join(dict.fromkeys(f"[{ref.entity}](#{ref.entity})" for ref in one.refs)) or "–"
        key = ", ".join(f"`{name}`" for name in one.key)
        yield f"| [{one.name}](#{one.name}) – {one.title} | `{one.full_table}` | {key} | {targets} |"


def _section(entity: Entity) -> Iterator[str]:
    yield f"## {entity.name}"
    yield ""
    yield f"**{entity.title}.** {entity.doc} {_HOW[entity.semantics]}"
    yield ""
    yield from (f"- {note}" for note in _notes(entity))
    if any(_notes(entity)):
        yield ""
    yield "| field | required | what is right | stored as | notes |"
    yield "|---|---|---|---|---|"
    yield from (_row(entity, one) for one in entity.fields)


def _notes(entity: Entity) -> Iterator[str]:
    if entity.parent:
        yield f"A file of these may also carry the columns of [{entity.parent}](#{entity.parent}), its header."
    if entity.uom_sku:
        then = "the row waits among the rejects" if entity.uom_required else "the quantity stays in the unit it came in"
        empty = "the unit of the line it belongs to" if entity.uom_path[1] else "the item's base unit"
        yield (
            f"Quantities are kept as entered with their unit `{entity.uom}` (empty = {empty}) and the "
            f"factor to the base unit, `uom_factor`. Where no factor is known, {then}; it is never taken as 1."
        )
    if entity.event_time:
        yield f"`production_day` is computed from `{entity.event_time}` with the plant's zone and day start."


def _row(entity: Entity, one: Field) -> str:
    ref = next((ref for ref in entity.refs if one.name in ref.fields), None)
    kept = f"`{ref.column}` → [{ref.entity}](#{ref.entity})" if ref else f"`{one.type.value.pg}`"
    notes = [one.doc] if one.doc else []
    if one.default is not None:
        notes.append(f"Empty means `{one.default}`.")
    if one.inherit:
        notes.append("Empty takes the header's.")
    if one.signed:
        notes.append("May be negative.")
    if one.aliases:
        notes.append("Also read: " + ", ".join(f"`{given}` = {value}" for given, value in one.aliases.items()) + ".")
    key = " (key)" if one.name in entity.key else ""
    required = "**yes**" if one.required else "no"
    return f"| `{one.name}`{key} | {required} | {one.expected} | {kept} | {' '.join(notes)} |"


def _units() -> Iterator[str]:
    yield "## Units"
    yield ""
    yield (
        "UN/CEFACT Recommendation 20 codes, packages by Recommendation 21 with an X in front. Units of one physical "
        "dimension convert by themselves. Packages hold as many pieces as the item's row in [sku_uom](#sku_uom) says."
    )
    yield ""
    yield "| code | means | dimension | factor within it | also read |"
    yield "|---|---|---|---|---|"
    for code, unit in UNITS.items():
        spellings = ", ".join(f"`{given}`" for given, meant in ALIASES.items() if meant == code) or "–"
        pack = unit.dimension.startswith("pack:")
        dimension = "package" if pack else unit.dimension + (" (whole numbers)" if code in DISCRETE else "")
        yield f"| `{code}` | {unit.label} | {dimension} | {'per item' if pack else unit.factor} | {spellings} |"


def with_costs(text: str, tables: str) -> str:
    """The page `text` with the cost tables between their marks."""
    before, _, rest = text.partition(_MARKS[0])
    after = rest.partition(_MARKS[1])[2]
    return f"{before}{_MARKS[0]}{tables}{_MARKS[1]}{after}"


if __name__ == "__main__":
    tables = runpy.run_path(str(FOLDER / "costs.py"), run_name="costs")["tables"]()
    COSTS.write_text(with_costs(COSTS.read_text(encoding="utf-8"), tables), encoding="utf-8")
    PAGE.write_text(page(registry()), encoding="utf-8")
