"""Reads a column of cells in DuckDB as ingest does: its format is found from all of them, then each is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

import duckdb

from opscopilot.catalogue import dates, validation
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.formats import Order, Shape, date_layouts, number_formats
from opscopilot.catalogue.types import Type
from opscopilot.catalogue.validation import Check

ZONE = "Europe/Copenhagen"
_ENGINE = duckdb.connect()


@dataclass(frozen=True)
class Column:
    """What became of a column: per cell its canonical text or its error code, and how it was read."""

    values: list[str | None]
    codes: list[str | None]
    check: Check

    @property
    def read(self) -> list[str | None]:
        """Per cell its value, or its code in front of a question mark."""
        return [f"{code}?" if code else value for value, code in zip(self.values, self.codes, strict=True)]


def column(field: Field, cells: Sequence[str], *, delimiter: str = ";", order: Order | None = None) -> Column:
    """Read `cells` as one column of that field."""
    raw = f"r_{field.name}"
    _ENGINE.execute(f"CREATE OR REPLACE TABLE raw AS SELECT unnest(?) AS {raw}, unnest(?) AS n",
                    [[cell or None for cell in cells], list(range(len(cells)))])  # fmt: skip
    check = Check(field, required=field.required, zone=ZONE, day_start=time(6))
    if field.type.is_number or field.type is Type.INT:
        shapes = _ENGINE.execute(
            f"SELECT translate({raw}, '12345678', '99999999') AS s, count(*), min({raw}) FROM raw "
            f"WHERE {raw} IS NOT NULL GROUP BY s"
        ).fetchall()
        found = number_formats({field.name: [Shape(*one) for one in shapes]}, delimiter)
        check = Check(field, number=found[field.name], required=field.required)
    elif field.type in (Type.DATE, Type.INSTANT):
        days = _ENGINE.execute(
            f"SELECT {dates.day_part(raw)} AS d, count(*) FROM raw WHERE {raw} IS NOT NULL GROUP BY d ORDER BY min(n)"
        ).fetchall()
        check = Check(field, day=date_layouts({field.name: days}, order)[field.name], required=field.required,
                      zone=ZONE, day_start=time(6))  # fmt: skip
    spelled = check.spellings
    source = "raw"
    if spelled is not None:
        _ENGINE.execute("CREATE OR REPLACE TABLE spelled AS SELECT unnest(?) AS k, unnest(?) AS x",
                        [list(spelled), list(spelled.values())])  # fmt: skip
        source = (f"(SELECT raw.*, spelled.x AS {check.looked_up} FROM raw LEFT JOIN spelled "
                  f"ON spelled.k = {validation.lookup_key(check)})")  # fmt: skip
    rows = _ENGINE.execute(
        f"SELECT {check.value}, {validation.error(check)} FROM "
        f"(SELECT *, {validation.canonical(check)} AS {check.value} FROM {source}) ORDER BY n"
    ).fetchall()
    return Column([row[0] for row in rows], [row[1] for row in rows], check)
