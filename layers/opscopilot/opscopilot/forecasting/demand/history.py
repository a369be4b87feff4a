"""Demand history: what customers asked for, by the date they asked for it (D1, C23, P-51), per bucket, SKU and place.

Orders and days without stock become buckets (lines, places, outages, sparse), buckets are cleaned (cleaning), and
only what differs from the stored history is written (history_store). A bucket that is not over is left out, so that
it never looks like a drop (P-56).
"""

from __future__ import annotations

from collections.abc import Sequence

from opscopilot.forecasting.demand import channels, cleaned, groups, history_store, lines, outages, sparse
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import WEEKLY, Period
from opscopilot.kernel.db import Tx

_TABLES = """DROP TABLE IF EXISTS demand_orders, demand_one_offs, demand_days, demand_spread, demand_stock_spans,
    demand_out_days, demand_keys, demand_daily"""


def rebuild(
    tx: Tx,
    cut: DataCut,
    periods: Sequence[Period] = (WEEKLY,),
    *,
    undo_stockouts: bool = True,
    clean_outliers: bool = True,
) -> int:
    """Bring the histories of `periods` in line with the order lines as of the cut; the rows that changed.

    `undo_stockouts`: estimate what would have been ordered while stock was out. `clean_outliers`: set one-offs and
    outliers aside. The ordered quantity is stored as it was ordered in any case. A history nothing happened to is
    not touched.
    """
    tx.execute(_TABLES)
    # Tables filled a moment ago have no statistics, and a loop over a "tiny" one takes hours.
    tx.execute("SET LOCAL enable_nestloop = off")
    lines.gather(tx, cut)
    outages.gather(tx, cut)
    sparse.gather_days(tx)
    settings = f"stockouts={undo_stockouts} outliers={clean_outliers}"
    touched = 0
    for period in periods:
        changed = sparse.gather_buckets(tx, cut, period, settings)
        cleaned.clean_changed(tx, period, undo_stockouts=undo_stockouts, set_aside=clean_outliers)
        stored = history_store.store(tx, cut, period)
        touched += stored + (groups.rebuild(tx, period) if changed or stored else 0)
    channels.note_breaks(tx, cut, periods)
    tx.execute("SET LOCAL enable_nestloop = on")
    return touched
