"""The beta-binomial distribution: how many of `n` units are scrapped when the rate itself varies.

Parametrised by mean `m` and intra-class correlation `rho` (0: binomial; 1: all or nothing); variance of the count =
n m (1 - m) (1 + (n - 1) rho). Source: Johnson, Kemp & Kotz, Univariate Discrete Distributions, 6.2.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LARGEST = 20_000
"""More units than this are counted in larger lumps: the shape is that of the rate by then."""
_RHO = (1e-9, 0.98)


def distribution(n: int, mean: float, rho: float) -> NDArray[np.float64]:
    """Cumulative probabilities of 0 … n. `n` >= 1, 0 <= mean <= 1."""
    if mean <= 0.0 or mean >= 1.0:
        found = np.zeros(n + 1)
        found[n if mean >= 1.0 else 0 :] = 1.0
        return found
    rho = min(max(rho, _RHO[0]), _RHO[1])
    strength = 1.0 / rho - 1.0
    a, b = mean * strength, (1.0 - mean) * strength
    k = np.arange(n, dtype=float)
    steps = np.log(n - k) - np.log(k + 1.0) + np.log(a + k) - np.log(b + n - 1.0 - k)
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    return np.asarray(np.cumsum(weights) / weights.sum(), dtype=np.float64)


def interval(
    quantity: float, mean: float, variance: float, levels: Sequence[float]
) -> list[tuple[float, float]]:  # fmt: skip
    """Central intervals for the scrapped share of `quantity`, from its mean and variance (of the share).

    Bounds are shares; each interval holds at least its level because a count comes in whole units.
    """
    units = max(1, round(quantity))
    lump = max(1.0, units / LARGEST)
    n = max(1, round(units / lump))
    spread = mean * (1.0 - mean)
    if spread <= 0.0:
        return [(mean, mean) for _ in levels]
    if n == 1:
        return [(0.0, 1.0 if mean > (1.0 - level) / 2.0 else 0.0) for level in levels]
    rho = (variance * n / spread - 1.0) / (n - 1.0)
    known = distribution(n, mean, rho)
    found = []
    for level in levels:
        tail = (1.0 - level) / 2.0
        low = int(np.searchsorted(known, tail, side="left"))
        high = int(np.searchsorted(known, 1.0 - tail, side="left"))
        found.append((low / n, min(high, n) / n))
    return found


def wilson(scrap: float, produced: float, z: float = 1.959964) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a share; None without units. It stays honest for a few units and for none scrapped."""
    if produced <= 0:
        return None
    share = scrap / produced
    middle = share + z * z / (2 * produced)
    half = z * np.sqrt(share * (1 - share) / produced + z * z / (4 * produced * produced))
    scale = 1 + z * z / produced
    return max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))
