"""What shows only when all records have been judged, and is worth a line on the receipt: once, not per record."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from opscopilot.catalogue.check import Check
from opscopilot.catalogue.remarks import Remark
from opscopilot.catalogue.types import Type

Noticed = tuple[str, Remark]
"""The field it is about, and what is said."""


def noticed(db: duckdb.DuckDBPyConnection, checks: Sequence[Check]) -> tuple[Noticed, ...]:
    """What the relation `checked` shows as a whole."""
    return tuple(_damaged(db, checks))


def _damaged(db: duckdb.DuckDBPyConnection, checks: Sequence[Check]) -> list[Noticed]:
    """Columns of which most cells are codes that became dates, powers of ten or errors (P-22)."""
    total, bad = db.execute("SELECT count(*), count(*) FILTER (WHERE bad) FROM checked").fetchone() or (0, 0)
    found: list[Noticed] = []
    if bad * 2 <= total:
        return found
    for place, check in enumerate(checks, 1):
        if check.field.type is not Type.CODE:
            continue
        rows, samples = db.execute(
            f"SELECT count(*), list(raw ORDER BY record_no)[1:3] FROM (SELECT record_no, raws[{place}] AS raw "
            f"FROM checked WHERE codes[{place}] = 'damaged_code')"
        ).fetchone() or (0, None)
        if rows * 2 > total:
            found.append((check.field.name, Remark(
                "warning", "damaged_codes", f"{check.field.label} holds dates, powers of ten or errors in {rows:,} "
                f"records: a spreadsheet changed the codes when the file was opened and saved. Export it again and do "
                f"not open it in between, or format the column as text.", ", ".join(samples or ()),
            )))  # fmt: skip
    return found
