"""A file to fill in: the header ingest understands without any mapping, and one row that shows how."""

from __future__ import annotations

import csv
import io

from opscopilot.catalogue.declaration import Entity, Field, Registry
from opscopilot.catalogue.types import Type

_EXAMPLES = {
    "line_no": "10", "version": "1", "op_no": "10", "order_number": "SO-10001", "po_number": "PO-20001",
    "wo_number": "WO-30001", "customer_code": "C0100", "supplier_code": "V0200", "location_code": "WH01",
    "code": "WH01", "lot_code": "L26093001", "receipt_no": "GR-40001", "shipment_no": "DN-50001",
    "movement_no": "MV-60001", "sensor_code": "OVEN1-T1", "component_sku": "00200017", "successor_sku": "00100018", "system": "webshop", "external_id": "JAM-340",
    "time_zone": "Europe/Copenhagen", "promo_code": "PR-70001", "shift_code": "DAY", "end_local": "15:00", "customer_group": "RETAIL", "factor_to_base": "12", "city": "Aarhus", "email": "orders@example.com",
    "event_id": "ni:///sha-256;3a7b", "event_time_zone_offset": "+02:00", "scheme": "sgtin",
    "epc": "urn:epc:id:sgtin:9520067.012345.7", "name": "Example Foods", "description": "Strawberry jam 340 g",
}  # fmt: skip

UNITS = {
    "qty": "In the unit of the row; without one, in the item's base unit.",
    "unit_cost": "Per base unit, in the plant's currency unless the row names one.",
    "unit_price": "Per unit of the row, in the order's currency.",
    "price": "Per price unit.", "factor_to_base": "Base units in one of this unit.",
    "factor": "Base units of the successor for one of the old item.",
    "setup_min": "In minutes.", "cycle_s": "In seconds.", "rate_per_hour": "Units per hour.",
    "temperature": "In degrees Celsius.", "sample_s": "In seconds.", "crew": "People.",
    "lead_time_days": "In days.", "shelf_life_days": "In days.", "min_remaining_shelf_life_days": "In days.",
    "lead_time_offset_days": "In days.",
}  # fmt: skip
"""Units of the fields that have one of their own; `qty` stands for all quantities."""


def columns(entity: Entity, registry: Registry) -> list[Field]:
    """The columns of the entity's template: its fields, then those of its document that a line may carry."""
    parent = registry[entity.parent].fields if entity.parent else ()
    return [*entity.fields, *(one for one in parent if not entity.has(one.name))]


def csv_template(entity: Entity, registry: Registry) -> str:
    """The entity's template: field names, then an example row. References show codes of other templates' rows."""
    fields = columns(entity, registry)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([one.name for one in fields])
    writer.writerow([example(one) for one in fields])
    return text.getvalue()


def explained(field: Field) -> str:
    """What belongs into the column, for a person who fills it in."""
    must = "Required" if field.required and field.default is None else "Optional"
    empty = f" Empty means {field.default}." if field.default is not None else ""
    unit = UNITS.get(field.name) or (UNITS["qty"] if field.type is Type.QTY else "")
    parts = [
        f"{must}: {field.expected}.{empty}",
        field.doc,
        unit,
        f"Example: {example(field)}" if example(field) else "",
    ]
    return "\n".join(part for part in parts if part)


def example(field: Field) -> str:
    """A value of the field that ingest accepts."""
    if field.default is not None:
        return field.default
    if field.enum:
        return field.enum[0]
    if field.type in (Type.CODE, Type.TEXT):
        return _EXAMPLES.get(field.name, field.type.value.example if field.name.startswith("sku") else "")
    if field.type is Type.TIME:
        return _EXAMPLES.get(field.name, str(field.type.value.example))
    return str(field.type.value.example)
