"""Scores of forecasts, per series, then the mean over the group's series. `y` and `f` are (N, h), NaN = not known.

OWA and Naive2 as in the M4 competition (Makridakis, Spiliotis, Assimakopoulos 2020), scaled pinball loss and RMSSE
as in M5 (2022), MSIS as Gneiting and Raftery (2007).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

TAUS = np.array([0.005, 0.025, 0.1, 0.165, 0.25, 0.5, 0.75, 0.835, 0.9, 0.975, 0.995])
LEVELS = (0.5, 0.67, 0.8, 0.95, 0.99)
"""Central intervals whose ends, with the median, are TAUS."""


def at(taus: FloatArray, tau: float) -> int:
    """Where a quantile level stands."""
    return int(np.argmin(np.abs(taus - tau)))


def smape(y: FloatArray, f: FloatArray) -> FloatArray:
    """(N,) in percent; 0 where both are 0."""
    whole = np.abs(y) + np.abs(f)
    found: FloatArray = np.nanmean(
        np.where(whole == 0, 0.0, 200 * np.abs(y - f) / np.where(whole == 0, 1.0, whole)), axis=1
    )
    return found


def seasonal_scale(train: Sequence[FloatArray], m: int) -> FloatArray:
    """(N,) mean absolute seasonal difference in sample (naive where a series is too short)."""
    return np.array([
        np.abs(x[m:] - x[:-m]).mean() if len(x) > m else (np.abs(np.diff(x)).mean() if len(x) > 1 else np.nan)
        for x in train
    ])  # fmt: skip


def step_scales(train: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """(N,) mean squared and mean absolute first difference from the first demand on."""
    steps = [np.diff(np.trim_zeros(x, "f")) for x in train]
    squares = [float((d**2).mean()) if len(d) else np.nan for d in steps]
    return np.array(squares), np.array([float(np.abs(d).mean()) if len(d) else np.nan for d in steps])


def mase(y: FloatArray, f: FloatArray, scale: FloatArray) -> FloatArray:
    """(N,) mean absolute error over the seasonal scale."""
    found: FloatArray = np.nanmean(np.abs(y - f), axis=1) / scale
    return found


def rmsse(y: FloatArray, f: FloatArray, squares: FloatArray) -> FloatArray:
    """(N,) root of the mean squared error over the squared scale."""
    found: FloatArray = np.sqrt(np.nanmean((y - f) ** 2, axis=1) / squares)
    return found


def msis(y: FloatArray, low: FloatArray, high: FloatArray, scale: FloatArray, alpha: float = 0.05) -> FloatArray:
    """(N,) mean scaled interval score."""
    miss = 2 / alpha * ((low - y) * (y < low) + (y - high) * (y > high))
    found: FloatArray = np.nanmean(np.where(np.isnan(y), np.nan, high - low + miss), axis=1) / scale
    return found


def coverage(y: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Share of actuals inside."""
    known = ~np.isnan(y)
    return float(((y >= low) & (y <= high))[known].mean())


def scaled_pinball(y: FloatArray, q: FloatArray, scale: FloatArray) -> FloatArray:
    """(N,) pinball loss, mean over TAUS and periods, over the mean absolute first difference. `q` (N, h, 11)."""
    e = y[:, :, None] - q
    found: FloatArray = np.nanmean(np.where(e >= 0, TAUS * e, (TAUS - 1) * e), axis=(1, 2)) / scale
    return found


def naive2(x: FloatArray, h: int, m: int) -> FloatArray:
    """Naive on the seasonally adjusted series where an autocorrelation test (90 %) finds a season."""
    if not _seasonal(x, m):
        return np.repeat(x[-1], h)
    index = _indices(x, m)
    n = len(x)
    path: FloatArray = x[-1] / index[(n - 1) % m] * index[(n + np.arange(h)) % m]
    return path


def _seasonal(x: FloatArray, m: int) -> bool:
    if m == 1 or len(x) < 3 * m:
        return False
    z = x - x.mean()
    c0 = (z**2).sum()
    if c0 <= 0:
        return False
    r = np.array([(z[k:] * z[:-k]).sum() / c0 for k in range(1, m + 1)])
    return bool(abs(r[m - 1]) > 1.645 / np.sqrt(len(x)) * np.sqrt(1 + 2 * (r[: m - 1] ** 2).sum()))


def _indices(x: FloatArray, m: int) -> FloatArray:
    """Classical multiplicative decomposition."""
    window = np.r_[0.5, np.ones(m - 1), 0.5] / m if m % 2 == 0 else np.ones(m) / m
    k = len(window) // 2
    ratio = x[k : len(x) - k] / np.convolve(x, window, "valid")
    place = np.arange(k, len(x) - k) % m
    index = np.array([ratio[place == j].mean() for j in range(m)])
    scaled: FloatArray = index / index.mean()
    return scaled


def owa(y: FloatArray, f: FloatArray, base: FloatArray, scale: FloatArray) -> float:
    """Mean of sMAPE and MASE, each over that of Naive2."""
    ok = np.isfinite(scale) & (scale > 0)
    percent = smape(y, f).mean() / smape(y, base).mean()
    scaled = mase(y[ok], f[ok], scale[ok]).mean() / mase(y[ok], base[ok], scale[ok]).mean()
    return float(percent + scaled) / 2


def geometric(ratios: Sequence[float]) -> float | None:
    """Geometric mean; None of nothing."""
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else None
