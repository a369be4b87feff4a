"""Regular demand: pooled combination of the members, conformal intervals from the rolling origins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opscopilot.forecasting.engine import priors
from opscopilot.forecasting.engine.intervals import error_scale, intervals, usual_bias
from opscopilot.forecasting.engine.layout import Part, lay_out
from opscopilot.forecasting.engine.members import run_members
from opscopilot.forecasting.engine.pool import choose
from opscopilot.forecasting.engine.stacking import stack
from opscopilot.forecasting.engine.types import EngineSettings, FloatArray


def forecast_regular(
    histories: Sequence[FloatArray], horizon: int, season: int, taus: FloatArray, settings: EngineSettings
) -> Part:
    """Forecast one block of regular series together."""
    layout = lay_out(histories, horizon, season, settings)
    members = run_members(layout.columns, horizon, season, settings.chunk)
    deviation = layout.spread(members.deviation)
    baselines = layout.baselines()
    paths = np.stack([layout.spread(path) for path in members.paths.values()])
    inputs = (*members.paths, *layout.baseline_names)
    prior = priors.member_weights(inputs, len(paths), season)
    combined = stack(np.concatenate([paths, baselines]), prior, layout.actual, deviation[0].mean(axis=1))
    model = combined.path
    scale = error_scale(layout, model, paths, baselines, deviation)
    if season == 1:
        model = np.maximum(model + usual_bias(layout.actual - model[1:], scale) * scale, 0.0)
    choice = choose(model, baselines, layout.actual, squared=False, gate=settings.gate)
    quantiles, back, cumulative = intervals(layout, choice.path, scale, taus)
    named = {name: float(w) for name, w in zip(inputs, combined.weights, strict=True)}
    label = " + ".join(members.paths)
    return Part(layout, model, choice, baselines, label, "wape", quantiles, cumulative, back, named)
