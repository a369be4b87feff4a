"""Series to be forecast: from tidy Parquet files, or the sample plant's own weekly demand where there are none.

A tidy file has one row per series and period: unique_id, ds, y, split (train | test), horizon, seasonality, group,
and possibly columns that are known ahead (price, deal, feat, promo). Rows of a series stand together in time order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

COLUMNS = ("unique_id", "ds", "y", "split", "horizon", "seasonality", "group")
_WEEK, _HORIZON, _YEAR = 7, 13, 52


@dataclass(slots=True)
class Group:
    """Series that are scored together. `test` is (N, horizon); `known` name -> one array per series over training
    and test periods."""

    name: str
    ids: list[str]
    train: list[FloatArray]
    test: FloatArray
    horizon: int
    season: int
    known: dict[str, list[FloatArray]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def intermittent(self) -> bool:
        """Many periods without demand: percentage errors and medians would reward a forecast of zero."""
        zeros = sum(int((y == 0).sum()) for y in self.train)
        return zeros > 0.1 * sum(map(len, self.train))

    def some(self, count: int) -> Group:
        """At most `count` series, spread evenly over the group."""
        if count >= len(self):
            return self
        at = np.unique(np.linspace(0, len(self) - 1, count).round().astype(int))
        return Group(
            self.name, [self.ids[i] for i in at], [self.train[i] for i in at], self.test[at], self.horizon, self.season,
            {name: [column[i] for i in at] for name, column in self.known.items()},
        )  # fmt: skip


def groups(data: Path | None) -> Iterator[Group]:
    """Every group of a tidy file or folder; without one the sample plant's own items, and it says so."""
    if data is None:
        print("No DATA: the sample plant's own weekly demand instead of a competition's series.")
        yield sample_plant()
        return
    for path in files(data):
        yield from read(path)


def files(data: Path) -> list[Path]:
    """The Parquet files a `DATA=` means. SystemExit when there are none."""
    found = sorted(data.glob("**/*.parquet")) if data.is_dir() else [data]
    if not found or not all(one.is_file() for one in found):
        raise SystemExit(f"{data}: no Parquet file there. DATA is a tidy file or a folder of them (see --help).")
    return found


def read(path: Path) -> Iterator[Group]:
    """The groups of one file. SystemExit names the columns that are missing."""
    with duckdb.connect() as database:
        source = database.sql("SELECT * FROM read_parquet(?)", params=[str(path)])
        missing = [name for name in COLUMNS if name not in source.columns]
        if missing:
            raise SystemExit(f"{path}: not a tidy file, {', '.join(missing)} missing. It needs {', '.join(COLUMNS)}.")
        numeric = ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "BOOLEAN")
        extra = [
            name for name, kind in zip(source.columns, source.types, strict=True)
            if name not in COLUMNS and not name.startswith("__") and str(kind) in numeric
        ]  # fmt: skip
        chosen = ", ".join([
            'unique_id::varchar AS unique_id', 'y::double AS y', "split::varchar = 'train' AS train",
            'horizon::integer AS horizon', 'seasonality::integer AS season', '"group"::varchar AS name',
            *(f'"{name}"::double AS "{name}"' for name in extra),
        ])  # fmt: skip
        columns = database.sql(f"SELECT {chosen} FROM source").fetchnumpy()
    for name in dict.fromkeys(columns["name"].tolist()):
        yield _group(str(name), {key: values[columns["name"] == name] for key, values in columns.items()}, extra)


def _group(name: str, rows: dict[str, np.ndarray], extra: list[str]) -> Group:
    ids = rows["unique_id"]
    edges = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1], True])
    train, test, codes = [], [], []
    known: dict[str, list[FloatArray]] = {one: [] for one in extra}
    horizon = int(rows["horizon"][0])
    for first, end in pairwise(edges.tolist()):
        y, learned = rows["y"][first:end], rows["train"][first:end]
        codes.append(str(ids[first]))
        train.append(np.asarray(y[learned], dtype=np.float64))
        test.append(np.r_[y[~learned], np.full(horizon, np.nan)][:horizon])
        for one in extra:
            known[one].append(np.asarray(rows[one][first:end], dtype=np.float64))
    return Group(name, codes, train, np.array(test), horizon, int(rows["season"][0]), known)


def sample_plant() -> Group:
    """Weekly ordered quantities of the sample plant's finished items, the last 13 weeks held out."""
    from sample_data.generate import AS_OF, SEED, build_plant

    plant, _ = build_plant(SEED, AS_OF, 1.0)
    weeks = (plant.as_of - plant.first_day) // _WEEK
    demand: dict[str, FloatArray] = {}
    for line in plant.sales:
        week = weeks - 1 - (plant.as_of - line.requested) // _WEEK
        path = demand.setdefault(line.sku, np.zeros(weeks))
        if 0 <= week < weeks:
            path[week] += line.base_m / 1000
    codes = sorted(code for code, path in demand.items() if path[:-_HORIZON].any())
    train = [np.trim_zeros(demand[code][:-_HORIZON], "f") for code in codes]
    test = np.array([demand[code][-_HORIZON:] for code in codes])
    return Group("sample plant, weekly", codes, train, test, _HORIZON, _YEAR)
