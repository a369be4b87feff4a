"""Speed and accuracy of the forecasting engine on one core, beside a peer measured in the same run.

    python benchmarks/forecast_engine.py [--series 1000] [--weeks 156] [--horizon 13] [--peer-series 60]

The data are made here (seeded weekly demand with seasons, drift and noise beyond Poisson, a fifth of it
intermittent). The engine's time includes its rolling-origin backtests and intervals. The peer is
statsforecast's AutoETS where it is installed, else plain Python per series: exponential smoothing with the best
of the engine's own candidates (levels, trends, damped trends) against seasonal naive, chosen on the same number
of rolling origins. Last line: `RESULT {json}`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "layers" / "opscopilot"))
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from opscopilot.forecasting.engine import BatchForecast, EngineSettings, forecast_batch
from opscopilot.forecasting.engine.smoothing import ALPHA, BETA, PHI, TREND
from opscopilot.forecasting.engine.types import FloatArray

SEASON = 52
CANDIDATES = list(zip(ALPHA.tolist(), BETA.tolist(), PHI.tolist(), TREND.tolist(), strict=True))
_COLD = """
from time import perf_counter
t = perf_counter()
import numpy as np
from opscopilot.forecasting.engine import forecast_batch
forecast_batch([np.arange(60.0) % 7 + 1], 13, 52)
print(perf_counter() - t)
"""


def make_series(count: int, weeks: int, seed: int = 20_250_101) -> list[FloatArray]:
    """Weekly demand of `count` items, every fifth intermittent."""
    rng = np.random.default_rng(seed)
    week, out = np.arange(weeks), []
    for i in range(count):
        size, swing = np.exp(rng.normal(4, 1)), rng.choice([0.0, 0.2, 0.4])
        season = 1 + swing * np.sin(2 * np.pi * (week / SEASON + rng.random()))
        drift = np.exp(np.cumsum(rng.normal(0, 0.02, weeks)))
        rate = np.maximum(size * season * drift, 0.1) * rng.gamma(10, 0.1, weeks)
        demand = rng.poisson(rate).astype(np.float64)
        out.append(demand * (rng.random(weeks) < 0.3) if i % 5 == 4 else demand)
    return out


def plain_python(series: Sequence[FloatArray], horizon: int, origins: int) -> FloatArray:
    """The peer: for each series the better of smoothing and seasonal naive on rolling origins."""
    return np.array([_plain_one(list(map(float, y)), horizon, origins) for y in series])


def _plain_one(y: list[float], horizon: int, origins: int) -> list[float]:
    smooth_error = naive_error = 0.0
    for k in range(origins):
        cut = len(y) - horizon - k * (horizon // 2)
        if cut < SEASON + 2:
            break
        actual = y[cut : cut + horizon]
        smooth_error += sum(abs(a - f) for a, f in zip(actual, _smoothed(y[:cut], horizon), strict=True))
        naive_error += sum(abs(a - f) for a, f in zip(actual, _seasonal_naive(y[:cut], horizon), strict=True))
    return _smoothed(y, horizon) if smooth_error <= naive_error else _seasonal_naive(y, horizon)


def _smoothed(y: list[float], horizon: int) -> list[float]:
    runs = [_run(y, *candidate) for candidate in CANDIDATES]
    _, level, slope, damp = min(runs, key=lambda run: run[0])
    out = []
    for _ in range(horizon):
        slope *= damp
        level += slope
        out.append(max(0.0, level))
    return out


def _run(y: list[float], alpha: float, beta: float, damp: float, trend: float) -> tuple[float, float, float, float]:
    """Squared one-step error, final level and slope of one candidate."""
    first = min(10, len(y))
    level, slope, total = sum(y[:4]) / len(y[:4]), 0.0, 0.0
    if trend:
        slope = (y[first - 1] - y[0]) / max(1, first - 1)
        level = y[0] - slope
    for value in y:
        slope *= damp
        guess = level + slope
        error = value - guess
        total += error * error
        level = guess + alpha * error
        slope += beta * error
    return total, level, slope, damp


def _seasonal_naive(y: list[float], horizon: int) -> list[float]:
    return [y[-SEASON + k % SEASON] if len(y) >= SEASON else y[-1] for k in range(horizon)]


def statsforecast_ets(series: Sequence[FloatArray], horizon: int, _origins: int) -> FloatArray:
    """AutoETS per series with intervals, through its numpy model class (its fastest path)."""
    from statsforecast.models import AutoETS  # type: ignore[import-not-found,import-untyped,unused-ignore]

    model = AutoETS(season_length=SEASON)
    return np.array([model.forecast(y=y, h=horizon, level=[80, 95])["mean"] for y in series])


def timed(work: Callable[[], BatchForecast | FloatArray]) -> tuple[BatchForecast | FloatArray, float]:
    """The result and the processor seconds it took: both sides are single-threaded, other load does not count."""
    started = process_time()
    found = work()
    return found, process_time() - started


def wape(actual: FloatArray, forecast: FloatArray) -> float:
    """Sum of absolute errors over sum of actuals."""
    return float(np.abs(actual - forecast).sum() / actual.sum())


def main() -> None:
    """Measure, print a table and the result line."""
    options = _options()
    horizon, origins = options.horizon, EngineSettings().origins
    series = make_series(options.series, options.weeks + horizon)
    train, actual = [y[:-horizon] for y in series], np.array([y[-horizon:] for y in series])
    forecast_batch(train[:20], horizon, SEASON)
    result, seconds = timed(lambda: forecast_batch(train, horizon, SEASON))
    assert isinstance(result, BatchForecast)
    installed = importlib.util.find_spec("statsforecast") is not None
    name, peer = (
        ("statsforecast AutoETS", statsforecast_ets)
        if installed
        else ("plain Python exponential smoothing + seasonal naive", plain_python)
    )
    some = min(options.peer_series, len(train))
    found, peer_seconds = timed(lambda: peer(train[:some], horizon, origins))
    inside = {lv: float(((actual >= result.lower[lv]) & (actual <= result.upper[lv])).mean()) for lv in result.levels}
    figures = {
        "series": len(train),
        "points": options.weeks,
        "horizon": horizon,
        "backtest_origins": origins,
        "series_per_s": round(len(train) / seconds, 1),
        "peer": name,
        "peer_series_per_s": round(some / peer_seconds, 1),
        "speedup_over_peer": round((len(train) / seconds) / (some / peer_seconds), 2),
        "wape": round(wape(actual, result.mean), 4),
        "wape_same_series": round(wape(actual[:some], result.mean[:some]), 4),
        "peer_wape": round(wape(actual[:some], np.asarray(found)), 4),
        "coverage_80": round(inside[0.8], 4),
        "coverage_95": round(inside[0.95], 4),
        "cold_import_s": round(_cold_start(), 3),
    }
    for key, value in figures.items():
        print(f"{key:>20}  {value}")
    print("RESULT " + json.dumps(figures))


def _cold_start() -> float:
    """Seconds from a fresh interpreter's first import to its first forecast; the best of three."""
    run = [sys.executable, "-c", _COLD]
    environment = {**os.environ, "PYTHONPATH": sys.path[0]}
    return min(
        float(subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout) for _ in range(3)
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--weeks", type=int, default=156)
    parser.add_argument("--horizon", type=int, default=13)
    parser.add_argument("--peer-series", type=int, default=60, help="series the (slow) peer is timed on")
    return parser.parse_args()


if __name__ == "__main__":
    main()
