"""A chart from its base period, and points held against its frozen limits. Pure.

The base is cleaned of its own outliers (at most three rounds, at most a quarter of it): a base with a signal in it would
hide the next one. Afterwards nothing moves the limits but a person's approval of another base (P-15).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from opscopilot.forecasting.quality.charts import spc

Kind = Literal["p", "laney_p", "i_mr", "xbar_r", "ewma"]
_ROUNDS, _KEPT = 3, 0.75
_DEPENDENT = 0.3
"""Autocorrelation from which the values themselves must not be charted."""
_RATES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
SUBGROUP = 5
CUSUM_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class Point:
    """A point before it is judged. `n`: input of a share, readings of a mean. `group`: the first readings of a mean."""

    at: datetime
    value: float
    n: float
    group: tuple[float, ...] = ()


@dataclass(slots=True)
class Chart:
    """Frozen limits. `params`: what a kind needs besides (Laney's inflation; the EWMA's rate and level; CUSUMs)."""

    kind: Kind
    base_from: datetime
    base_to: datetime
    base_points: int
    base_excluded: int
    center: float
    sigma: float
    params: dict[str, Any] = field(default_factory=dict)
    autocorrelation: float | None = None
    note: str | None = None

    @property
    def false_alarm_every(self) -> float:
        """Points between two false alarms of its rules."""
        if self.kind == "i_mr":
            return round(spc.between_false_alarms(spc.WESTERN_ELECTRIC_ARL, spc.CUSUM_ARL), 1)
        return spc.WESTERN_ELECTRIC_ARL


@dataclass(frozen=True, slots=True)
class Judged:
    """A point with its limits and its distance from the centre in sigmas."""

    at: datetime
    value: float
    lower: float
    upper: float
    z: float

    def as_json(self) -> dict[str, Any]:
        """For drawing, and for rules that look back."""
        return {"at": self.at.isoformat(), "value": self.value, "lower": self.lower, "upper": self.upper, "z": self.z}


def shares(base: Sequence[Point], counted: bool) -> Chart | None:
    """A p chart, or Laney's p' where the base scatters more than sampling (always for a weight or volume, which has no
    sampling error of its own). None where too little is scrapped for limits to mean anything."""
    kept = list(base)
    for _ in range(_ROUNDS):
        pooled, inflation = _pooled(kept)
        good = [one for one in kept if abs(one.value - pooled) <= 3 * spc.proportion(pooled, one.n, inflation).sigma]
        if len(good) == len(kept) or len(good) < _KEPT * len(base):
            break
        kept = good
    pooled, inflation = _pooled(kept)
    typical = sorted(one.n for one in kept)[len(kept) // 2]
    if pooled <= 0 or pooled >= 1 or typical * pooled < 1:
        return None
    over = inflation > 1.25 or not counted
    return Chart(
        "laney_p" if over else "p", base[0].at, base[-1].at, len(kept), len(base) - len(kept), pooled,
        (pooled * (1 - pooled)) ** 0.5, {"inflation": inflation if over else 1.0}, spc.autocorrelation(
            [one.value for one in kept]), f"orders scatter {inflation:.1f} times as much as sampling alone" if over else None,
    )  # fmt: skip


def _pooled(points: Sequence[Point]) -> tuple[float, float]:
    scrap = [one.value * one.n for one in points]
    inputs = [one.n for one in points]
    return sum(scrap) / sum(inputs), spc.laney(scrap, inputs)


def values(base: Sequence[Point]) -> Chart | None:
    """X-bar R where readings within a point vary as much as points do, else individuals; residuals of an EWMA where
    one value follows from the one before. None where nothing varies."""
    kept = _clean(list(base), lambda points: spc.individuals([one.value for one in points]))
    numbers = [one.value for one in kept]
    follows = spc.autocorrelation(numbers)
    found = spc.individuals(numbers)
    chart = Chart("i_mr", base[0].at, base[-1].at, len(kept), len(base) - len(kept), found.center, found.sigma,
                  {"cusum": [0.0, 0.0]}, follows)  # fmt: skip
    if follows > max(_DEPENDENT, 2 / len(numbers) ** 0.5):
        return _dependent(chart, [one.value for one in base])
    groups = [one.group for one in kept if len(one.group) == SUBGROUP]
    if len(groups) >= _KEPT * len(kept):
        within = spc.mean_range(groups)
        if within.sigma > 0 and found.sigma <= 1.5 * within.sigma:
            chart.kind, chart.sigma, chart.params = "xbar_r", within.sigma, {}
            chart.center = within.center
    return chart if chart.sigma > 0 else None


def _dependent(chart: Chart, numbers: list[float]) -> Chart | None:
    rate = min(_RATES, key=lambda one: sum(x * x for x in spc.residuals(numbers, one)))
    left = spc.residuals(numbers, rate)[1:]
    found = spc.individuals(left)
    clean = [one for one in left if found.lower <= one <= found.upper]
    found = spc.individuals(clean) if len(clean) >= _KEPT * len(left) else found
    chart.kind, chart.center, chart.sigma, chart.params = "ewma", 0.0, found.sigma, {"rate": rate, "level": numbers[0]}
    chart.note = (
        f"values depend on the one before (autocorrelation {chart.autocorrelation:.2f}): charted is what each differs "
        f"from the EWMA of those before it (rate {rate})"
    )
    return chart if chart.sigma > 0 else None


def _clean(points: list[Point], fitted: Callable[[list[Point]], spc.Limits]) -> list[Point]:
    whole = len(points)
    for _ in range(_ROUNDS):
        limits = fitted(points)
        good = [one for one in points if limits.lower <= one.value <= limits.upper]
        if len(good) == len(points) or len(good) < _KEPT * whole:
            break
        points = good
    return points


def hold(chart: Chart, points: Sequence[Point]) -> list[Judged]:
    """The points against the limits; an EWMA's level moves on with them."""
    found = []
    for one in points:
        if chart.kind in ("p", "laney_p"):
            limits = spc.proportion(chart.center, one.n, float(chart.params.get("inflation", 1.0)))
            found.append(_judged(one, one.value, limits.lower, limits.upper, chart.center, limits.sigma))
        elif chart.kind == "ewma":
            expected = float(chart.params["level"])
            spread = 3 * chart.sigma
            found.append(_judged(one, one.value, expected - spread, expected + spread, expected, chart.sigma))
            chart.params["level"] = expected + float(chart.params["rate"]) * (one.value - expected)
        else:
            spread = 3 * chart.sigma
            found.append(
                _judged(one, one.value, chart.center - spread, chart.center + spread, chart.center, chart.sigma)
            )
    return found


def _judged(one: Point, value: float, lower: float, upper: float, center: float, sigma: float) -> Judged:
    return Judged(one.at, value, lower, upper, (value - center) / sigma if sigma > 0 else 0.0)


def flags(chart: Chart, before: Sequence[float], new: Sequence[Judged]) -> list[tuple[Judged, str, spc.Side]]:
    """Rules broken by the new points, given the z-values of those before (the last seven matter)."""
    tail = list(before)[-7:]
    z = [*tail, *(one.z for one in new)]
    found: list[tuple[Judged, str, spc.Side]] = [
        (new[flag.index - len(tail)], f"western_electric_{flag.rule}", flag.side)
        for flag in spc.western_electric(z) if flag.index >= len(tail)
    ]  # fmt: skip
    if chart.kind == "i_mr":
        found += _drift(chart, new)
    return sorted(found, key=lambda one: (one[0].at, one[1]))


def _drift(chart: Chart, new: Sequence[Judged]) -> list[tuple[Judged, str, spc.Side]]:
    found: list[tuple[Judged, str, spc.Side]] = []
    high, low = chart.params["cusum"]
    for one in new:
        high, low = spc.cusum((high, low), one.z)
        if high > CUSUM_LIMIT or low > CUSUM_LIMIT:
            found.append((one, "cusum", "high" if high > CUSUM_LIMIT else "low"))
            high = low = 0.0
    chart.params["cusum"] = [high, low]
    return found
