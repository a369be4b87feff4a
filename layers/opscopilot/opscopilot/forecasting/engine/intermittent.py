"""Intermittent demand: a bank of mean forecasters, pooled weights, and a count distribution around the mean.

Members: simple exponential smoothing at seven speeds, TSB at three, SBA (Croston with Syntetos-Boylan
correction) at two, three temporal aggregations, the historic mean. The distribution is a negative binomial
whose dispersion is shrunk to what series of similar mean show, mixed with the series' own history.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.columns import Columns
from opscopilot.forecasting.engine.countdist import MIN_DISPERSION
from opscopilot.forecasting.engine.types import FloatArray

SES_ALPHA = np.array([0.01, 0.03, 0.06, 0.1, 0.16, 0.25, 0.4])
TSB_ALPHA = np.array([0.03, 0.08, 0.15])
SBA_ALPHA = np.array([0.05, 0.12])
AGGREGATES = (3, 6, 12)
_FLOOR = 0.01
BANK_NAMES = (
    "historic mean",
    *(f"SES {a:g}" for a in SES_ALPHA),
    *(f"TSB {a:g}" for a in TSB_ALPHA),
    *(f"SBA {a:g}" for a in SBA_ALPHA),
    *(f"aggregation {k}" for k in AGGREGATES),
)


def bank(columns: Columns) -> FloatArray:
    """(M, C) flat mean forecasts in scaled units, in the order of `BANK_NAMES`."""
    y, n, valid = columns.y, columns.n, columns.valid()
    mean = y.sum(axis=0) / n
    opening = _early_mean(columns, 12)
    level = np.repeat(opening[None], len(SES_ALPHA), axis=0)
    positive = valid & (y > 0)
    hits = positive.sum(axis=0)
    size0 = np.where(hits > 0, y.sum(axis=0) / np.maximum(hits, 1), 0.0)
    rate0 = (hits + 0.5) / (n + 1)
    chance, size = np.repeat(rate0[None], len(TSB_ALPHA), 0), np.repeat(size0[None], len(TSB_ALPHA), 0)
    gap, lump = np.repeat(1 / rate0[None], len(SBA_ALPHA), 0), np.repeat(size0[None], len(SBA_ALPHA), 0)
    waited = np.ones(columns.count)
    active = columns.active()
    a, b, c = SES_ALPHA[:, None], TSB_ALPHA[:, None], SBA_ALPHA[:, None]
    for t in range(columns.rows):
        on = slice(0, int(active[t]))
        now, hit = y[t, on], y[t, on] > 0
        level[:, on] += a * (now - level[:, on])
        chance[:, on] += b * (hit - chance[:, on])
        size[:, on] += np.where(hit, b * (now - size[:, on]), 0.0)
        lump[:, on] += np.where(hit, c * (now - lump[:, on]), 0.0)
        gap[:, on] += np.where(hit, c * (waited[on] - gap[:, on]), 0.0)
        waited[on] = np.where(hit, 1.0, waited[on] + 1)
    sba = (1 - c / 2) * lump / np.maximum(gap, 1.0)
    blocks = np.stack([_aggregate(columns, k, opening) for k in AGGREGATES])
    return np.concatenate([mean[None], level, chance * size, sba, blocks])


def _early_mean(columns: Columns, points: int) -> FloatArray:
    """(C,) mean of the first points of each column."""
    offset = np.arange(points)[:, None]
    k = np.minimum(columns.n, points)
    rows = np.minimum(columns.start[None, :] + offset, columns.rows - 1)
    z = np.where(offset < k[None, :], columns.y[rows, np.arange(columns.count)[None, :]], 0.0)
    result: FloatArray = z.sum(axis=0) / k
    return result


def _aggregate(columns: Columns, k: int, opening: FloatArray) -> FloatArray:
    """(C,) SES(0.25) over means of k periods."""
    rows = columns.rows // k
    if rows == 0:
        return opening
    blocks = columns.y[columns.rows - rows * k :].reshape(rows, k, columns.count).mean(axis=1)
    level = opening.copy()
    active = np.searchsorted(rows - columns.n // k, np.arange(rows), side="right")
    for t in range(rows):
        on = slice(0, int(active[t]))
        level[on] += 0.25 * (blocks[t, on] - level[on])
    return level


def simplex_weights(x: FloatArray, y: FloatArray, rounds: int = 300) -> FloatArray:
    """(M,) weights >= 0 summing to 1 that minimise |x w - y|^2 (exponentiated gradient)."""
    members = x.shape[1]
    w = np.full(members, 1 / members)
    gram, moment = x.T @ x / len(y), x.T @ y / len(y)
    rate = 1 / max(float(np.abs(gram).max()), 1e-12)
    for _ in range(rounds):
        w = w * np.exp(-rate * (gram @ w - moment))
        w /= w.sum()
    return w


def typical_weights(x: FloatArray, y: FloatArray, noise: FloatArray, rounds: int = 4) -> FloatArray:
    """(M,) weights >= 0 summing to 1 that minimise the mean over rows of sqrt(noise + (x w - y)^2).

    The root keeps a few rows with large surprises from deciding for all the others (reweighted least squares);
    `noise` is the variance of what `y` is the mean of, which no forecast can remove.
    """
    w = np.full(x.shape[1], 1 / x.shape[1])
    for _ in range(rounds):
        root = (noise + (x @ w - y) ** 2 + _FLOOR) ** -0.25
        root /= np.sqrt((root**2).mean())
        w = simplex_weights(x * root[:, None], y * root)
    return w


def count_unit(columns: Columns) -> FloatArray:
    """(C,) quantity to count as one: 1 for small whole numbers, else a twentieth of the mean demand size."""
    raw = columns.y * columns.scale[None]
    hits = (raw > 0).sum(axis=0)
    size = raw.sum(axis=0) / np.maximum(hits, 1)
    whole = (np.abs(raw - np.round(raw)) < 1e-6).all(axis=0)
    return np.where(whole & (size <= 40), 1.0, np.maximum(size / 20, 1e-300))


def dispersion(columns: Columns, unit: FloatArray, mean: FloatArray) -> FloatArray:
    """(C,) variance / mean in units, the own estimate shrunk to what series of the same mean show."""
    y, n = columns.y * (columns.scale / unit)[None], columns.n
    own_mean = y.sum(axis=0) / n
    square = np.where(columns.valid(), (y - own_mean) ** 2, 0.0).sum(axis=0)
    own = np.log(np.maximum(square / np.maximum(n - 1, 1), 1e-9) / np.maximum(own_mean, 1e-9) + 1e-3)
    usable = (own_mean > 0) & (square > 0)
    intercept, slope = 0.9, 0.35
    if usable.sum() >= 8:
        x = np.log(own_mean[usable])
        spread = float(((x - x.mean()) ** 2).sum())
        slope = float(((x - x.mean()) * own[usable]).sum() / spread) if spread > 1e-9 else 0.0
        intercept = float(own[usable].mean() - slope * x.mean())
    prior = intercept + slope * np.log(np.maximum(mean, 1e-4))
    hits = (y > 0).sum(axis=0)
    weight = hits / (hits + 6)
    blended = np.where(usable, weight * own + (1 - weight) * prior, prior)
    result: FloatArray = np.maximum(np.exp(np.clip(blended, -2, 12)), MIN_DISPERSION)
    return result


def rate_uncertainty(error: FloatArray, total: FloatArray, phi: FloatArray) -> float:
    """Relative variance of the forecast rate itself, pooled over backtests.

    `error` actual - forecast of window totals, `total` the forecast totals, `phi` dispersion, same shapes.
    Without it the spread of a lead-time sum would only grow like a square root.
    """
    use = (total > 1e-9) & np.isfinite(error)
    prior_weight, prior = 15.0, 0.06
    if not use.any():
        return prior
    noise = phi[use] * total[use]
    excess = np.minimum(error[use] ** 2 / noise, 16.0) - 1
    found = float(excess.sum() / np.maximum((total[use] / phi[use]).sum(), 1e-9))
    trust = float(use.sum()) / (float(use.sum()) + prior_weight)
    return trust * float(np.clip(found, 0.0, 1.0)) + (1 - trust) * prior
