"""What the stock policy achieves on demand it has not seen, beside the textbook's normal approximation.

    make bench-inventory [DATA=file-or-folder]

DATA holds tidy Parquet files (unique_id, ds, y, split, horizon, seasonality, group; see benchmarks/forecasting/tidy.py).
Without it the sample plant's own weekly demand is used, and the benchmark says so.

The last third of every history (at least its horizon, at most 26 periods, 84 of days) is held out. In each of its
periods both policies know the demand so far and the last 24 lead times of the item's supplier, and order up to a
level: ours from the quantiles of lead-time demand of the engine (refitted every period, days every week),
the textbook's from exponential smoothing (refitted every period) plus z sigma sqrt(L + R). Lead times are drawn from a
fixed seed, gamma with mean --lead periods (3, a week for days) and a deviation of 30 %, rounded, at least 1; no order
overtakes an earlier one.

Cycle service is the share of protection intervals (from an order until the next one arrives: lead time + 1 period) whose
demand the level covered. Served is the share of item-periods that end with nobody waiting; it is higher where levels come
down, because what is too much is not sent back. Stock is in periods of the item's own mean
demand. At equal service, or equal fill rate: the textbook is run at many z, and its stock read off where its pooled
figure is ours. A pooled figure can be bought cheaply by serving the steady items always and the lumpy ones seldom, which
the textbook does without being asked; so the cost is compared as well, where a unit owed for a period costs
target / (1 - target) times a unit held: the price at which the target is the right one.
The last line is RESULT {json}.
"""

from __future__ import annotations

import argparse
import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.forecasting.scores import geometric
from benchmarks.forecasting.tidy import Group, groups
from benchmarks.stocking import policies
from benchmarks.stocking.simulate import Outcome, run
from opscopilot.forecasting.engine.types import FloatArray, IntArray

TARGETS = (0.90, 0.95, 0.99)
CURVE = (0.5, 0.7, 0.8, 0.85, 0.93, 0.97, 0.98, 0.995, 0.999, 0.9999, 0.999999)
"""Further levels the textbook is run at, to find its stock at any service."""
FILL = 0.95
_SEED, _PAST, _CV = 20_250_101, 24, 0.3
_DAYS, _FEWEST = 7, 12


@dataclass(frozen=True, slots=True)
class Case:
    """One group ready to be simulated: whole histories, of which the last `periods` are held out."""

    name: str
    season: int
    series: list[FloatArray]
    periods: int
    past: FloatArray
    leads: IntArray
    every: int

    @property
    def first(self) -> int:
        """First period all of whose stock was ordered by the policy."""
        return int(max(self.past.max(), self.leads.max()))


def prepare(group: Group, lead: float | None, most: int) -> Case | None:
    """None where there is too little to hold out."""
    whole = [np.r_[y, t[np.isfinite(t)]] for y, t in zip(group.train, group.test, strict=True)]
    cap = 12 * _DAYS if group.season == _DAYS else 26
    periods = max(group.horizon, min(int(np.median([len(y) for y in whole])) // 3, cap))
    usable = [i for i, y in enumerate(whole) if len(y) >= periods + _FEWEST and y[:-periods].any()]
    usable = [usable[i] for i in np.unique(np.linspace(0, len(usable) - 1, min(most, len(usable))).astype(int))]
    mean = lead or (7.0 if group.season == _DAYS else 3.0)
    rng = np.random.default_rng(_SEED)
    drawn = np.maximum(np.rint(rng.gamma(1 / _CV**2, mean * _CV**2, (len(usable), _PAST + periods))), 1)
    placed = np.arange(_PAST + periods)
    drawn = np.maximum.accumulate(placed + drawn, axis=1) - placed
    case = Case(
        group.name, group.season, [whole[i] for i in usable], periods, drawn[:, :_PAST],
        drawn[:, _PAST:].astype(np.int64), _DAYS if group.season == _DAYS else 1,
    )  # fmt: skip
    return case if usable and periods >= case.first + 2 else None


def simulate(case: Case) -> dict[str, Any]:
    """Both policies over one group."""
    held = np.array([y[-case.periods :] for y in case.series])
    size = np.array([y.mean() for y in case.series])
    grid = (*TARGETS, *CURVE)
    mine, theirs = [], []
    for t in range(case.periods):
        known = [y[: len(y) - case.periods + t] for y in case.series]
        if t % case.every == 0:
            level = policies.ours(known, case.season, case.past, TARGETS, FILL)
        mine.append(level)
        theirs.append(policies.textbook(known, case.past, grid, FILL))
    here = run(held, np.stack(mine, axis=2), case.leads, size, case.first)
    there = run(held, np.stack(theirs, axis=2), case.leads, size, case.first)
    return {
        "case": case, "ours": here, "textbook": there,
        "ratio": [at_equal(here.service, here, there.service, there, k) for k in range(len(TARGETS))],
        "fill_ratio": [at_equal(here.fill, here, there.fill, there, k) for k in range(len(TARGETS))],
        "cost_ratio": [cost(here, k) / cost(there, k) for k in range(len(TARGETS))],
    }  # fmt: skip


def at_equal(reached: FloatArray, ours: Outcome, theirs: FloatArray, textbook: Outcome, k: int) -> float | None:
    """Our stock over the textbook's where its figure is the one we reached; None where it never gets there."""
    order = np.argsort(theirs[:-1])
    figure, stock = theirs[:-1][order], textbook.stock[:-1][order]
    if not figure[0] <= reached[k] <= figure[-1]:
        return None
    return float(ours.stock[k] / np.interp(reached[k], figure, stock))


def cost(one: Outcome, k: int) -> float:
    """Of holding and of owing, in periods of demand held."""
    return float(one.stock[k] + TARGETS[k] / (1 - TARGETS[k]) * one.waiting[k])


def show(found: dict[str, Any]) -> None:
    """A few lines per group, as soon as it is done."""
    case, ours, textbook = found["case"], found["ours"], found["textbook"]
    print(f"{case.name}: {len(case.series)} items, {case.periods} periods held out, refitted every {case.every}, "
          f"lead time {case.leads.mean():.1f} +- {case.leads.std():.1f}")  # fmt: skip
    for k, target in enumerate(TARGETS):
        ratio = found["ratio"][k]
        sides = [f"{one.service[k]:.3f} served {one.served[k]:.3f} fill {one.fill[k]:.3f} stock {one.stock[k]:6.2f}"
                 for one in (ours, textbook)]  # fmt: skip
        print(f"   service {target:.0%}: {sides[0]}   textbook {sides[1]}   "
              f"stock at equal service {'-' if ratio is None else f'{ratio:.2f}'} "
              f"cost {found['cost_ratio'][k]:.2f}")  # fmt: skip
    print(f"   fill rate {FILL:.0%}: fill {ours.fill[-1]:.3f} stock {ours.stock[-1]:.2f}   "
          f"textbook fill {textbook.fill[-1]:.3f} stock {textbook.stock[-1]:.2f}", flush=True)  # fmt: skip


def result(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the last line: pooled over item-periods, stock ratios as geometric means over groups."""
    pairs = np.array([row["ours"].pairs for row in rows], dtype=np.float64)
    asked = np.array([row["ours"].asked for row in rows])

    def pooled(side: str, k: int, what: str = "service") -> float:
        return float(np.average([getattr(row[side], what)[k] for row in rows], weights=pairs))

    figures: dict[str, Any] = {}
    for side, prefix in (("ours", ""), ("textbook", "textbook_")):
        for k, target in enumerate(TARGETS):
            figures[f"{prefix}service_{100 * target:.0f}"] = pooled(side, k)
            figures[f"{prefix}served_{100 * target:.0f}"] = pooled(side, k, "served")

    def typical(name: str) -> float | None:
        return geometric([ratio for row in rows for ratio in row[name] if ratio is not None])

    return figures | {
        "service_gap_max": max(abs(pooled("ours", k) - target) for k, target in enumerate(TARGETS)),
        "textbook_service_gap_max": max(abs(pooled("textbook", k) - target) for k, target in enumerate(TARGETS)),
        "groups_within_1_point": sum(
            bool(np.abs(row["ours"].service[: len(TARGETS)] - TARGETS).max() <= 0.01) for row in rows
        ),
        "stock_ratio_at_equal_service": typical("ratio"),
        "stock_ratio_at_equal_fill_rate": typical("fill_ratio"),
        "cost_ratio": typical("cost_ratio"),
        "fill_rate_target": FILL,
        "fill_rate_achieved": float(np.average([row["ours"].fill[-1] for row in rows], weights=asked)),
        "textbook_fill_rate_achieved": float(np.average([row["textbook"].fill[-1] for row in rows], weights=asked)),
        "items": sum(len(row["case"].series) for row in rows),
        "groups": len(rows),
    }


def main() -> None:
    """Simulate group by group, print as it goes, end with the result line."""
    options = _options()
    rows = []
    for group in groups(options.data):
        case = prepare(group, options.lead, options.items)
        if case is None:
            print(f"{group.name}: too short to hold out what a lead time needs, left out")
            continue
        rows.append(simulate(case))
        show(rows[-1])
    if not rows:
        raise SystemExit("No group is long enough for a simulation.")
    figures = {key: round(value, 4) if isinstance(value, float) else value for key, value in result(rows).items()}
    print("RESULT " + json.dumps(figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a tidy Parquet file or a folder of them")
    parser.add_argument("--lead", type=float, help="mean lead time in periods")
    parser.add_argument("--items", type=int, default=200, help="at most this many items a group, evenly spread")
    return parser.parse_args()


if __name__ == "__main__":
    main()
