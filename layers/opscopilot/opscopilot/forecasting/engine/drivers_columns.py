"""Driver columns and labels out of a tidy table of series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from opscopilot.forecasting.engine.drivers_features import Drivers
from opscopilot.forecasting.engine.types import FloatArray

_MOST_LABELS = 4


def drivers_from_columns(
    columns: Mapping[str, Sequence[FloatArray]], lengths: Sequence[int], horizon: int
) -> list[Drivers | None]:
    """One Drivers per series from columns such as price, deal, feat or promo.

    `columns`: name -> per series its values over history and future together; `lengths`: how many of them are
    history. A future shorter than `horizon` is filled with NaN. A column that says nothing (never known, never
    changes in any series) is left out; a series has None when no column is left.
    """
    names = tuple(name for name, series in columns.items() if any(_changes(one) for one in series))
    out: list[Drivers | None] = []
    for i, length in enumerate(lengths):
        if not names:
            out.append(None)
            continue
        table = np.column_stack([np.asarray(columns[name][i], dtype=np.float64) for name in names])
        future = np.full((horizon, len(names)), np.nan)
        ahead = table[length : length + horizon]
        future[: len(ahead)] = ahead
        out.append(Drivers(table[:length], future, names))
    return out


def _changes(values: FloatArray) -> bool:
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    return len(known) > 1 and bool(known.max() > known.min())


def labels_from_ids(ids: Sequence[str]) -> list[tuple[str, ...]] | None:
    """The parts of composed ids ("store_brand") that several series share, as labels; None when there are none."""
    parts = [re.split(r"[_\-|/:.\s]+", str(one)) for one in ids]
    if len({len(p) for p in parts}) != 1:
        return None
    useful = [k for k in range(len(parts[0])) if 1 < len({p[k] for p in parts}) <= len(ids) // 2]
    return [tuple(p[k] for k in useful[:_MOST_LABELS]) for p in parts] if useful else None
