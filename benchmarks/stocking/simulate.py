"""Periodic review, order up to a level, lead times that vary, what cannot be served waits: many items at once.

In every period arrivals come in, the position (stock - waiting orders + on order) is raised to the order-up-to level,
then demand comes. An order of period t arrives before the demand of period t + lead (1 or more). With the next order
one period later, the level of period t has to last for the demand of periods t .. t + lead: lead + 1 periods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened per target (K,), over items and the periods in which the policy's own orders had arrived.

    `service`: share of protection intervals (from an order until the next one arrives) whose demand the level had
    covered. `served`: share of item-periods that ended with nobody waiting; higher, because a position above a level
    that has come down is not sent back, and because orders that overtake each other help. `fill`: share of the
    quantity asked for that was there. `stock`: mean over items of the stock at the end of a period, in periods of the
    item's own mean demand, and `waiting` of what is owed then.
    """

    service: FloatArray
    served: FloatArray
    fill: FloatArray
    stock: FloatArray
    waiting: FloatArray
    pairs: int
    asked: float


def run(demand: FloatArray, levels: FloatArray, leads: IntArray, size: FloatArray, first: int) -> Outcome:
    """`demand` (N, H), `levels` (K, N, H) to order up to, `leads` (N, H) of the order of each period, `size` (N,)
    mean demand per period, `first` period that counts."""
    targets, count, periods = levels.shape
    net = levels[:, :, 0].copy()
    coming = np.zeros((targets, count, periods + int(leads.max()) + 1))
    on_order = np.zeros((targets, count))
    ended = []
    held, owed, served = (np.zeros((targets, count)) for _ in range(3))
    rows = np.arange(count)
    for t in range(periods):
        net += coming[:, :, t]
        on_order -= coming[:, :, t]
        order = np.maximum(levels[:, :, t] - net - on_order, 0.0)
        coming[:, rows, t + leads[:, t]] += order
        on_order += order
        there = np.maximum(net, 0.0)
        net = net - demand[:, t]
        if t >= first:
            ended.append((net >= -1e-9 * size).mean(axis=1))
            held += np.maximum(net, 0.0)
            owed += np.maximum(-net, 0.0)
            served += np.minimum(there, demand[:, t]) / size
    counted = periods - first
    asked = float((demand[:, first:] / size[:, None]).sum())
    return Outcome(
        covered(demand, levels, leads, size), np.mean(ended, axis=0), served.sum(axis=1) / max(asked, 1e-12), (held / size / counted).mean(axis=1),
        (owed / size / counted).mean(axis=1),
        count * counted, asked,
    )  # fmt: skip


def covered(demand: FloatArray, levels: FloatArray, leads: IntArray, size: FloatArray) -> FloatArray:
    """(K,) share of the protection intervals whose demand was not above the level. Only reviews after which even the
    longest lead time ends within the demand that is known: else the short ones would count more often."""
    count, periods = demand.shape
    total = np.concatenate([np.zeros((count, 1)), np.cumsum(demand, axis=1)], axis=1)
    reviews = max(1, periods - int(leads.max()))
    rows = np.arange(count)
    kept = []
    for t in range(reviews):
        end = np.minimum(t + leads[:, t] + 1, periods)
        kept.append((total[rows, end] - total[:, t] <= levels[:, :, t] + 1e-9 * size).mean(axis=1))
    result: FloatArray = np.mean(kept, axis=0)
    return result
