"""Carries sparse demand from the database through the cleaning and back: only what was changed travels home."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.demand.cleaning import IN_STOCK, ONE_OFF, OUTLIER, RECENT, Block, Cleaned, clean
from opscopilot.forecasting.demand.numeric import numbers
from opscopilot.forecasting.demand.periods import Period
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.kernel.db import Tx

_BLOCK = 4000
_COLUMNS = ("series", "b", "unconstrained", "rule", "flag", "flag_reason", "adjustment_id")

_TABLES = """
CREATE TEMP TABLE demand_changed ON COMMIT DROP AS
SELECT (row_number() OVER (ORDER BY series) - 1)::int AS place, series, first, greatest(last - first + 1, 0) AS buckets
FROM demand_spans WHERE changed AND last >= first
"""
_CLEANED = """
CREATE TEMP TABLE demand_cleaned (series int, b int, unconstrained numeric(18,6), rule text, flag text,
    flag_reason text, adjustment_id uuid) ON COMMIT DROP
"""
_READ = """
SELECT c.place, s.b - c.first, s.ordered, s.one_off, s.lost, s.lines, s.out_share, s.out_qty, s.out_lines
FROM demand_changed c JOIN demand_sparse s USING (series)
WHERE c.place >= {low:d} AND c.place < {high:d} AND s.b >= c.first AND s.b < c.first + c.buckets
"""
_PROMOS = """
SELECT c.place, p.b - c.first FROM demand_changed c JOIN demand_promos p USING (series)
WHERE c.place >= {low:d} AND c.place < {high:d} AND p.b >= c.first AND p.b < c.first + c.buckets
"""
_ADJUSTED = """
SELECT c.place, a.bucket - c.first AS t, a.action, a.qty, a.id, a.reason, a.one_off, a.source
FROM demand_changed c
JOIN demand_adjusted a USING (series) WHERE a.bucket >= c.first AND a.bucket < c.first + c.buckets
"""

_Adjustments = dict[int, list[dict[str, Any]]]


def clean_changed(tx: Tx, period: Period, *, undo_stockouts: bool, set_aside: bool) -> int:
    """Clean the changed series of demand_spans into the temporary table demand_cleaned; how many rows that took.
    What a person decided about a bucket (demand_adjusted) goes before every rule."""
    tx.execute("DROP TABLE IF EXISTS demand_changed, demand_cleaned")
    tx.execute(_TABLES)
    tx.execute(_CLEANED)
    spans = numbers(tx, "SELECT place, series, first, buckets FROM demand_changed ORDER BY place", 4)
    adjusted: _Adjustments = {}
    for row in tx.rows(_ADJUSTED):
        adjusted.setdefault(row["place"], []).append(row)
    count = 0
    for low in range(0, len(spans), _BLOCK):
        part = spans[low : low + _BLOCK]
        block = _block(tx, part, low)
        found = clean(block, period.name, undo_stockouts=undo_stockouts, set_aside=set_aside)
        count += _stage(tx, _rows(block, found, part[:, 1].astype(np.int64), adjusted, low))
    tx.execute("ANALYZE demand_cleaned")
    return count


def _block(tx: Tx, spans: FloatArray, low: int) -> Block:
    table = numbers(tx, _READ.format(low=low, high=low + len(spans)), 9)
    row, column = table[:, 0].astype(np.int64) - low, table[:, 1].astype(np.int64)
    shape = (len(spans), int(spans[:, 3].max(initial=1)))
    filled = []
    for k in range(2, 9):
        matrix = np.zeros(shape)
        matrix[row, column] = table[:, k]
        filled.append(matrix)
    first, lengths = spans[:, 2].astype(np.int64), spans[:, 3].astype(np.int64)
    promo = np.zeros(shape, dtype=bool)
    ran = numbers(tx, _PROMOS.format(low=low, high=low + len(spans)), 2).astype(np.int64)
    promo[ran[:, 0] - low, ran[:, 1]] = True
    ordered, one_off, lost, lines, out_share, out_qty, out_lines = filled
    return Block(first, lengths, ordered, one_off, lost, lines, out_share, out_qty, out_lines, promo)


def _rows(
    block: Block, found: Cleaned, series: Any, adjusted: _Adjustments, low: int
) -> Iterator[list[Any]]:  # fmt: skip
    """Buckets that are not simply as they were ordered."""
    told = {(place - low, row["t"]): row for place, rows in adjusted.items() for row in rows
            if low <= place < low + len(series)}  # fmt: skip
    for i, t in zip(*np.nonzero(found.rules), strict=True):
        if (int(i), int(t)) not in told:
            yield [int(series[i]), int(block.first[i] + t), f"{found.values[i, t]:.6f}", found.rule(i, t),
                   *_flag(block, found, int(i), int(t)), None]  # fmt: skip
    for (i, t), row in told.items():
        yield [int(series[i]), int(block.first[i] + t), f"{_decided(block, found, i, t, row):.6f}",
               _rule_of(row), *_flag(block, found, i, t), row["id"]]  # fmt: skip


_BY_PLANNER = {"keep": "kept_by_planner", "exclude": "excluded_by_planner", "replace": "replaced_by_planner"}


def _rule_of(row: dict[str, Any]) -> str:
    return _BY_PLANNER.get(row["action"], f"carried_from_{row['source']}")


def _decided(block: Block, found: Cleaned, i: int, t: int, row: dict[str, Any]) -> float:
    if row["action"] == "replace":
        return float(row["qty"])
    if row["action"] == "keep":
        return float(block.ordered[i, t])
    if row["action"] == "carried":
        return _carried(block, found, i, t, row)
    length = int(block.lengths[i])
    around = [found.values[i, s] for s in range(max(t - 8, 0), min(t + 9, length)) if s != t]
    return float(np.mean(around)) if around else 0.0


def _carried(block: Block, found: Cleaned, i: int, t: int, row: dict[str, Any]) -> float:
    """The ordered quantity and the difference somebody made to a bucket of another period. One-offs of other days stay
    set aside; what a stock-out hid stays estimated, but is not added twice."""
    rule, elsewhere = found.rule(i, t), float(block.one_off[i, t]) - float(row["one_off"])
    if rule in (IN_STOCK, RECENT):
        hidden = float(found.values[i, t])
        moved = float(row["qty"])
        told = max(hidden, float(block.ordered[i, t]) + moved) if moved > 0 else hidden + moved
    else:
        told = float(block.ordered[i, t]) + float(row["qty"]) - (elsewhere if rule == ONE_OFF else 0.0)
    return max(told, 0.0)


def _flag(block: Block, found: Cleaned, i: int, t: int) -> tuple[str | None, str | None]:
    rule, ordered = found.rule(i, t), block.ordered[i, t]
    if rule == ONE_OFF:
        return "one_off", f"{block.one_off[i, t]:,.6g} of {ordered:,.6g} was the only order of one customer"
    if rule == OUTLIER:
        return "outlier", f"{ordered:,.6g} where {found.usual[i, t]:,.6g} is usual"
    return None, None


def _stage(tx: Tx, rows: Iterator[list[Any]]) -> int:
    buffer, count = io.StringIO(newline=""), 0
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        writer.writerow([copyio.cell(value) for value in row])
        count += 1
    if count:
        columns = ", ".join(_COLUMNS)
        tx.copy_in(f"COPY demand_cleaned ({columns}) FROM STDIN (FORMAT csv)", io.BytesIO(buffer.getvalue().encode()))
    return count
