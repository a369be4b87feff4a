"""Distributions of counts in plain numpy: negative binomial and decayed empirical quantiles."""

from __future__ import annotations

import numpy as np

from opscopilot.forecasting.engine.types import BoolArray, FloatArray

MIN_DISPERSION = 1.02
_FAR = 400.0
"""Mean (in units) above which the negative binomial is read off a gamma approximation."""
_LONGEST = 20_000


def negative_binomial_quantiles(mean: FloatArray, dispersion: FloatArray, taus: FloatArray) -> FloatArray:
    """(C, Q) quantiles of counts with `mean` (C,) and variance mean * dispersion (C,)."""
    phi = np.maximum(dispersion, MIN_DISPERSION)
    out = np.zeros((len(mean), len(taus)))
    far = mean > _FAR
    if far.any():
        out[far] = gamma_quantiles(mean[far], phi[far], taus)
    near = np.flatnonzero(~far & (mean > 0))
    if len(near):
        out[near] = _walk(mean[near], phi[near], taus)
    return out


def _walk(mean: FloatArray, phi: FloatArray, taus: FloatArray) -> FloatArray:
    """Add up probabilities k = 0, 1, 2, ... and note where each tau is passed; finished columns drop out."""
    size, log_p = np.maximum(mean / (phi - 1), 1e-6), -np.log(phi)
    out = np.zeros((len(mean), len(taus)))
    alive = np.arange(len(mean))
    mass = np.exp(size * log_p)
    reached, ratio = mass.copy(), 1 - 1 / phi
    limit = taus[None, :] - 1e-12
    for k in range(_LONGEST):
        if k % 32 == 0:
            going = reached < limit[0, -1]
            if not going.all():
                alive, mass, reached = alive[going], mass[going], reached[going]
                size, ratio = size[going], ratio[going]
            if not len(alive):
                break
        out[alive] += reached[:, None] < limit
        mass = mass * (k + size) / (k + 1) * ratio
        reached = reached + mass
    return out


def gamma_quantiles(mean: FloatArray, phi: FloatArray, taus: FloatArray) -> FloatArray:
    """(C, Q) gamma quantiles of the same mean and variance (Wilson-Hilferty), for large means."""
    shape = (mean / phi)[:, None]
    z = normal_quantile(taus)[None, :]
    cube = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    result: FloatArray = np.maximum(shape * np.maximum(cube, 0.0) ** 3 * phi[:, None], 0.0)
    return result


def empirical_quantiles(y: FloatArray, valid: BoolArray, taus: FloatArray, decay: float) -> FloatArray:
    """(C, Q) quantiles of each column's own history, an observation losing `decay` per period of age."""
    rows = y.shape[0]
    weight = np.where(valid, (decay ** np.arange(rows - 1, -1, -1.0))[:, None], 0.0)
    order = np.argsort(y, axis=0, kind="stable")
    value = np.take_along_axis(y, order, axis=0)
    share = np.cumsum(np.take_along_axis(weight, order, axis=0), axis=0) / weight.sum(axis=0)
    out = np.empty((y.shape[1], len(taus)))
    column = np.arange(y.shape[1])
    for q, tau in enumerate(taus):
        out[:, q] = value[np.minimum((share < tau - 1e-12).sum(axis=0), rows - 1), column]
    return out


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
