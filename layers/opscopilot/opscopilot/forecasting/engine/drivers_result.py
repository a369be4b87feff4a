"""A forecast with drivers as the engine's own result: quantiles from the rolling origins, metrics, uplift."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from opscopilot.forecasting.engine.drivers_paths import Paths
from opscopilot.forecasting.engine.intervals import OWN_POWER, running_scale
from opscopilot.forecasting.engine.metrics import interval, ratio
from opscopilot.forecasting.engine.pool import own_width, pooled_quantiles
from opscopilot.forecasting.engine.types import (
    Backtest,
    BacktestMetrics,
    BatchForecast,
    BoolArray,
    FloatArray,
    IntArray,
)

_ENOUGH_HIDDEN = 2.0
"""Horizons the origins must have hidden before their errors alone say how wide an interval is."""
_SHARED = 0.4
"""Share of the error that all periods of a sum have in common."""
_DRIFT = 1.3
"""Noise around a moving level, times this, is noise around a level that is not known ahead."""
CLOSED_NOTE = "no working time in {count} of the periods ahead: nothing is expected there"


def merged(plain: BatchForecast, use: IntArray, paths: Paths) -> BatchForecast:
    """`plain` with the series at `use` that trust their drivers replaced."""
    on = paths.blend.share > 0
    at = use[on]
    mean = plain.mean.copy()
    mean[at] = np.maximum(paths.blend.final[0][on], 0.0)
    quantiles, cumulative, back = _quantiles(paths, plain.taus)
    all_quantiles, all_sums = plain.quantiles.copy(), plain.cumulative.copy()
    all_quantiles[at] = np.maximum.accumulate(np.maximum(quantiles[on], 0.0), axis=2)
    all_sums[at] = np.maximum.accumulate(np.maximum(cumulative[on], 0.0), axis=2)
    bounds = {level: interval(all_quantiles, plain.taus, level, mean) for level in plain.levels}
    uplift = np.zeros_like(mean) if plain.uplift is None else plain.uplift.copy()
    uplift[at] = mean[at] - np.maximum(paths.blend.regular[0][on], 0.0)
    methods = list(plain.methods)
    for i, share in zip(at, paths.blend.share[on], strict=True):
        methods[i] = f"{methods[i]} with drivers" if share == 1 else f"{methods[i]} with {share:.0%} drivers"
    assert plain.backtest is not None
    path = plain.backtest.path.copy()
    path[:, at] = np.maximum(paths.blend.final[1:][:, on], 0.0)
    actual = plain.backtest.actual.copy()
    actual[:, at] = paths.actual[:, on]
    return replace(
        plain,
        mean=mean,
        quantiles=all_quantiles,
        cumulative=all_sums,
        lower={level: bound[0] for level, bound in bounds.items()},
        upper={level: bound[1] for level, bound in bounds.items()},
        methods=tuple(methods),
        metrics=_metrics(plain, at, path, actual, back[:, on]),
        backtest=Backtest(path, actual, plain.backtest.cuts),
        uplift=uplift,
    )


def _quantiles(paths: Paths, taus: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per-period quantiles (n, h, Q), of running sums (n, h, Q), and those of the backtests (K, n, h, Q)."""
    base = paths.base
    width = (base.quantile(0.9) - base.quantile(0.1)) / 2.56
    prior = _shape(base.quantiles, base.mean, width)
    final, back = _around(paths.blend.final, paths.spread, paths.actual, taus, prior)
    sums = np.cumsum(paths.blend.final, axis=2)
    at = {tau: int(np.argmin(np.abs(taus - tau))) for tau in (0.1, 0.9)}
    width = (base.cumulative[:, :, at[0.9]] - base.cumulative[:, :, at[0.1]]) / 2.56
    prior = _shape(base.cumulative, np.cumsum(base.mean, axis=1), width)
    totals, _ = _around(sums, running_scale(paths.spread), np.cumsum(paths.actual, axis=2), taus, prior)
    seen = min(1.0, paths.hidden / (_ENOUGH_HIDDEN * paths.blend.final.shape[2]))
    final = seen * final + (1 - seen) * _from_noise(paths.blend.final[0], paths.noise, taus)
    steps = np.arange(1, sums.shape[2] + 1)
    shared = (_SHARED + (1 - _SHARED) / steps)[None, :]
    totals = seen * totals + (1 - seen) * _from_noise(sums[0], paths.noise * shared, taus)
    return final, totals, back


def _from_noise(path: FloatArray, variance: FloatArray, taus: FloatArray) -> FloatArray:
    """Log-normal quantiles around a path: what the noise of the past says where hardly anything could be hidden."""
    normal = np.array([NormalDist().inv_cdf(float(tau)) for tau in taus])
    result: FloatArray = path[:, :, None] * np.exp(np.sqrt(_DRIFT * variance)[:, :, None] * normal)
    return result


def _shape(quantiles: FloatArray, mean: FloatArray, width: FloatArray) -> FloatArray:
    """(h, Q) what the engine's own quantiles of the cleaned series look like, in units of their width."""
    shape = np.clip((quantiles - mean[:, :, None]) / np.maximum(width, 1e-9)[:, :, None], -10, 10)
    middle: FloatArray = np.median(shape, axis=0)
    return middle


def _around(
    path: FloatArray, spread: FloatArray, actual: FloatArray, taus: FloatArray, prior: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Quantiles around slot 0 and around the origins' paths, from the errors of the origins."""
    z = np.clip((actual - path[1:]) / spread[1:], -50, 50)
    own, without = own_width(z, OWN_POWER)
    shape = pooled_quantiles(z / without[:, :, None], taus, prior)
    final = path[0][:, :, None] + (spread[0] * own[:, None])[:, :, None] * shape[None]
    back = path[1:][..., None] + (spread[1:] * without[:, :, None])[..., None] * shape[None, None]
    return final, back


def _metrics(
    plain: BatchForecast, at: IntArray, path: FloatArray, came: FloatArray, back: FloatArray
) -> BacktestMetrics:
    """Accuracy of the blended paths at the same origins; the simple baselines stay what they were."""
    assert plain.backtest is not None
    old, actual = plain.metrics, came[:, at]
    seen = np.isfinite(actual)
    error = np.where(seen, actual - path[:, at], 0.0)
    shown = np.where(seen, actual, 0.0).sum(axis=(0, 2))
    periods = np.maximum(seen.sum(axis=(0, 2)), 1)
    absolute, squared = np.abs(error).sum(axis=(0, 2)), (error**2).sum(axis=(0, 2))
    before = np.abs(np.where(seen, actual - plain.backtest.path[:, at], 0.0)).sum(axis=(0, 2))
    wape, bias, mase, loss = old.wape.copy(), old.bias.copy(), old.mase.copy(), old.loss.copy()
    wape[at], bias[at] = ratio(absolute, shown), ratio(error.sum(axis=(0, 2)), shown)
    mase[at] = old.mase[at] * np.where(before > 0, absolute / np.where(before > 0, before, 1.0), 1.0)
    rmse = np.array([old.loss_name[i] == "rmse" for i in at], dtype=bool)
    loss[at] = np.where(rmse, np.sqrt(squared / periods), ratio(absolute, shown))
    model_loss = old.model_loss.copy()
    model_loss[at] = loss[at]
    coverage = {}
    for level, known in old.coverage.items():
        coverage[level] = known.copy()
        low, high = interval(np.maximum(back, 0.0), plain.taus, level, np.maximum(path[:, at], 0.0))
        inside = seen & (actual >= low - 1e-9 * np.abs(low)) & (actual <= high + 1e-9 * np.abs(high))
        coverage[level][at] = ratio(inside.sum(axis=(0, 2)).astype(float), seen.sum(axis=(0, 2)).astype(float))
    return replace(old, wape=wape, bias=bias, mase=mase, loss=loss, model_loss=model_loss, coverage=coverage)


def close(result: BatchForecast, shut: BoolArray) -> BatchForecast:
    """Nothing in periods (N, h) without working time: mean, bounds and quantiles are 0 there, and it is said."""
    mean = np.where(shut, 0.0, result.mean)
    quantiles = np.where(shut[:, :, None], 0.0, result.quantiles)
    was, now = np.cumsum(result.mean, axis=1), np.cumsum(mean, axis=1)
    cumulative = result.cumulative * np.where(was > 0, now / np.where(was > 0, was, 1.0), 1.0)[:, :, None]
    count = shut.sum(axis=1)
    notes = tuple(
        "; ".join(part for part in (note, CLOSED_NOTE.format(count=n) if n else "") if part)
        for note, n in zip(result.notes, count, strict=True)
    )
    return replace(
        result,
        mean=mean,
        quantiles=quantiles,
        cumulative=np.maximum.accumulate(cumulative, axis=1),
        lower={level: np.where(shut, 0.0, bound) for level, bound in result.lower.items()},
        upper={level: np.where(shut, 0.0, bound) for level, bound in result.upper.items()},
        notes=notes,
        uplift=None if result.uplift is None else np.where(shut, 0.0, result.uplift),
    )
