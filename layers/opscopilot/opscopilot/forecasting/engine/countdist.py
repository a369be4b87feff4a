"""Distributions of counts in plain numpy: negative binomial and decayed empirical quantiles."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray

MIN_DISPERSION = 1.02
_FAR = 400.0
"""Mean (in units) above which counts are lumped together, so that the mean is this many lumps."""
_CHUNK = 256


def negative_binomial_quantiles(mean: FloatArray, dispersion: FloatArray, taus: FloatArray) -> FloatArray:
    """(C, Q) quantiles of counts with `mean` (C,) and variance mean * dispersion (C,), at rising `taus`.

    Large means are read off counts of lumps of equal relative spread, or where even those are too regular to be
    counts off a gamma distribution: precise to a four hundredth of the mean.
    """
    lump = np.maximum(mean / _FAR, 1.0)
    phi = np.maximum(dispersion, MIN_DISPERSION) / lump
    out = np.zeros((len(mean), len(taus)))
    smooth = (lump > 1) & (phi < 1.5)
    if smooth.any():
        out[smooth] = gamma_quantiles(mean[smooth] / lump[smooth], phi[smooth], taus)
    near = np.flatnonzero(~smooth & (mean > 0))
    if len(near):
        count, phi = mean[near] / lump[near], phi[near]
        reach = _reach(count, phi, float(taus[-1]))
        order = np.argsort(reach)
        for low in range(0, len(near), _CHUNK):
            part = order[low : low + _CHUNK]
            out[near[part]] = _counted(count[part], phi[part], taus, int(reach[part[-1]]))
    result: FloatArray = out * lump[:, None]
    return result


def _reach(mean: FloatArray, phi: FloatArray, tau: float) -> FloatArray:
    """Counts that are certainly not below the `tau` quantile: both bounds are, where mean / phi is large or small."""
    shape = mean / phi
    z = float(normal_quantile(np.array([tau]))[0])
    tail = -np.log1p(-tau) * phi * np.minimum(1.0, np.sqrt(shape) + 0.5) * 1.1
    wide = gamma_quantiles(mean, phi, np.array([tau]))[:, 0] * 1.15 + z
    result: FloatArray = np.ceil(np.maximum(tail, wide) + 4)
    return result


def _counted(mean: FloatArray, phi: FloatArray, taus: FloatArray, reach: int) -> FloatArray:
    """Add up probabilities of 0, 1, 2, ... and find where each tau is passed; `reach` is doubled where too short."""
    size = np.maximum(mean / (phi - 1), 1e-6)[:, None]
    while True:
        k = np.arange(reach, dtype=np.float64)
        mass = np.concatenate([phi[:, None] ** -size, (k + size) / (k + 1) * (1 - 1 / phi[:, None])], axis=1)
        reached = np.cumsum(np.cumprod(mass, axis=1), axis=1)
        if (reached[:, -1] >= taus[-1] - 1e-9).all() or reach > _LONGEST:
            break
        reach *= 2
    rows = np.arange(len(mean), dtype=np.float64)[:, None]
    flat = np.minimum(reached, 1.0) + rows * 2
    found = np.searchsorted(flat.ravel(), (taus[None] - 1e-9 + rows * 2).ravel()).reshape(len(mean), len(taus))
    result: FloatArray = np.minimum(found - np.arange(len(mean))[:, None] * (reach + 1), reach).astype(np.float64)
    return result


_LONGEST = 20_000


def gamma_quantiles(mean: FloatArray, phi: FloatArray, taus: FloatArray) -> FloatArray:
    """(C, Q) gamma quantiles of the same mean and variance (Wilson-Hilferty), for large means."""
    shape = (mean / phi)[:, None]
    z = normal_quantile(taus)[None, :]
    cube = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    result: FloatArray = np.maximum(shape * np.maximum(cube, 0.0) ** 3 * phi[:, None], 0.0)
    return result


def empirical_quantiles(y: FloatArray, valid: BoolArray, taus: FloatArray, *decays: float) -> tuple[FloatArray, ...]:
    """(C, Q) quantiles of each column's own history (T, C), one array per decay: what an observation keeps of its
    weight per period of age."""
    rows, count = y.shape
    order = np.argsort(y.T, axis=1)
    value = np.take_along_axis(y.T, order, axis=1)
    used = np.take_along_axis(valid.T, order, axis=1)
    line = np.arange(count, dtype=np.float64)[:, None] * 2
    out = []
    for decay in decays:
        weight = used * (decay ** np.arange(rows - 1, -1, -1.0))[order]
        share = np.cumsum(weight, axis=1)
        share = np.minimum(share / share[:, -1:], 1.0) + line
        found = np.searchsorted(share.ravel(), (taus[None] - 1e-9 + line).ravel()).reshape(count, len(taus))
        out.append(np.take_along_axis(value, np.minimum(found - np.arange(count)[:, None] * rows, rows - 1), axis=1))
    return tuple(out)


def normal_quantile(p: FloatArray) -> FloatArray:
    """Standard normal quantiles (Acklam's rational approximation, relative error below 1.2e-9)."""
    a = (
        -3.969683028665376e01,
        2.209460984245205e02,
        -2.759285104469687e02,
        1.383577518672690e02,
        -3.066479806614716e01,
        2.506628277459239e00,
    )
    b = (
        -5.447609879822406e01,
        1.615858368580409e02,
        -1.556989798598866e02,
        6.680131188771972e01,
        -1.328068155288572e01,
        1.0,
    )
    c = (
        -7.784894002430293e-03,
        -3.223964580411365e-01,
        -2.400758277161838e00,
        -2.549732539343734e00,
        4.374664141464968e00,
        2.938163982698783e00,
    )
    d = (7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e00, 3.754408661907416e00, 1.0)
    p = np.clip(p, 1e-12, 1 - 1e-12)
    side = np.sqrt(-2 * np.log(np.minimum(p, 1 - p)))
    tail = np.polyval(c, side) / np.polyval(d, side)
    core = p - 0.5
    middle = core * np.polyval(a, core**2) / np.polyval(b, core**2)
    result: FloatArray = np.where(np.abs(core) <= 0.47575, middle, np.where(core < 0, tail, -tail))
    return result
