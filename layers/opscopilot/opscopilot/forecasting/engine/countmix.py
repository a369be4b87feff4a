"""Several quantile functions of the same demand, averaged in shares that the rolling origins teach, per quantile.

Averaging quantiles rather than probabilities keeps the combination as sharp as its parts, and its values between
whole numbers keep a distribution of counts from covering much more than it was asked to.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

_COLUMNS, _STEPS, _ROUNDS = 500, 6, 30
"""Most histories and hidden periods looked at, and how often the shares are moved: more changes nothing."""


def mixing_shares(
    parts: FloatArray, hidden: FloatArray, taus: FloatArray, prior: FloatArray, trust: float
) -> FloatArray:
    """(P, Q) shares >= 0 that sum to 1 over the P parts and minimise the pinball loss of their average.

    `parts` (P, C, Q) quantiles and `hidden` (C, h) what then came (NaN unknown), both over a scale of the series;
    `prior` (P,) shares of nothing learnt, `trust` 0..1 what the learnt ones count against them.
    """
    flat = np.repeat(prior[:, None], len(taus), axis=1)
    if not np.isfinite(hidden).any():
        return flat
    pick = np.unique(np.linspace(0, len(hidden) - 1, min(_COLUMNS, len(hidden))).round().astype(int))
    step = np.unique(np.linspace(0, hidden.shape[1] - 1, min(_STEPS, hidden.shape[1])).round().astype(int))
    found = _descend(parts[:, pick], hidden[np.ix_(pick, step)], taus)
    padded = np.concatenate([found[:, :1], found, found[:, -1:]], axis=1)
    smooth = (padded[:, :-2] + 2 * found + padded[:, 2:]) / 4
    result: FloatArray = trust * smooth + (1 - trust) * flat
    return result


def _descend(parts: FloatArray, hidden: FloatArray, taus: FloatArray) -> FloatArray:
    """Exponentiated subgradient steps; the average of the later half."""
    count = len(parts)
    shares = np.full((count, len(taus)), 1 / count)
    known = np.isfinite(hidden)
    value = np.where(known, hidden, np.inf)
    seen = known.sum(axis=1)[:, None] * taus[None]
    total = np.zeros_like(shares)
    for turn in range(_ROUNDS):
        guess = (shares[:, None, :] * parts).sum(axis=0)
        below = np.zeros_like(guess)
        for j in range(value.shape[1]):
            below += value[:, j, None] < guess
        slope = np.einsum("cq,pcq->pq", below - seen, parts)
        slope -= (shares * slope).sum(axis=0)
        pace = 0.75 / np.sqrt(1 + turn) / (np.abs(slope).max(axis=0) + 1e-12)
        shares = shares * np.exp(-pace * slope)
        shares /= shares.sum(axis=0)
        if turn >= _ROUNDS // 2:
            total += shares
    result: FloatArray = total / total.sum(axis=0)
    return result
