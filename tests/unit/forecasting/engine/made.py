"""Seeded synthetic demand whose truth is known, and the public series that may lie beside the repository."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from opscopilot.forecasting.engine.types import FloatArray

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"


def weekly(count: int, weeks: int, seed: int, *, seasonal: bool) -> list[FloatArray]:
    """Weekly sales of items of very different size: noise beyond Poisson, drifting level, slight trend."""
    rng = np.random.default_rng(seed)
    out = []
    week = np.arange(weeks)
    for _ in range(count):
        size, swing = np.exp(rng.normal(4, 1)), rng.choice([0.2, 0.4]) if seasonal else 0.0
        season = 1 + swing * np.sin(2 * np.pi * (week / 52 + rng.random()))
        drift = np.exp(np.cumsum(rng.normal(0, 0.02, weeks))) * (1 + rng.normal(0, 0.1) * week / weeks)
        rate = np.maximum(size * season * drift, 0.1)
        out.append(rng.poisson(rate * rng.gamma(10, 0.1, weeks)).astype(np.float64))
    return out


def sparse(count: int, periods: int, seed: int) -> list[FloatArray]:
    """Spare parts: demand in one period of four, in lots."""
    rng = np.random.default_rng(seed)
    chance, lot = rng.uniform(0.1, 0.4, count), rng.uniform(1, 12, count)
    return [
        (rng.random(periods) < p) * (1 + rng.poisson(size, periods)).astype(np.float64)
        for p, size in zip(chance, lot, strict=True)
    ]


def parquet(name: str, group: str, limit: int) -> tuple[list[FloatArray], FloatArray, int, int]:
    """Training series, hidden test values (N, h), horizon and season of one group; a loud skip without the file."""
    path = SHARED / "forecast" / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"public series not found at {path}")
    duckdb = pytest.importorskip("duckdb", reason="reading parquet needs duckdb")
    rows = (
        duckdb.connect()
        .execute(
            "SELECT list(y ORDER BY ds) FILTER (split = 'train'), list(y ORDER BY ds) FILTER (split <> 'train'), "
            'max(horizon), max(seasonality) FROM read_parquet($1) WHERE "group" = $2 GROUP BY unique_id '
            "ORDER BY unique_id LIMIT $3",
            [str(path), group, limit],
        )
        .fetchall()
    )
    train = [np.array(row[0], dtype=np.float64) for row in rows]
    return train, np.array([row[1] for row in rows], dtype=np.float64), int(rows[0][2]), int(rows[0][3])


def adventureworks_online(first: date, periods: int = 13) -> tuple[list[FloatArray], FloatArray]:
    """Weekly online units of every item that is at least 30 weeks old and still sold, and what came after."""
    folder = SHARED / "adventureworks"
    if not folder.exists():
        pytest.skip(f"AdventureWorks not found at {folder}")
    ordered = {
        row["SalesOrderID"]: date.fromisoformat(row["OrderDate"][:10])
        for row in _rows(folder / "SalesOrderHeader.csv.gz")
        if row["OnlineOrderFlag"] == "1"
    }
    sold: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for row in _rows(folder / "SalesOrderDetail.csv.gz"):
        if day := ordered.get(row["SalesOrderID"]):
            sold[row["ProductID"]][day - timedelta(days=day.weekday())] += int(row["OrderQty"])
    opening = min(min(weeks) for weeks in sold.values())
    known = [opening + timedelta(weeks=i) for i in range((first - opening).days // 7)]
    ahead = [first + timedelta(weeks=i) for i in range(periods)]
    train, test = [], []
    for weeks in sold.values():
        y = np.array([weeks[w] for w in known], dtype=np.float64)
        if y[:-29].any() and y[-13:].any():
            train.append(y)
            test.append([weeks[w] for w in ahead])
    return train, np.array(test, dtype=np.float64)


def adventureworks_monthly(first: str, periods: int = 3) -> tuple[list[FloatArray], FloatArray]:
    """Monthly units over all channels of every item sold a year ago and in the last quarter, and what came after."""
    folder = SHARED / "adventureworks"
    if not folder.exists():
        pytest.skip(f"AdventureWorks not found at {folder}")
    ordered = {row["SalesOrderID"]: row["OrderDate"][:7] for row in _rows(folder / "SalesOrderHeader.csv.gz")}
    sold: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in _rows(folder / "SalesOrderDetail.csv.gz"):
        sold[row["ProductID"]][ordered[row["SalesOrderID"]]] += int(row["OrderQty"])
    months = sorted({month for units in sold.values() for month in units})
    now = months.index(first)
    train, test = [], []
    for units in sold.values():
        y = np.array([units[m] for m in months], dtype=np.float64)
        if y[: now - 11].any() and y[now - 3 : now].any():
            train.append(y[:now])
            test.append(y[now : now + periods])
    return train, np.array(test)


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
