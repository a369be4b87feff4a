"""Labelled sensor series: the Numenta Anomaly Benchmark from its folder or archive, or generated ones."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_WINDOWS = "combined_windows.json"


@dataclass(frozen=True)
class Series:
    """One file. `windows` are first and last index of each labelled anomaly; `seconds` is the second of the day."""

    name: str
    values: NDArray[np.float64]
    seconds: list[int]
    windows: list[tuple[int, int]]


def read(path: Path) -> list[Series]:
    """All series under `path` (a folder, or the archive itself) that have labels. FileNotFoundError without labels."""
    if path.is_dir():
        archives = sorted(path.glob("*.tgz"))
        if archives:
            return read(archives[0])
        texts = {one.relative_to(path).as_posix(): one.read_text(encoding="utf-8") for one in _files(path)}
    else:
        texts = dict(_members(path))
    labels = next((text for name, text in texts.items() if name.endswith(_WINDOWS)), None)
    if labels is None:
        raise FileNotFoundError(f"{path} holds no {_WINDOWS}: give the folder or archive of the benchmark as DATA=")
    windows: dict[str, list[list[str]]] = json.loads(labels)
    by_end = {name.split("data/")[-1]: text for name, text in texts.items()}
    return [_series(name, by_end[name], windows[name]) for name in sorted(windows) if name in by_end]


def _files(path: Path) -> Iterator[Path]:
    yield from (one for one in sorted(path.rglob("*")) if one.suffix in (".csv", ".json"))


def _members(path: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(path) as archive:
        for member in archive:
            found = archive.extractfile(member) if member.name.endswith((".csv", ".json")) else None
            if found is not None:
                yield member.name, found.read().decode("utf-8")


def _series(name: str, text: str, windows: list[list[str]]) -> Series:
    rows = list(csv.DictReader(io.StringIO(text)))
    times = [_moment(row["timestamp"]) for row in rows]
    values = np.array([float(row["value"]) for row in rows])
    inside = [(_index(times, _moment(first)), min(_index(times, _moment(last)), len(times) - 1))
              for first, last in windows]  # fmt: skip
    return Series(name, values, [_second(one) for one in times], inside)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.split(".")[0]).replace(tzinfo=UTC)


def _second(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _index(times: list[datetime], moment: datetime) -> int:
    return next((i for i, one in enumerate(times) if one >= moment), len(times))


def generated(count: int = 12, length: int = 4000) -> list[Series]:
    """Daily waves with noise and one fault each: a jump, a drift, a burst of noise, a dead signal. Seeded."""
    rng = np.random.default_rng(7)
    start = datetime(2025, 1, 6, tzinfo=UTC)
    made = []
    for number in range(count):
        at = np.arange(length)
        values = 50 + 8 * np.sin(2 * np.pi * at / 288) + rng.normal(0, 1, length)
        first = int(rng.integers(length // 3, length - length // 8))
        stretch = slice(first, first + length // 40)
        size = stretch.stop - stretch.start
        fault = ("jump", "drift", "noise", "dead")[number % 4]
        if fault == "jump":
            values[stretch] += 15
        elif fault == "drift":
            values[stretch] += np.linspace(0, 25, size)
        elif fault == "noise":
            values[stretch] += rng.normal(0, 8, size)
        else:
            values[stretch] = values[first - 1]
        seconds = [_second(start + timedelta(minutes=5 * i)) for i in range(length)]
        around = length // 20
        made.append(Series(f"generated/{fault}_{number}", values, seconds, [(first - around, first + around)]))
    return made
