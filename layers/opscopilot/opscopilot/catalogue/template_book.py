"""The template as a workbook: codes kept as text, allowed values offered, each column explained in its comment."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from opscopilot.catalogue.declaration import Entity, Field, Registry
from opscopilot.catalogue.templates import columns, example, explained
from opscopilot.catalogue.types import Type

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ROWS = 1000
"""Rows that are made ready to be filled in."""
_LONGEST_LIST = 255
"""Characters a list of allowed values may have in a workbook."""
_DATES = {Type.DATE: "date", Type.INSTANT: "instant"}


def xlsx_template(entity: Entity, registry: Registry) -> bytes:
    """The workbook: one sheet with the field names, an example row and ready-made columns."""
    import xlsxwriter

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet(entity.name[:31])
        sheet.freeze_panes(1, 0)
        formats = _formats(book)
        for at, field in enumerate(columns(entity, registry)):
            must = field.required and field.default is None
            sheet.set_column(at, at, max(12, len(field.name) + 2), formats[_kind(field)])
            sheet.write_string(0, at, field.name, formats["must" if must else "may"])
            sheet.write_comment(0, at, explained(field), {"x_scale": 2, "y_scale": 1.4})
            _write_example(sheet, at, field, formats[_kind(field)])
            _offer(sheet, at, field)
    return target.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    head = {"bold": True, "border": 1, "num_format": "@"}
    return {
        "must": book.add_format({**head, "bg_color": "#FFD966"}), "may": book.add_format({**head, "bg_color": "#EDEDED"}),
        "text": book.add_format({"num_format": "@"}), "number": book.add_format({"num_format": "General"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }  # fmt: skip


def _kind(field: Field) -> str:
    if field.type.is_number or field.type is Type.INT:
        return "number"
    return _DATES.get(field.type, "text")


def _write_example(sheet: Any, at: int, field: Field, form: Any) -> None:
    text = example(field)
    kind = _kind(field)
    if not text:
        sheet.write_blank(1, at, None, form)
    elif kind == "text":
        sheet.write_string(1, at, text, form)
    elif kind == "number":
        sheet.write_number(1, at, float(text), form)  # a workbook knows no other numbers
    else:
        sheet.write_datetime(1, at, datetime.fromisoformat(text), form)


def _offer(sheet: Any, at: int, field: Field) -> None:
    """Let the person choose where there is a list; other values are warned of, not refused: aliases are fine too."""
    values = list(field.enum) if field.enum else ["yes", "no"] if field.type is Type.BOOL else []
    if values and len(",".join(values)) <= _LONGEST_LIST:
        options = {"validate": "list", "source": values, "error_type": "warning"}
        sheet.data_validation(1, at, _ROWS, at, options)
