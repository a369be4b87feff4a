"""Rows of nothing but numbers out of the database, straight into an array."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.kernel.db import Tx


def numbers(tx: Tx, query: str, columns: int) -> FloatArray:
    """The rows of `query` (see copyio.read; no nulls) as (rows, columns)."""
    found = copyio.read(tx, query).getvalue()
    if not found:
        return np.zeros((0, columns))
    return np.fromstring(found.decode("ascii"), dtype=np.float64, sep=" ").reshape(-1, columns)
