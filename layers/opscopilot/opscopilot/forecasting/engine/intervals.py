"""How wide: conformal intervals from the rolling origins, on a scale of errors that is itself learnt.

Errors are divided by what makes them large before they are pooled (normalised conformal prediction, Lei et al.
2018): where members disagree, where simple forecasts disagree, where the forecast is large for the noise seen so
far, where there is little history. How much each of these matters is a pooled regression on the backtests, shrunk
to shipped coefficients. Recent origins count more than old ones.
"""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine import priors
from opscopilot.forecasting.engine.layout import Layout
from opscopilot.forecasting.engine.pool import PRIOR_SERIES, RECENT, own_width, pooled_quantiles
from opscopilot.forecasting.engine.types import FloatArray

OWN_POWER = 0.15
"""How far a series' own backtest errors move its interval width."""
_FAR = 60.0
_RIDGE = 0.01
_ORIGINS_FOR_BIAS = 3
_BIAS_SHARE = 0.7
_LEAST_BIAS_VARIANCE = 0.02


def intervals(
    layout: Layout, path: FloatArray, scale: FloatArray, taus: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per-period quantiles (N, h, Q), those of the backtests (K, N, h, Q), and of running sums (N, h, Q).

    `path` (K+1, N, h) what is forecast, `scale` (K+1, N, h) the expected size of its error.
    """
    season, horizon = layout.season, path.shape[2]
    most = priors.most_trust(season)
    prior = priors.step_quantiles(taus, horizon, season)
    shape, own, without = _shape(layout.actual - path[1:], scale, taus, prior, most)
    final = path[0][:, :, None] + (scale[0] * own[:, None])[:, :, None] * shape[None]
    back = path[1:][..., None] + (scale[1:] * without[:, :, None])[..., None] * shape[None, None]
    sums, scale = np.cumsum(path, axis=2), running_scale(scale)
    prior = priors.sum_quantiles(taus, horizon, season)
    shape, own, _ = _shape(np.cumsum(layout.actual, axis=2) - sums[1:], scale, taus, prior, most)
    return final, back, sums[0][:, :, None] + (scale[0] * own[:, None])[:, :, None] * shape[None]


def error_scale(
    layout: Layout, path: FloatArray, paths: FloatArray, baselines: FloatArray, deviation: FloatArray
) -> FloatArray:
    """(K+1, N, h) expected size of the error of every forecast, up to a factor common to the block.

    `path` (K+1, N, h) what is forecast, `paths` (M, K+1, N, h) the members, `deviation` (K+1, N, h) analytic.
    """
    noise = np.log(deviation)
    length = layout.spread(np.log(layout.columns.n.astype(np.float64))[:, None])
    features = np.stack(
        [
            np.log(paths.std(axis=0) + 0.02 * deviation) - noise,
            np.log(baselines.std(axis=0) + 0.02 * deviation) - noise,
            np.log(np.abs(path) + 0.05 * deviation) - noise,
            np.broadcast_to(length, path.shape),
        ],
        axis=-1,
    )
    usual, prior = priors.scale_model(layout.season)
    features = np.where(np.isfinite(features), features - usual, 0.0)
    seen = np.isfinite(layout.actual)
    coefficients = prior
    if seen.any():
        size = np.abs(layout.actual - path[1:])[seen] / deviation[1:][seen] + 0.1
        series = float(seen.any(axis=(0, 2)).sum())
        trust = series / (series + PRIOR_SERIES)
        coefficients = trust * _regress(features[1:][seen], np.log(size)) + (1 - trust) * prior
    result: FloatArray = deviation * np.exp(np.clip(features @ coefficients, -3.0, 3.0))
    return result


def _regress(x: FloatArray, y: FloatArray) -> FloatArray:
    """(P,) ridge coefficients; the constant is left to the quantiles."""
    x = x - x.mean(axis=0)
    gram = x.T @ x / len(x) + _RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(gram, x.T @ (y - y.mean()) / len(x)), dtype=np.float64)


def usual_bias(error: FloatArray, scale: FloatArray) -> FloatArray:
    """(h,) what the block's forecasts usually miss at each step, in units of `scale`, as far as origins agree.

    `error` (K, N, h) actual - forecast, `scale` (K+1, N, h). Members damp trends; where a whole block grows on,
    every origin shows the same sign. Median per origin and near steps, shrunk by how much origins differ.
    """
    z = error / scale[1:]
    seen = np.isfinite(z)
    horizon, out = z.shape[2], np.zeros(z.shape[2])
    for j in range(horizon):
        near = slice(max(0, j - 1), j + 2)
        use = [k for k in range(len(z)) if seen[k, :, near].any()]
        if len(use) < _ORIGINS_FOR_BIAS:
            out[j] = out[j - 1] if j else 0.0
            continue
        found = np.array([np.median(z[k, :, near][seen[k, :, near]]) for k in use])
        weight = np.array([RECENT**k * np.sqrt(seen[k, :, near].sum()) for k in use])
        weight /= weight.sum()
        mean = float(weight @ found)
        spread = float(weight @ (found - mean) ** 2) * len(use) / (len(use) - 1)
        series = float(seen[:, :, near].any(axis=(0, 2)).sum())
        agree = mean**2 / (mean**2 + spread + _LEAST_BIAS_VARIANCE)
        out[j] = _BIAS_SHARE * agree * mean * series / (series + PRIOR_SERIES)
    return out


def _shape(
    error: FloatArray, scale: FloatArray, taus: FloatArray, prior: FloatArray, most: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pooled quantiles (h, Q) of studentised errors and the own width factors they belong to."""
    z = np.clip(error / scale[1:], -_FAR, _FAR)
    own, without = own_width(z, OWN_POWER)
    return pooled_quantiles(z / without[:, :, None], taus, prior, most), own, without


def running_scale(scale: FloatArray) -> FloatArray:
    """Scale of the error of running sums: between independent and perfectly correlated steps.

    Any positive scale does, the pooled quantiles make up for what is wrong with it.
    """
    independent = np.sqrt(np.cumsum(scale**2, axis=-1))
    result: FloatArray = np.sqrt(independent * np.cumsum(scale, axis=-1))
    return result
