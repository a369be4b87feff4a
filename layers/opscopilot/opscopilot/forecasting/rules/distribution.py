"""Reading off one demand distribution given as quantiles, in Decimal: what-if questions without the forecast engine.

The same curve as the engine's: linear between the points, from 0 below the first, falling off exponentially above the
last as between its 95 % point and the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

_ZERO, _ONE = Decimal(0), Decimal(1)
_TAIL_FROM = Decimal("0.95")


@dataclass(frozen=True)
class Distribution:
    """Demand not exceeded with the probabilities `levels` (rising, inside 0..1) is `quantiles` (not falling)."""

    levels: tuple[Decimal, ...]
    quantiles: tuple[Decimal, ...]

    @classmethod
    def of(cls, levels: Sequence[float], quantiles: Sequence[float]) -> Distribution:
        """From the numbers the engine stored. Raises ValueError when there are fewer than two, or not as many."""
        if len(levels) != len(quantiles) or len(levels) < 2:
            raise ValueError(f"{len(levels)} levels and {len(quantiles)} quantiles, they must be as many, at least 2")
        return cls(tuple(Decimal(repr(x)) for x in levels), tuple(Decimal(repr(x)) for x in quantiles))

    @cached_property
    def _decay(self) -> Decimal:
        tail = self.quantiles[-1] - self._inside(_TAIL_FROM)
        return tail / ((1 - _TAIL_FROM) / (1 - self.levels[-1])).ln()

    def _inside(self, share: Decimal) -> Decimal:
        pairs = list(zip(self.levels, self.quantiles, strict=True))
        for (a, low), (b, high) in pairwise(pairs):
            if share < b or b == self.levels[-1]:
                weight = min(max((share - a) / (b - a), _ZERO), _ONE)
                return low + weight * (high - low)
        return self.quantiles[-1]

    def quantile(self, share: Decimal) -> Decimal:
        """Stock that demand does not exceed with probability `share`: a cycle service level's reorder point."""
        if share > self.levels[-1]:
            return self.quantiles[-1] + self._decay * ((1 - self.levels[-1]) / max(1 - share, Decimal("1e-9"))).ln()
        return self._inside(share)

    def exceedance(self, stock: Decimal) -> Decimal:
        """P(demand > stock). Stock below 0 counts as 0."""
        stock = max(stock, _ZERO)
        last = sum(one <= stock for one in self.quantiles) - 1
        if last < 0:
            return 1 - self.levels[0] * stock / self.quantiles[0]
        if last >= len(self.levels) - 1:
            if self._decay <= 0:
                return _ZERO
            return (1 - self.levels[-1]) * (-(stock - self.quantiles[-1]) / self._decay).exp()
        low, high = self.quantiles[last], self.quantiles[last + 1]
        step = self.levels[last + 1] - self.levels[last]
        return 1 - self.levels[last] - step * (stock - low) / (high - low)

    def shortage(self, stock: Decimal) -> Decimal:
        """Units of demand beyond `stock` on average: the area above it under the quantile function."""
        stock = max(stock, _ZERO)
        if stock > self.quantiles[-1]:
            return self.exceedance(stock) * self._decay
        total = self.levels[0] * max(self.quantiles[0] - stock, _ZERO)
        pairs = list(zip(self.levels, self.quantiles, strict=True))
        for (a, low), (b, high) in pairwise(pairs):
            if low > stock:
                total += (b - a) * ((low + high) / 2 - stock)
            elif high > stock:
                total += (b - a) * (high - stock) ** 2 / (2 * (high - low))
        return total + (1 - self.levels[-1]) * (self.quantiles[-1] - stock + self._decay)

    def fill_rate(self, stock: Decimal, order_quantity: Decimal) -> Decimal | None:
        """Share of demand served from stock (D7); None without an order quantity."""
        if order_quantity <= 0:
            return None
        return min(max(1 - self.shortage(stock) / order_quantity, _ZERO), _ONE)

    def stock_for_fill(self, target: Decimal, order_quantity: Decimal) -> Decimal:
        """Least stock that reaches a fill rate, by bisection."""
        allowed = (1 - target) * order_quantity
        low, high = _ZERO, self.quantiles[-1] + 10 * max(self._decay, _ZERO)
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if self.shortage(middle) > allowed else (low, middle)
        return high
