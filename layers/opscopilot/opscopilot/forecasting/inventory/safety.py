"""Recommended safety stock, reorder point and order-up-to level per item, from the distribution of its demand. Pure.

Stock has to last over lead time *and* review time (P-57). By cycle service level the reorder point is the quantile of
that demand; by fill rate it is the stock whose expected shortage is the allowed share of an order (D7). Safety stock is
what lies above the mean. The textbook formula (D3) is given beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist

import numpy as np

from opscopilot.forecasting.config import PERIOD_DAYS, ForecastConfig
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.inventory import quantiles as q
from opscopilot.forecasting.inventory.outlooks import Outlook
from opscopilot.forecasting.supply.leadtimes import LeadTime

_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Target:
    """The service an item shall have. `basis`: of its ABC class, or the plant's general level."""

    level: Decimal
    type: str
    basis: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What the forecast recommends, in base units. `csl` and `fill_rate`: what `safety_stock` achieves of each.

    `order_quantity` is what one order usually brings: the smallest order, or the demand between two reviews.
    `demand_mean` and `demand_sd` are per day, `mean` and `sd` of the demand over lead and review time.
    """

    target: Target
    safety_stock: Decimal
    reorder_point: Decimal
    order_up_to: Decimal
    order_quantity: Decimal
    csl: Decimal
    fill_rate: Decimal
    formula: Decimal
    demand_mean: Decimal
    demand_sd: Decimal
    mean: Decimal
    sd: Decimal


def policies(
    outlooks: Sequence[Outlook], leads: Sequence[LeadTime], targets: Sequence[Target], smallest: Sequence[Decimal],
    config: ForecastConfig, whole: Sequence[bool] = (),
) -> list[Policy]:  # fmt: skip
    """One per outlook; `smallest` order of each in base units. `whole`: the item is counted, so stocks round up."""
    if not outlooks:
        return []
    levels, table = outlooks[0].levels, np.stack([one.protection for one in outlooks])
    mean = np.array([one.protection_mean for one in outlooks])
    daily = np.array([one.values.mean() for one in outlooks]) / PERIOD_DAYS
    daily_sd = np.array([one.cumulative_sd[0] for one in outlooks]) / PERIOD_DAYS**0.5
    order = np.maximum(np.array([float(one) for one in smallest]), np.maximum(daily * config.review_days, 1e-6))
    wanted = np.array([float(one.level) for one in targets])
    by_fill = np.array([one.type == "fill_rate" for one in targets])
    point = np.where(by_fill, 0.0, q.quantile(levels, table, wanted))
    if by_fill.any():
        point[by_fill] = q.stock_for_fill(levels, table[by_fill], wanted[by_fill], order[by_fill])
    point = np.maximum(point, mean)
    csl = 1 - q.exceedance(levels, table, point[:, None])[:, 0]
    fill = np.clip(1 - q.shortage(levels, table, point[:, None])[:, 0] / order, 0.0, 1.0)
    formula = _formula(daily, daily_sd, leads, wanted, by_fill, order, config.review_days)
    counted = np.array(whole or [False] * len(outlooks))
    safety, trigger, up_to = (_up(value, counted) for value in (point - mean, point, point + order))
    columns = np.stack([safety, trigger, up_to, order, csl, fill, formula, daily, daily_sd, mean,
                        q.deviation(levels, table)], axis=1)  # fmt: skip
    return [Policy(target, *(_decimal(value) for value in row)) for target, row in zip(targets, columns, strict=True)]


def _up(value: FloatArray, counted: np.typing.NDArray[np.bool_]) -> FloatArray:
    """Whole units for what is counted; a millionth over is noise."""
    result: FloatArray = np.where(counted, np.ceil(value - 1e-6), value)
    return result


def _formula(
    daily: FloatArray, daily_sd: FloatArray, leads: Sequence[LeadTime], wanted: FloatArray,
    by_fill: np.typing.NDArray[np.bool_], order: FloatArray, review_days: int,
) -> FloatArray:  # fmt: skip
    """D3 for a cycle service level, D7 for a fill rate, with demand taken as normal."""
    lead, spread = np.array([one.mean for one in leads]), np.array([one.sd for one in leads])
    sigma = np.sqrt((lead + review_days) * daily_sd**2 + daily**2 * spread**2)
    scores = {float(one): NormalDist().inv_cdf(float(one)) for one in np.unique(wanted)}
    z = np.array([scores[float(one)] for one in wanted])
    if by_fill.any():
        z[by_fill] = _z_of_loss((1 - wanted[by_fill]) * order[by_fill] / np.maximum(sigma[by_fill], 1e-9))
    result: FloatArray = np.maximum(z, 0.0) * sigma
    return result


def _z_of_loss(loss: FloatArray) -> FloatArray:
    """(N,) the z whose standard normal loss G(z) is `loss`, read off a fine table."""
    grid = np.linspace(-4.0, 6.0, 2001)
    table = np.array([NormalDist().pdf(z) - z * (1 - NormalDist().cdf(z)) for z in grid])
    result: FloatArray = np.interp(-loss, -table, grid)
    return result


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.6f}").quantize(_MICRO)
