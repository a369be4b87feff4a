"""Regular demand: pooled combination of the members, conformal intervals from the rolling origins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine import priors
from opscopilot.forecasting.engine.layout import Layout, Part, lay_out
from opscopilot.forecasting.engine.members import run_members
from opscopilot.forecasting.engine.pool import choose, own_width, pooled_quantiles
from opscopilot.forecasting.engine.stacking import stack
from opscopilot.forecasting.engine.types import EngineSettings, FloatArray

WIDTH_POWER = 0.35
"""How far a series' own backtest errors move its interval width."""


def forecast_regular(
    histories: Sequence[FloatArray], horizon: int, season: int, taus: FloatArray, settings: EngineSettings
) -> Part:
    """Forecast one block of regular series together."""
    layout = lay_out(histories, horizon, season, settings)
    members = run_members(layout.columns, horizon, season, settings.chunk)
    deviation = layout.spread(members.deviation)
    baselines = layout.baselines()
    paths = np.stack([layout.spread(path) for path in members.paths.values()])
    combined = stack(np.concatenate([paths, baselines]), len(paths), layout.actual, deviation[0].mean(axis=1))
    model = combined.path
    choice = choose(model, baselines, layout.actual, squared=False, gate=settings.gate, pooled=True)
    quantiles, back, cumulative = _intervals(layout, choice.path, deviation, taus)
    inputs = (*members.paths, *layout.baseline_names)
    named = {name: float(w) for name, w in zip(inputs, combined.weights, strict=True)}
    label = " + ".join(members.paths)
    return Part(layout, model, choice, baselines, label, "wape", quantiles, cumulative, back, named)


def _intervals(
    layout: Layout, path: FloatArray, deviation: FloatArray, taus: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per-period quantiles (N, h, Q), those of the backtests (K, N, h, Q), and of running sums (N, h, Q)."""
    season = layout.season
    z = np.clip((layout.actual - path[1:]) / deviation[1:], -50, 50)
    own, without = own_width(z, WIDTH_POWER)
    shape = pooled_quantiles(z / without[:, :, None], taus, priors.step_quantiles(taus, path.shape[2], season))
    final = path[0][:, :, None] + (deviation[0] * own[:, None])[:, :, None] * shape[None]
    back = path[1:][..., None] + (deviation[1:] * without[:, :, None])[..., None] * shape[None, None]

    sums, scale = np.cumsum(path, axis=2), running_scale(deviation)
    z = np.clip((np.cumsum(layout.actual, axis=2) - sums[1:]) / scale[1:], -50, 50)
    own, without = own_width(z, WIDTH_POWER)
    prior = priors.sum_quantiles(taus, path.shape[2], season)
    shape = pooled_quantiles(z / without[:, :, None], taus, prior)
    cumulative = sums[0][:, :, None] + (scale[0] * own[:, None])[:, :, None] * shape[None]
    return final, back, cumulative


def running_scale(deviation: FloatArray) -> FloatArray:
    """Scale of the error of running sums: between independent and perfectly correlated steps.

    Any positive scale does, the pooled quantiles make up for what is wrong with it.
    """
    independent = np.sqrt(np.cumsum(deviation**2, axis=-1))
    result: FloatArray = np.sqrt(independent * np.cumsum(deviation, axis=-1))
    return result
