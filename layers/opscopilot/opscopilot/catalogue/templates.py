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
    "movement_no": "MV-60001", "component_sku": "00200017", "system": "webshop", "external_id": "JAM-340",
    "time_zone": "Europe/Copenhagen", "factor_to_base": "12", "city": "Aarhus", "email": "orders@example.com",
    "name": "Example Foods", "description": "Strawberry jam 340 g",
}  # fmt: skip


def csv_template(entity: Entity, registry: Registry) -> str:
    """The entity's template: field names, then an example row. References show codes of other templates' rows."""
    del registry  # the template of a line holds the line's own fields; its document's may be added
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([one.name for one in entity.fields])
    writer.writerow([example(one) for one in entity.fields])
    return text.getvalue()


def example(field: Field) -> str:
    """A value of the field that ingest accepts."""
    if field.default is not None:
        return field.default
    if field.enum:
        return field.enum[0]
    if field.type in (Type.CODE, Type.TEXT):
        return _EXAMPLES.get(field.name, field.type.value.example if field.name.startswith("sku") else "")
    return str(field.type.value.example)
