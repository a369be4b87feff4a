"""The published scoring rule of the Numenta Anomaly Benchmark (Lavin & Ahmad 2015), version 1.1, written anew.

In each labelled window only the earliest detection counts, the more the earlier it comes; each detection outside costs,
the more the further behind a window it is; a window without detection costs as well. The first 15 % of a file (at most
750 readings) are not judged. One threshold serves all files; per profile it is the one with the best score, which is
the benchmark's rule. 0 is a detector that never speaks, 100 one that is right at every window's first moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.sensing.series import Series

PROFILES = {"standard": (1.0, 0.11, 1.0), "low_fp": (1.0, 0.22, 1.0), "low_fn": (1.0, 0.11, 2.0)}
"""Weights of a true positive, a false positive, a false negative."""
_PROBATION, _PROBATION_MOST = 0.15, 750


@dataclass(frozen=True)
class _Marked:
    """Readings that a detector may flag: its score, what a flag earns, and the number of the window (-1 outside)."""

    scores: NDArray[np.float64]
    earns: NDArray[np.float64]
    window: NDArray[np.int64]
    windows: int


def _sigmoid(place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(place > 3, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.clip(place, -50, 50))) - 1.0)


_MOST = float(_sigmoid(np.array(-1.0)))


def _marks(series: Series) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    n = len(series.values)
    earns, window = np.full(n, -1.0), np.full(n, -1)
    before: tuple[int, int] | None = None
    for number, (first, last) in enumerate([*series.windows, (n, n)]):
        if before is not None:
            after = np.arange(before[1] + 1, first)
            earns[after] = _sigmoid((after - before[1]) / float(max(before[1] - before[0], 1)))
        if first < n:
            inside = np.arange(first, last + 1)
            window[inside] = number
            earns[inside] = _sigmoid(-(last - inside + 1) / (last - first + 1.0))
        before = (first, last)
    return earns, window


def _marked(series: Sequence[Series], scores: Mapping[str, NDArray[np.float64]], tp: float, fp: float) -> _Marked:
    found: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]] = []
    windows = 0
    for one in series:
        earns, window = _marks(one)
        judged = slice(min(int(_PROBATION * len(one.values)), _PROBATION_MOST), None)
        kept = window[judged]
        numbers, places = np.unique(kept[kept >= 0], return_inverse=True)
        renumbered = np.full(len(kept), -1)
        renumbered[kept >= 0] = places + windows
        windows += len(numbers)
        worth = np.where(kept >= 0, earns[judged] * tp / _MOST, earns[judged] * fp)
        found.append((scores[one.name][judged], worth, renumbered))
    columns = [np.concatenate(part) for part in zip(*found, strict=True)]
    return _Marked(columns[0], columns[1], columns[2].astype(np.int64), windows)


def best(series: Sequence[Series], scores: Mapping[str, NDArray[np.float64]], profile: str) -> tuple[float, float]:
    """Score and threshold with the best threshold for all of `series`; scores of 0 or less are never flags."""
    tp, fp, fn = PROFILES[profile]
    marked = _marked(series, scores, tp, fp)
    silent, perfect = -fn * marked.windows, tp * marked.windows
    reached = [-fn] * marked.windows
    total = top = silent
    threshold = float("inf")
    order = [i for i in np.argsort(-marked.scores, kind="stable") if marked.scores[i] > 0]
    for place, i in enumerate(order):
        number, earns = int(marked.window[i]), float(marked.earns[i])
        if number < 0:
            total += earns
        elif earns > reached[number]:
            total += earns - reached[number]
            reached[number] = earns
        last = place + 1 == len(order) or marked.scores[order[place + 1]] != marked.scores[i]
        if last and total > top:
            top, threshold = total, float(marked.scores[i])
    return 100.0 * (top - silent) / (perfect - silent), threshold


def at(
    series: Sequence[Series], scores: Mapping[str, NDArray[np.float64]], profile: str, threshold: float
) -> float:  # fmt: skip
    """The score with a threshold chosen elsewhere."""
    kept = {name: np.where(one >= threshold, 1.0, 0.0) for name, one in scores.items()}
    tp, fp, fn = PROFILES[profile]
    marked = _marked(series, kept, tp, fp)
    flagged = marked.scores > 0
    total = float(marked.earns[flagged & (marked.window < 0)].sum())
    for number in range(marked.windows):
        hits = marked.earns[flagged & (marked.window == number)]
        total += float(hits.max()) if len(hits) else -fn
    silent, perfect = -fn * marked.windows, tp * marked.windows
    return 100.0 * (total - silent) / (perfect - silent)
