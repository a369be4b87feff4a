"""Stock-out risk when open supply may or may not come in time: every combination of arrivals, weighted. Pure.

Lines are taken to arrive independently of each other. At most `_MOST` uncertain lines of an item are told apart, the
largest; smaller ones beyond that count with their expected quantity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.inventory import quantiles as q

_MOST = 6
Lot = tuple[float, float]
"""A quantity and the probability that it is there in time."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Per item (N,): stock-out `probability`, expected units `lost`, and both `if_on_time`: everything open arrives.

    `points[i][j]`, `units[i][j]`: how much the doubt about lot j of item i adds to them.
    """

    probability: FloatArray
    lost: FloatArray
    if_on_time: FloatArray
    points: list[FloatArray]
    units: list[FloatArray]


def effects(levels: FloatArray, quantiles: FloatArray, stock: FloatArray, lots: Sequence[Sequence[Lot]]) -> Effects:
    """Demand (N, Q) against `stock` (N,) that is there for sure and uncertain `lots` of each item."""
    count = len(stock)
    kept = [_largest(one) for one in lots]
    base = stock + np.array([sum(a * p for a, p in one) - sum(one[j][0] * one[j][1] for j in top)
                             for one, top in zip(lots, kept, strict=True)])  # fmt: skip
    points, units = ([np.zeros(len(one)) for one in lots] for _ in range(2))
    out = Effects(np.zeros(count), np.zeros(count), np.zeros(count), points, units)
    sizes = np.array([len(top) for top in kept], dtype=np.int64)
    for size in np.unique(sizes):
        members = np.flatnonzero(sizes == size)
        _group(levels, quantiles[members], base[members], members, lots, kept, int(size), out)
    return out


def _largest(lots: Sequence[Lot]) -> list[int]:
    order = sorted(range(len(lots)), key=lambda j: -lots[j][0] * lots[j][1] * (1 - lots[j][1]))
    return sorted(order[:_MOST])


def _group(
    levels: FloatArray, quantiles: FloatArray, base: FloatArray, members: np.typing.NDArray[np.int64],
    lots: Sequence[Sequence[Lot]], kept: list[list[int]], size: int, out: Effects,
) -> None:  # fmt: skip
    """Items with the same number of uncertain lots."""
    picked = np.array([[lots[i][j] for j in kept[i]] for i in members]).reshape(len(members), size, 2)
    amount, chance = picked[:, :, 0], picked[:, :, 1]
    arrives = (np.arange(2**size)[:, None] >> np.arange(size)[None, :]) & 1 == 1
    weight = np.where(arrives[None], chance[:, None, :], 1 - chance[:, None, :]).prod(axis=2)
    there = base[:, None] + amount @ arrives.T.astype(np.float64)
    over, short = q.exceedance(levels, quantiles, there), q.shortage(levels, quantiles, there)
    out.probability[members] = (weight * over).sum(axis=1)
    out.lost[members] = (weight * short).sum(axis=1)
    out.if_on_time[members] = over[:, -1]
    for j in range(size):
        sure = weight * arrives[None, :, j] / np.maximum(chance[:, j], 1e-12)[:, None]
        points = out.probability[members] - (sure * over).sum(axis=1)
        units = out.lost[members] - (sure * short).sum(axis=1)
        for row, i in enumerate(members):
            out.points[i][kept[i][j]] = max(points[row], 0.0)
            out.units[i][kept[i][j]] = max(units[row], 0.0)
