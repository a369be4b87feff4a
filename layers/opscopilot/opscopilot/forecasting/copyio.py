"""Bulk rows in and out by COPY; nothing is ever sent row by row."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

from opscopilot.kernel.db import Tx


def cell(value: Any) -> str | None:
    """A value as COPY's CSV reads it. NaN means "cannot be said" and becomes null."""
    if value is None:
        return None
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "{" + ",".join("NULL" if cell(one) is None else _quoted(str(one)) for one in value) + "}"
    return str(value)


def _quoted(item: str) -> str:
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def stage(tx: Tx, name: str, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY `rows` into a temporary table `name` shaped like `columns` of `table`; the number of rows.

    COPY itself refuses a table under row-level security, so an INSERT … SELECT has to follow.
    """
    tx.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {', '.join(columns)} FROM {table} WHERE false")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    count = 0
    for row in rows:
        writer.writerow([cell(value) for value in row])
        count += 1
    if count:
        stream = io.BytesIO(buffer.getvalue().encode())
        tx.copy_in(f"COPY {name} ({', '.join(columns)}) FROM STDIN (FORMAT csv)", stream)
    return count


def read(tx: Tx, query: str) -> io.BytesIO:
    """The rows of `query` as tab-separated text. `query` takes no parameters: write only ids and numbers into it."""
    stream = io.BytesIO()
    tx.copy_out(f"COPY ({query}) TO STDOUT", stream)
    stream.seek(0)
    return stream
