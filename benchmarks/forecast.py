"""How good, how sure and how fast the forecasts are, beside statsforecast in the same run on the same machine.

    make bench-forecast [DATA=file-or-folder]

DATA holds tidy Parquet files (unique_id, ds, y, split, horizon, seasonality, group; see benchmarks/forecasting/tidy.py).
Without it the sample plant's own weekly demand is forecast, and the benchmark says so. Each group is one batch on one
core; times are processor seconds and, on our side, include intervals and rolling-origin backtests. The peers:

  regular groups       median of AutoETS, AutoCES and DynamicOptimizedTheta (DOT), and DOT alone as the fast one
  intermittent groups  the best of CrostonSBA, TSB and IMAPA with conformal intervals (above 10 % periods without demand)
  groups with columns that are known ahead (price, promo, ...)   our own engine without them

`--series N` takes at most N series a group, evenly spread. The last line is RESULT {json}.
"""

from __future__ import annotations

import argparse
import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from benchmarks.forecasting import peers, scores
from benchmarks.forecasting.peers import Answer
from benchmarks.forecasting.tidy import Group, groups
from opscopilot.forecasting.engine import forecast_batch
from opscopilot.forecasting.engine.drivers import drivers_from_columns, forecast_with_drivers, labels_from_ids
from opscopilot.forecasting.engine.types import BatchForecast

_MONTHS = 12
_COLD = """
from time import perf_counter
t = perf_counter()
import numpy as np
from opscopilot.forecasting.engine import forecast_batch
forecast_batch([np.arange(60.0) % 7 + 1], 13, 52)
print(perf_counter() - t)
"""


def ours(group: Group, *, known_ahead: bool = False) -> Answer:
    """Our engine: one batch, intervals and backtests included."""
    started = process_time()
    if known_ahead:
        drivers = drivers_from_columns(group.known, [len(y) for y in group.train], group.horizon)
        found = forecast_with_drivers(group.train, drivers, group.horizon, group.season, levels=scores.LEVELS,
                                      groups=labels_from_ids(group.ids))  # fmt: skip
    else:
        found = forecast_batch(group.train, group.horizon, group.season, levels=scores.LEVELS)
    return Answer(found.mean, _quantiles(found), process_time() - started)


def _quantiles(found: BatchForecast) -> np.ndarray:
    return np.stack([found.quantile(float(tau)) for tau in scores.TAUS], axis=2)


def regular(group: Group) -> dict[str, Any]:
    """Point accuracy, intervals and speed of one regular group beside the ensemble."""
    mine = ours(group)
    row = _calibration(group, mine)
    base = np.array([scores.naive2(x, group.horizon, group.season) for x in group.train])
    scale = scores.seasonal_scale(group.train, group.season)
    row["owa"] = scores.owa(group.test, mine.mean, base, scale)
    ok = np.isfinite(scale) & (scale > 0)
    row["msis"] = _msis(group, mine, scale, ok)
    if peers.installed():
        members = {name: peers.run(name, group, group.season) for name in peers.ENSEMBLE}
        theirs = peers.median(list(members.values()))
        row |= {"peer_owa": scores.owa(group.test, theirs.mean, base, scale), "peer_s": theirs.seconds,
                "peer_msis": _msis(group, theirs, scale, ok), "dot_s": members["DOT"].seconds,
                "peer_coverage_95": _inside(group, theirs, 0.025, 0.975)}  # fmt: skip
    return row


def intermittent(group: Group) -> dict[str, Any]:
    """The whole distribution of one intermittent group beside the best peer."""
    mine = ours(group)
    row = _calibration(group, mine)
    squares, steps = scores.step_scales(group.train)
    ok = np.isfinite(squares) & (squares > 0)

    def spl(answer: Answer) -> float:
        sure = ok & np.isfinite(answer.quantiles).all(axis=(1, 2))
        if sure.mean() < 0.9:
            return float("nan")
        return float(scores.scaled_pinball(group.test[sure], answer.quantiles[sure], steps[sure]).mean())

    def error(answer: Answer) -> float:
        return float(scores.rmsse(group.test[ok], answer.mean[ok], squares[ok]).mean())

    row |= {"spl": spl(mine), "rmsse": error(mine)}
    if peers.installed():
        found = {name: peers.run(name, group, group.season) for name in peers.INTERMITTENT}
        losses = {name: loss for name, answer in found.items() if np.isfinite(loss := spl(answer))}
        row["peer_rmsse"] = min(map(error, found.values()))
        if losses:
            row["peer"] = min(losses, key=losses.__getitem__)
            row |= {"peer_spl": losses[row["peer"]],
                    "peer_coverage_95": _inside(group, found[row["peer"]], 0.025, 0.975)}  # fmt: skip
    return row


def promoted(group: Group, row: dict[str, Any]) -> None:
    """What knowing prices and promotions ahead is worth."""
    mine, without = ours(group, known_ahead=True), ours(group)
    known = ~np.isnan(group.test)
    total = np.abs(group.test[known]).sum()
    row["promo_wape"] = float(np.abs(group.test - mine.mean)[known].sum() / total)
    row["plain_wape"] = float(np.abs(group.test - without.mean)[known].sum() / total)
    row["promo_coverage_95"] = _inside(group, mine, 0.025, 0.975)
    row["promo_s"] = mine.seconds


def _calibration(group: Group, mine: Answer) -> dict[str, Any]:
    return {"group": group.name, "series": len(group), "season": group.season, "ours_s": mine.seconds,
            "coverage_95": _inside(group, mine, 0.025, 0.975), "coverage_80": _inside(group, mine, 0.1, 0.9)}  # fmt: skip


def _inside(group: Group, answer: Answer, low: float, high: float) -> float:
    ends = [answer.quantiles[:, :, scores.at(scores.TAUS, tau)] for tau in (low, high)]
    return scores.coverage(group.test, *ends)


def _msis(group: Group, answer: Answer, scale: np.ndarray, ok: np.ndarray) -> float:
    low, high = (answer.quantiles[ok][:, :, scores.at(scores.TAUS, tau)] for tau in (0.025, 0.975))
    return float(scores.msis(group.test[ok], low, high, scale[ok]).mean())


def show(row: dict[str, Any]) -> None:
    """One line per group as soon as it is done."""
    shown = {key: f"{value:.3f}" if isinstance(value, float) else str(value) for key, value in row.items()}
    print("  " + "  ".join(f"{key} {value}" for key, value in shown.items()), flush=True)


def result(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the last line; null where no group gives one."""
    flat = [row for row in rows if "owa" in row]
    beside = [row for row in flat if "peer_owa" in row]
    monthly = [row for row in flat if row["season"] == _MONTHS] or flat or rows
    lumpy = [row for row in rows if "peer_spl" in row]
    promo = [row["promo_wape"] / row["plain_wape"] for row in rows if "promo_wape" in row]
    gaps = [abs(row["coverage_95"] - 0.95) for row in rows]
    ours_s = sum(row["ours_s"] for row in beside)
    return {
        "owa_ratio_to_peer": scores.geometric([row["owa"] / row["peer_owa"] for row in beside]),
        "groups_not_worse": sum(row["owa"] <= row["peer_owa"] for row in beside),
        "groups": len(beside),
        "speedup_over_peer": sum(row["peer_s"] for row in beside) / ours_s if beside else None,
        "speedup_over_dot": sum(row["dot_s"] for row in beside) / ours_s if beside else None,
        "series_per_s": sum(row["series"] for row in monthly) / sum(row["ours_s"] for row in monthly),
        "coverage_95": float(np.mean([row["coverage_95"] for row in rows])),
        "mean_coverage_gap_95": float(np.mean(gaps)),
        "groups_in_93_97": sum(gap <= 0.02 for gap in gaps),
        "groups_all": len(rows),
        "msis_ratio": scores.geometric([row["msis"] / row["peer_msis"] for row in beside]),
        "spl_ratio_intermittent": scores.geometric([row["spl"] / row["peer_spl"] for row in lumpy]),
        "rmsse_ratio_intermittent": scores.geometric([row["rmsse"] / row["peer_rmsse"] for row in lumpy]),
        "promo_wape_ratio": scores.geometric(promo),
        "cold_import_s": _cold_start(),
        "unzipped_mb": _unzipped(),
        "peer": f"statsforecast {metadata.version('statsforecast')}" if peers.installed() else None,
    }


def _cold_start() -> float:
    """Seconds from a fresh interpreter's first import to its first forecast; the best of three."""
    run = [sys.executable, "-c", _COLD]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return min(
        float(subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout) for _ in range(3)
    )


def _unzipped() -> float:
    """Megabytes of the forecast layer's packages, as installed here and pruned the way the layer is (no bytecode)."""
    layers = Path(__file__).resolve().parents[1] / "layers"
    lines = (layers / "forecasting" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        for name in (line.split("#")[0].strip() for line in lines):
            for one in metadata.files(name) or [] if name else []:
                source = Path(str(one.locate()))
                if source.is_file() and ".." not in one.parts:
                    target = Path(folder, *one.parts)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, target)
        subprocess.run(["sh", str(layers / "prune.sh")], cwd=folder, check=True)
        return sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file()) / 1e6


def main() -> None:
    """Measure group by group, print as it goes, end with the result line."""
    options = _options()
    if not peers.installed():
        print("statsforecast is not installed: no peer (`make bench-forecast` installs it).")
    rows = []
    for whole in groups(options.data):
        group = whole.some(options.series) if options.series else whole
        row = intermittent(group) if group.intermittent else regular(group)
        if group.known:
            promoted(group, row)
        show(row)
        rows.append(row)
    figures = {key: round(value, 4) if isinstance(value, float) else value for key, value in result(rows).items()}
    for key, value in figures.items():
        print(f"{key:>26}  {value}")
    print("RESULT " + json.dumps(figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a tidy Parquet file or a folder of them")
    parser.add_argument("--series", type=int, help="at most this many series a group")
    return parser.parse_args()


if __name__ == "__main__":
    main()
