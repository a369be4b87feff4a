"""Accuracy of the rolling origins per series. A ratio whose denominator is zero is NaN, never zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine.layout import Part
from opscopilot.forecasting.engine.types import BacktestMetrics, FloatArray


def ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """top / bottom, NaN where bottom is not positive."""
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)


def in_sample_scale(histories: Sequence[FloatArray], season: int) -> FloatArray:
    """(N,) mean absolute seasonal-naive error of each history (naive below two seasons); the MASE scale."""
    out = np.full(len(histories), np.nan)
    for i, y in enumerate(histories):
        lag = season if len(y) > season else 1
        if len(y) > lag:
            out[i] = np.abs(y[lag:] - y[:-lag]).mean()
    return out


def measure(part: Part, histories: Sequence[FloatArray], levels: Sequence[float], taus: FloatArray) -> BacktestMetrics:
    """Metrics of the chosen method of each series, beside the best simple baseline."""
    actual, layout = part.layout.actual, part.layout
    seen = np.isfinite(actual)
    shown = np.where(seen, actual, 0.0)
    volume = shown.sum(axis=(0, 2))
    periods = np.where(seen.any(axis=(0, 2)), seen.sum(axis=(0, 2)), 1)
    chosen = _final_method_path(part)
    error = np.where(seen, actual - chosen, 0.0)
    absolute = np.abs(error).sum(axis=(0, 2))
    scale = in_sample_scale(histories, layout.season)
    tested = layout.origins > 0
    base_abs = np.abs(np.where(seen[None], actual[None] - part.baselines[:, 1:], 0.0)).sum(axis=(1, 3))
    best = part.choice.best
    wapes = {name: ratio(base_abs[b], volume) for b, name in enumerate(layout.baseline_names)}
    mase = np.where(tested, ratio(absolute / periods, np.nan_to_num(scale)), np.nan)

    def loss(total: FloatArray) -> FloatArray:
        if part.loss_name == "rmse":
            return np.where(tested, np.sqrt(total / periods), np.nan)
        return ratio(total, volume)

    return BacktestMetrics(
        origins=layout.origins,
        wape=ratio(absolute, volume),
        bias=ratio(error.sum(axis=(0, 2)), volume),
        mase=mase,
        coverage={level: coverage(part, level, taus) for level in levels},
        loss_name=(part.loss_name,) * len(best),
        loss=loss(part.choice.chosen_loss),
        model_loss=loss(part.choice.model_loss),
        baseline_name=tuple(layout.baseline_names[b] for b in best),
        baseline_loss=loss(part.choice.baseline_loss),
        baseline_wape=ratio(base_abs[best, np.arange(len(best))], volume),
        wape_by_baseline=wapes,
    )


def _final_method_path(part: Part) -> FloatArray:
    """(K, N, h) backtest path of the method that was finally chosen."""
    share, best = part.choice.share[None, :, None], part.choice.best
    baseline = part.baselines[best, 1:, np.arange(len(best))].transpose(1, 0, 2)
    return (1 - share) * part.model[1:] + share * baseline


def coverage(part: Part, level: float, taus: FloatArray) -> FloatArray:
    """(N,) share of hidden actuals inside the interval that had been made without this origin's help."""
    actual = part.layout.actual
    seen = np.isfinite(actual)
    quantiles = np.maximum(part.back_quantiles, 0.0)
    lower, upper = interval(quantiles, taus, level, np.maximum(part.choice.path[1:], 0.0))
    slack = 1e-9 * np.where(seen, np.abs(actual), 0.0)
    inside = seen & (actual >= lower - slack) & (actual <= upper + slack)
    return ratio(inside.sum(axis=(0, 2)).astype(float), seen.sum(axis=(0, 2)).astype(float))


def interval(quantiles: FloatArray, taus: FloatArray, level: float, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bound of the central interval of `level` around `mean`, from quantiles (..., Q).

    Where the lower bound is zero (intermittent demand) nothing can be missed below, so such intervals cover
    more than `level`; shifting the miss to the top would cost more than it shows (worse interval score).
    """
    low, high = (int(np.argmin(np.abs(taus - tau))) for tau in ((1 - level) / 2, (1 + level) / 2))
    return np.minimum(quantiles[..., low], mean), np.maximum(quantiles[..., high], mean)
