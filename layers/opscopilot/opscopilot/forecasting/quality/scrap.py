"""Scrap forecasts of one version: rates with intervals, expected scrap of the open work orders, their money, stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.demand.periods import PERIODS
from opscopilot.forecasting.quality import backtest, betabinomial, history, rates
from opscopilot.forecasting.quality.backtest import Evidence
from opscopilot.forecasting.quality.history import ScrapSeries
from opscopilot.forecasting.quality.rates import Cells, Floats, Rates
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

FEWEST_ORDERS = 10
"""Work orders with output from which a plant's scrap is forecast at all."""
_BASELINE_UNITS = 30
_RATIO, _QTY, _MONEY = Decimal("0.000000001"), Decimal("0.000001"), Decimal("0.0001")
_COLUMNS = (
    "version_id", "sku_id", "sku_code", "line", "uom", "status", "reason", "window_from", "window_to", "work_orders",
    "input_qty", "scrap_qty", "rate", "rate_low_95", "rate_high_95", "recency_rate", "expected_rate", "own_weight",
    "dispersion", "planned_orders", "planned_qty", "period_qty", "lower_80", "upper_80", "lower_95", "upper_95",
    "expected_scrap_qty", "scrap_lower_95_qty", "scrap_upper_95_qty", "baseline_rate", "baseline_basis", "excess_qty",
    "unit_cost", "expected_cost", "excess_cost", "currency", "origins", "coverage_80", "coverage_95", "log_loss",
    "log_loss_pooled", "log_loss_last",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The series of one unit, fitted together: pieces and kilograms never share a rate (P-17)."""

    rates: Rates
    evidence: dict[int, Evidence]
    half_life: float
    inflation: float
    periods: Floats
    made: Floats
    squares: Floats

    @property
    def total(self) -> Evidence:
        """Evidence over all series."""
        found = Evidence()
        for one in self.evidence.values():
            found.add(one)
        return found


def forecast(tx: Tx, version: Version, today: date, currency: str) -> dict[str, Any]:
    """Compute and store the version's scrap forecasts; counts for the run's summary."""
    days = round(PERIODS[version.period].days)
    series, cells = history.read(tx, today, days)
    rows: list[dict[str, Any]] = []
    units: dict[str, _Fitted] = {}
    for uom in sorted({one.uom for one in series}):
        own = [i for i, one in enumerate(series) if one.uom == uom]
        group = [series[i] for i in own]
        reason = _refusal(group)
        if reason is not None:
            rows += [_refused(one, reason) for one in group]
            continue
        units[uom] = fitted = _fit(group, _own(cells, own, len(series)), days)
        lines = _lines(group)
        rows += [_row(i, one, lines[one.sku_no], fitted, currency) for i, one in enumerate(group)]
    _store(tx, version, rows)
    return _store_run(tx, version, rows, units)


def _own(cells: Cells, own: list[int], count: int) -> Cells:
    number = np.full(count, -1, dtype=np.int64)
    number[own] = np.arange(len(own))
    return cells.where(number[cells.series] >= 0).renumbered(number)


def _lines(series: list[ScrapSeries]) -> dict[int, list[ScrapSeries]]:
    found: dict[int, list[ScrapSeries]] = {}
    for one in series:
        found.setdefault(one.sku_no, []).append(one)
    return found


def _store(tx: Tx, version: Version, rows: list[dict[str, Any]]) -> None:
    copyio.stage(tx, "quality_new", "forecast.quality_forecasts", _COLUMNS, _values(version, rows))
    columns = ", ".join(_COLUMNS)
    # COPY reads an empty text as null.
    values = columns.replace(" line,", " coalesce(line, ''),")
    tx.execute(
        f"INSERT INTO forecast.quality_forecasts (tenant_id, {columns}) SELECT :tenant, {values} FROM quality_new",
        tenant=tx.tenant_id,
    )


def _refusal(series: list[ScrapSeries]) -> str | None:
    orders = sum(one.orders for one in series)
    if orders < FEWEST_ORDERS:
        return f"only {orders} dated work orders with output are known; a rate needs {FEWEST_ORDERS}"
    return None if any(one.told for one in series) else "no work order recorded a scrap quantity: unknown is not zero"


def _fit(series: list[ScrapSeries], cells: Cells, days: int) -> _Fitted:
    numbers = {number: place for place, number in enumerate(sorted({one.sku_no for one in series}))}
    sku = np.array([numbers[one.sku_no] for one in series])
    per_week = 7.0 / days
    ages = list(range(1, backtest.ORIGINS + 1))
    half_life = backtest.choose(cells, sku, ages[::3], per_week)
    evidence, inflation = backtest.run(cells, sku, ages, half_life, per_week)
    fitted = rates.fit(cells, sku, half_life, per_week)

    def per_series(values: Floats | None) -> Floats:
        return np.bincount(cells.series, weights=values, minlength=len(sku)).astype(np.float64)

    return _Fitted(fitted, evidence, half_life, inflation, per_series(None), per_series(cells.n), per_series(cells.nn))


def _refused(one: ScrapSeries, reason: str | None) -> dict[str, Any]:
    return {
        "status": "refused", "reason": reason, "sku_id": one.sku_id, "sku_code": one.sku_code, "line": one.line,
        "uom": one.uom, "work_orders": one.orders, "input_qty": one.n, "scrap_qty": one.s, "window_from": one.first_day,
        "window_to": one.last_day, "planned_orders": one.planned_orders, "planned_qty": one.planned_n, "origins": 0,
    }  # fmt: skip


def _row(
    i: int, one: ScrapSeries, lines: list[ScrapSeries], fitted: _Fitted, currency: str
) -> dict[str, Any]:  # fmt: skip
    if one.orders and not one.told:
        return _refused(one, "no work order of it recorded a scrap quantity: unknown is not zero")
    quantity, squares = _ahead(i, one, fitted)
    mean = float(fitted.rates.mean[i])
    variance = fitted.rates.variance(i, quantity, squares, fitted.inflation)
    (low80, high80), (low95, high95) = betabinomial.interval(quantity, mean, variance, backtest.LEVELS)
    limits = betabinomial.wilson(float(one.s), float(one.n)) or (None, None)
    found = fitted.evidence.get(i, Evidence())
    return _refused(one, None) | {
        "status": "ok", "rate": _ratio(one.s / one.n) if one.n > 0 else None, "rate_low_95": _share(limits[0]),
        "rate_high_95": _share(limits[1]), "recency_rate": _share(float(fitted.rates.raw[i])) if one.orders else None,
        "expected_rate": _share(mean), "own_weight": round(float(fitted.rates.own[i]), 6),
        "dispersion": round(1.0 + float(fitted.rates.rho[i]) * max(squares / quantity - 1.0, 0.0), 6),
        "period_qty": _qty(quantity), "lower_80": _share(low80), "upper_80": _share(high80),
        "lower_95": _share(low95), "upper_95": _share(high95), "origins": found.origins,
        "coverage_80": _part(found.coverage(0)), "coverage_95": _part(found.coverage(1)),
        "log_loss": found.per_unit("loss"), "log_loss_pooled": found.per_unit("pooled"),
        "log_loss_last": found.per_unit("last"), **_planned(one, mean, low95, high95),
        **_money(one, lines, mean, currency),
    }  # fmt: skip


def _ahead(i: int, one: ScrapSeries, fitted: _Fitted) -> tuple[float, float]:
    """The quantity the interval is for and its sum of squares: the open orders, else a usual period of this series."""
    if one.planned_n > 0:
        return float(one.planned_n), float(one.planned_nn)
    if fitted.periods[i] == 0:
        return 1.0, 1.0
    return float(fitted.made[i] / fitted.periods[i]), float(fitted.squares[i] / fitted.periods[i])


def _planned(one: ScrapSeries, mean: float, low: float, high: float) -> dict[str, Any]:
    planned = float(one.planned_n)
    return {
        "expected_scrap_qty": _qty(mean * planned), "scrap_lower_95_qty": _qty(low * planned),
        "scrap_upper_95_qty": _qty(high * planned),
    }  # fmt: skip


def _money(one: ScrapSeries, lines: list[ScrapSeries], mean: float, currency: str) -> dict[str, Any]:
    """Expected scrap of what is planned at standard cost, and its excess over the baseline (B4)."""
    basis, rate = _baseline(one, lines)
    excess = None if rate is None else _qty(max(0.0, mean - rate) * float(one.planned_n))
    known = one.unit_cost is not None
    expected = _qty(mean * float(one.planned_n))
    return {
        "baseline_rate": _share(rate), "baseline_basis": basis, "excess_qty": excess, "unit_cost": one.unit_cost,
        "expected_cost": (expected * one.unit_cost).quantize(_MONEY) if one.unit_cost is not None else None,
        "excess_cost": (excess * one.unit_cost).quantize(_MONEY)
        if excess is not None and one.unit_cost is not None else None,
        "currency": (one.currency or currency) if known else None,
    }  # fmt: skip


def _baseline(one: ScrapSeries, same: list[ScrapSeries]) -> tuple[str | None, float | None]:
    if one.base_n >= _BASELINE_UNITS:
        return "same item and line, the 8 weeks before today", float(one.base_s / one.base_n)
    made = sum((other.base_n for other in same), Decimal(0))
    if made >= _BASELINE_UNITS:
        return "same item on all lines, the 8 weeks before today", float(sum(x.base_s for x in same) / made)
    made = sum((other.n for other in same), Decimal(0))
    if made > 0:
        return "same item, everything recorded", float(sum(other.s for other in same) / made)
    return None, None


def _ratio(value: Decimal) -> Decimal:
    return value.quantize(_RATIO)


def _share(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(min(max(value, 0.0), 1.0))).quantize(_RATIO)


def _part(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _qty(value: float) -> Decimal:
    return Decimal(repr(max(value, 0.0))).quantize(_QTY)


def _values(version: Version, rows: list[dict[str, Any]]) -> Iterator[list[Any]]:
    for row in rows:
        yield [version.id if name == "version_id" else row.get(name) for name in _COLUMNS]


def _store_run(
    tx: Tx, version: Version, rows: list[dict[str, Any]], units: dict[str, _Fitted]
) -> dict[str, Any]:  # fmt: skip
    """What was said as a whole. Coverage counts periods of all units; losses are those of the unit with most periods,
    because a loss per piece and one per kilogram do not add up."""
    totals = {uom: one.total for uom, one in units.items()}
    whole = Evidence()
    for one in totals.values():
        whole.add(one)
    main = max(totals, key=lambda uom: totals[uom].origins, default=None)
    loss = totals[main] if main else Evidence()
    refused = sum(row["status"] == "refused" for row in rows)
    settings = {
        "loss_unit": main, "period_days": round(PERIODS[version.period].days),
        "half_lives_tried": backtest.HALF_LIVES, "half_life_weeks": {uom: one.half_life for uom, one in units.items()},
        "inflation": {uom: one.inflation for uom, one in units.items()},
    }  # fmt: skip
    tx.execute(
        """INSERT INTO forecast.quality_runs (tenant_id, version_id, series, refused, origins, coverage_80,
               coverage_95, log_loss, log_loss_pooled, log_loss_last, settings)
           VALUES (:tenant, :version, :series, :refused, :origins, :c80, :c95, :loss, :pooled, :last,
               CAST(:settings AS jsonb))""",
        tenant=tx.tenant_id, version=version.id, series=len(rows), refused=refused, origins=whole.origins,
        c80=_part(whole.coverage(0)), c95=_part(whole.coverage(1)), loss=loss.per_unit("loss"),
        pooled=loss.per_unit("pooled"), last=loss.per_unit("last"), settings=json.dumps(settings),
    )  # fmt: skip
    return {"series": len(rows), "refused": refused, "origins": whole.origins}
