"""What the rolling origins teach: member weights, which series keep their model, how wide intervals are.

Everything is pooled over the block of series and shrunk towards shipped priors, so that three series are
handled as sensibly as three thousand. A series' own errors enter its choice of method and its width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

PRIOR_SERIES = 15.0
"""Series whose evidence weighs as much as the shipped prior."""


RECENT_MEAN = 1
"""Position of the recent mean among the baselines."""
POOL_SHARE = 0.8
"""Most weight the block's evidence has in a series' choice of its best baseline."""
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""How much of the best baseline may be blended into the model; 1 is the baseline itself."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What each series ends up with after the comparison with the simple baselines.

    `path` (K+1, N, h): slot 0 is the forecast; slot k is what would have been chosen without origin k, so
    that residuals are not flattered by the choice. `share` (N,) of the best baseline `best` (N,) in it: 0 the
    model, 1 the baseline. Losses are totals over the origins.
    """

    path: FloatArray
    share: FloatArray
    best: IntArray
    model_loss: FloatArray
    chosen_loss: FloatArray
    baseline_loss: FloatArray


def choose(model: FloatArray, baselines: FloatArray, actual: FloatArray, *, squared: bool, gate: bool) -> Choice:
    """The model where it beats the best simple baseline, else the smallest blend that did, else the baseline.

    `model` (K+1, N, h), `baselines` (B, K+1, N, h), `actual` (K, N, h). P-55: nothing is used that does not
    beat the best simple forecast on the series' own origins. Staying as close to the model as that allows costs
    the least accuracy. A series without any backtest cannot show that a model is worth anything and gets the
    recent mean.
    """
    seen = np.isfinite(actual)
    shares = np.array(SHARES)
    losses = np.stack([_losses(model, base, actual, seen, squared) for base in baselines])
    total = losses.sum(axis=2)
    tested: BoolArray = np.asarray(seen.any(axis=(0, 2)))
    best, pick = _rule(total, tested, gate)
    series = np.arange(model.shape[1])
    slots = [_blend(model[0], baselines[:, 0], best, shares[pick])]
    for k in range(1, model.shape[0]):
        other_best, other = _rule(total - losses[:, :, k - 1], tested, gate)
        slots.append(_blend(model[k], baselines[:, k], other_best, shares[other]))
    return Choice(
        np.stack(slots),
        shares[pick],
        best,
        total[0, 0],
        total[best, pick, series],
        total[best, len(shares) - 1, series],
    )


def _losses(model: FloatArray, base: FloatArray, actual: FloatArray, seen: BoolArray, squared: bool) -> FloatArray:
    """(S, K, N) loss per share and origin."""
    out = []
    for share in SHARES:
        error = np.abs(np.where(seen, (1 - share) * model[1:] + share * base[1:] - actual, 0.0))
        out.append(((error**2) if squared else error).sum(axis=2))
    return np.stack(out)


def _blend(model: FloatArray, baselines: FloatArray, best: IntArray, share: FloatArray) -> FloatArray:
    """(N, h) model and best baseline in the given shares; the unused one never touches the result."""
    base = baselines[best, np.arange(len(best))]
    return (1 - share)[:, None] * model + share[:, None] * base


def _rule(total: FloatArray, tested: BoolArray, gate: bool) -> tuple[IntArray, IntArray]:
    """Best baseline and position in SHARES per series, from (B, S, N) losses. Ties go to the baseline."""
    last = total.shape[1] - 1
    best = np.where(tested, _best_baseline(total[:, last], tested), RECENT_MEAN)
    own = total[best, :, np.arange(total.shape[2])]
    beats = own < own[:, last:] * (1 - 1e-9)
    pick = np.where(beats.any(axis=1) & tested, np.argmax(beats, axis=1), last)
    if not gate:
        pick = np.zeros_like(pick)
    return best.astype(np.int64), pick.astype(np.int64)


def _best_baseline(loss: FloatArray, tested: BoolArray) -> IntArray:
    """(N,) position of the best baseline from (B, N) losses.

    The lowest of four numbers from a few origins is partly luck, so a series' own relative losses are
    averaged with what the whole block shows.
    """
    relative = loss / np.maximum(loss.mean(axis=0), 1e-300)
    if not tested.any():
        return np.full(loss.shape[1], RECENT_MEAN, dtype=np.int64)
    count = float(tested.sum())
    weight = POOL_SHARE * count / (count + PRIOR_SERIES)
    pooled = relative[:, tested].mean(axis=1)
    found: IntArray = np.argmin((1 - weight) * relative + weight * pooled[:, None], axis=0).astype(np.int64)
    return found


RECENT = 0.6
"""What an origin counts relative to the next more recent one."""
_OWN_ORIGINS = 2.0
_MOST = 12_000
"""Errors a quantile is read from at most."""


def own_width(z: FloatArray, power: float) -> tuple[FloatArray, FloatArray]:
    """How wide a series' errors are relative to the pool: (N,) for the forecast, (K, N) without own origin.

    `z` (K, N, h) studentised errors, NaN where there is none.
    """
    seen = np.isfinite(z)
    size = np.abs(np.where(seen, z, 0.0)).sum(axis=2) / np.maximum(seen.sum(axis=2), 1)
    weight = RECENT ** np.arange(len(z))[:, None] * seen.any(axis=2)
    mean = (size * weight).sum() / weight.sum() + 1e-12 if weight.any() else 1.0
    total, count = (size * weight).sum(axis=0), weight.sum(axis=0)
    own = (total + _OWN_ORIGINS * mean) / (count + _OWN_ORIGINS) / mean
    without = (total - size * weight + _OWN_ORIGINS * mean) / (count - weight + _OWN_ORIGINS) / mean
    return np.maximum(own, 0.2) ** power, np.maximum(without, 0.2) ** power


def pooled_quantiles(z: FloatArray, taus: FloatArray, prior: FloatArray, most: float = 1.0) -> FloatArray:
    """(h, Q) quantiles of studentised errors (K, N, h) per step, neighbouring steps helping, shrunk to `prior`.

    `most` is the most weight the block's own quantiles have; the fewer series it has, the less.
    A step nobody could be scored on takes over the last one that could.
    """
    horizon = z.shape[2]
    weight = np.broadcast_to((RECENT ** np.arange(len(z)))[:, None, None], z.shape)
    out = np.empty((horizon, len(taus)))
    previous = prior[0]
    for j in range(horizon):
        near = slice(max(0, j - 1), j + 2)
        seen = np.isfinite(z[:, :, near])
        if seen.any():
            series = float(seen.any(axis=(0, 2)).sum())
            trust = most * series / (series + PRIOR_SERIES)
            found = weighted_quantiles(z[:, :, near][seen], weight[:, :, near][seen], taus)
            previous = trust * found + (1 - trust) * prior[j] * _ratio_of_widths(found, prior[j], taus) ** trust
        out[j] = previous
    return out


def _ratio_of_widths(found: FloatArray, prior: FloatArray, taus: FloatArray) -> float:
    """Width of the middle 80 % of one distribution relative to another's, so that a prior lends its shape only."""
    wide, usual = (float(np.diff(np.interp([0.1, 0.9], taus, q))[0]) for q in (found, prior))
    return float(np.clip(wide / usual, 0.1, 10.0)) if wide > 0 and usual > 0 else 1.0


def weighted_quantiles(values: FloatArray, weight: FloatArray, taus: FloatArray) -> FloatArray:
    """(Q,) quantiles of weighted values, linear between the middles of their shares."""
    every = -(-len(values) // _MOST)
    values, weight = values[::every], weight[::every]
    order = np.argsort(values)
    share = np.cumsum(weight[order])
    middle = (share - weight[order] / 2) / share[-1]
    return np.interp(taus, middle, values[order])
