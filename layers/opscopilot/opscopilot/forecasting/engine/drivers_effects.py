"""Effects of drivers on log demand: one regression for the whole batch, every series shrunk towards its kind.

Level and season are taken out of demand and of every feature with the same linear smoother, so that the regression
sees only what changes within a few periods (Frisch and Waugh). Coefficients are normal around those of the series'
labels (brand, store, family), those around the batch's; how much series really differ is estimated from the data
(empirical Bayes by expectation maximisation), so a series with few promotions takes its kind's effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray, IntArray

_WINDOWS = {4: 5, 7: 29, 12: 13}
_DEFAULT_WINDOW = 21
_ROUNDS, _PASSES = 10, 2
_PRIOR_GROUPS = 2.0
"""Groups whose evidence weighs as much as the prior idea of how much groups differ."""
_CHANCE, _TRIFLE = 3.0, 0.003
"""Variance explained that is chance, per feature, and that is too little to matter, as a share of all."""
_DIFFER = (0.1, 0.03)
"""How much effects are thought to differ, before the data say so: a share of the common effect, and of the prior."""
_OUTLIER = 3.5
"""Residuals beyond this many robust standard deviations are cut off."""


@dataclass(frozen=True, slots=True)
class Partial:
    """Sums of squares and products of each series after level and season are taken out.

    `gram` (N, K, K), `cross` (N, K), `square` (N,), `count` (N,) periods. `rest` and `x` are what they were made
    of: (N, R) and (N, R, K), zero where nothing is known.
    """

    gram: FloatArray
    cross: FloatArray
    square: FloatArray
    count: FloatArray
    rest: FloatArray
    x: FloatArray
    known: BoolArray

    def before(self, cuts: IntArray) -> Partial:
        """The same without the last `cuts` (N,) periods of each series."""
        tail = int(cuts.max()) if len(cuts) else 0
        if tail == 0:
            return self
        rows = self.rest.shape[1]
        tail = min(tail, rows)
        hidden = np.arange(rows - tail, rows)[None, :] >= (rows - cuts)[:, None]
        x = self.x[:, rows - tail :] * hidden[:, :, None]
        rest = self.rest[:, rows - tail :] * hidden
        gone = (hidden & self.known[:, rows - tail :]).sum(axis=1)
        return Partial(
            self.gram - x.transpose(0, 2, 1) @ x,
            self.cross - np.einsum("ntk,nt->nk", x, rest),
            np.maximum(self.square - (rest**2).sum(axis=1), 0.0),
            self.count - gone,
            self.rest,
            self.x,
            self.known,
        )


@dataclass(frozen=True, slots=True)
class Effects:
    """`beta` (N, K) effects on log demand per unit of a feature, `cov` (N, K, K) their uncertainty, `noise` (N,)
    variance of log demand that is left, `spreads` (K,) per kind of label and for the series themselves how much their
    effects vary."""

    beta: FloatArray
    cov: FloatArray
    noise: FloatArray
    spreads: tuple[FloatArray, ...]


def partial(log_demand: FloatArray, x: FloatArray, known: BoolArray, season: int) -> Partial:
    """Take level and season out of (N, R) log demand and (N, R, K) features."""
    rest = _without_level(log_demand[:, :, None], known, season)[:, :, 0]
    features = _without_level(x, known, season)
    limit = _OUTLIER * 1.4826 * _median(np.abs(rest), known)[:, None]
    # Promotions are no outliers: what the pooled effects explain is kept, only the rest is cut off.
    pooled = np.linalg.lstsq(
        np.einsum("ntk,ntl->kl", features, features, optimize=True) + 1e-6 * np.eye(x.shape[2]),
        np.einsum("ntk,nt->k", features, rest, optimize=True),
        rcond=None,
    )[0]
    explained = features @ pooled
    rest = explained + np.clip(rest - explained, -limit, limit)
    rest = np.where(known, rest, 0.0)
    return Partial(
        features.transpose(0, 2, 1) @ features,
        np.einsum("ntk,nt->nk", features, rest),
        (rest**2).sum(axis=1),
        known.sum(axis=1).astype(np.float64),
        rest,
        features,
        known,
    )


def _median(values: FloatArray, known: BoolArray) -> FloatArray:
    out = np.ones(len(values))
    some = known.any(axis=1)
    if some.any():
        out[some] = np.nanmedian(np.where(known[some], values[some], np.nan), axis=1)
    return np.maximum(out, 1e-9)


def _without_level(values: FloatArray, known: BoolArray, season: int) -> FloatArray:
    """(N, R, K) minus its moving mean and, in shorter seasons seen three times, minus each phase's mean."""
    weight = known[:, :, None].astype(np.float64)
    out = (values - moving_mean(values * weight, weight, season)) * weight
    if 1 < season <= 12 and values.shape[1] >= 3 * season:
        enough = (known.sum(axis=1) >= 3 * season)[:, None, None]
        for phase in range(season):
            rows = slice(phase, None, season)
            mean = out[:, rows].sum(axis=1, keepdims=True) / np.maximum(weight[:, rows].sum(axis=1, keepdims=True), 1)
            out[:, rows] -= np.where(enough, mean, 0.0) * weight[:, rows]
    return out


def moving_mean(values: FloatArray, weight: FloatArray, season: int) -> FloatArray:
    """Centred mean of (N, R, K) `values` already multiplied by (N, R, 1) `weight`."""
    window = _WINDOWS.get(season, _DEFAULT_WINDOW)
    return _window_sum(values, window) / np.maximum(_window_sum(weight, window), 1.0)


def _window_sum(values: FloatArray, window: int) -> FloatArray:
    rows, half = values.shape[1], window // 2
    total = np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1)], axis=1)
    at = np.arange(rows)
    upper, lower = np.minimum(at + half + 1, rows), np.maximum(at - half, 0)
    result: FloatArray = total[:, upper] - total[:, lower]
    return result


def estimate(data: Partial, prior: FloatArray, labels: Sequence[IntArray], known: Effects | None = None) -> Effects:
    """Effects per series: batch, then each kind of label (codes (N,)), then the series itself.

    `known`: effects of a longer history of the same series; how much they differ is then taken from there.
    """
    count, size = len(data.count), len(prior)
    noise = _noise(data, np.zeros((count, size))) if known is None else known.noise
    kinds = [codes for codes in labels if codes.max() > 0] + [np.arange(count)]
    spreads = [] if known is None else list(known.spreads)
    for _ in range(_PASSES if known is None else 1):
        pooled = _pooled(data, noise, prior)
        beta = np.repeat(pooled[None], count, axis=0)
        differ = (_DIFFER[0] * np.abs(pooled) + _DIFFER[1] * prior) ** 2
        for k, codes in enumerate(kinds):
            if known is None:
                own, cov, spread = _deviation(data, noise, beta, codes, differ, _ROUNDS)
                spreads[k : k + 1] = [spread]
            else:
                own, cov, _ = _deviation(data, noise, beta, codes, spreads[k], 1)
            beta = beta + own[codes]
        noise = _noise(data, beta) if known is None else noise
    return Effects(beta, cov, noise, tuple(spreads))


def worth_it(data: Partial, found: Effects) -> bool:
    """Whether the effects explain more of the past than as many useless features would, and more than a trifle."""
    beta = found.beta
    left = 2 * (beta * data.cross).sum(axis=1) - np.einsum("nk,nkl,nl->n", beta, data.gram, beta)
    explained = float((left / found.noise).sum())
    return bool(explained > max(_CHANCE * beta.shape[1], _TRIFLE * float(data.count.sum())))


def _noise(data: Partial, beta: FloatArray) -> FloatArray:
    """(N,) residual variance per series, shrunk to the batch's."""
    left = data.square - 2 * (beta * data.cross).sum(axis=1) + np.einsum("nk,nkl,nl->n", beta, data.gram, beta)
    left = np.maximum(left, 0.0)
    mean = left.sum() / max(float(data.count.sum()), 1.0) + 1e-6
    noise: FloatArray = (left + 10 * mean) / (data.count + 10)
    return noise


def _pooled(data: Partial, noise: FloatArray, prior: FloatArray) -> FloatArray:
    gram = (data.gram / noise[:, None, None]).sum(axis=0) + np.diag(1 / prior**2)
    found: FloatArray = np.linalg.solve(gram, (data.cross / noise[:, None]).sum(axis=0))
    return found


def _deviation(
    data: Partial, noise: FloatArray, beta: FloatArray, codes: IntArray, differ: FloatArray, rounds: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(G, K) how each group differs from `beta`, (G, K, K) how uncertain that is, (K,) variance between groups."""
    groups = int(codes.max()) + 1
    cross = (data.cross - np.einsum("nkl,nl->nk", data.gram, beta)) / noise[:, None]
    gram = data.gram / noise[:, None, None]
    if groups < len(codes):
        cross, gram = _sums(cross, codes, groups), _sums(gram, codes, groups)
    spread, eye = differ, np.arange(gram.shape[1])
    mean, cov = cross, gram
    for round_ in range(rounds):
        if round_:
            found = (mean**2 + cov[:, eye, eye]).sum(axis=0)
            spread = (found + _PRIOR_GROUPS * differ) / (groups + _PRIOR_GROUPS)
        precision = gram.copy()
        precision[:, eye, eye] += 1 / np.maximum(spread, 1e-10)
        cov = np.linalg.inv(precision).astype(np.float64)
        mean = np.einsum("gkl,gl->gk", cov, cross)
    return mean, cov, spread


def _sums(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    out = np.zeros((groups, *values.shape[1:]))
    np.add.at(out, codes, values)
    return out
