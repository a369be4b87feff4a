"""How good a frozen forecast was (P-53): WAPE, bias with its sign said, MASE, tracking signal, pinball.

Errors are actual - forecast: a negative bias is over-forecasting. MAPE and sMAPE are not offered, they are
undefined or absurd where demand is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

BIAS_CONVENTION = "sum(actual - forecast) / sum(actual); negative = over-forecast"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`mae` and `rmse` in the unit of the series, the others ratios. None = denominator zero or too few data."""

    n: int
    mae: Decimal
    rmse: Decimal
    wape: Decimal | None
    bias: Decimal | None
    tracking_signal: Decimal | None
    mase: Decimal | None


def accuracy(
    actual: Sequence[Decimal], forecast: Sequence[Decimal], history: Sequence[Decimal] = (), season: int = 1
) -> Accuracy:
    """Compare what came with what had been said. `history` (before the forecast) gives the MASE scale.

    Raises ValueError when the two have different lengths or are empty.
    """
    if len(actual) != len(forecast) or not actual:
        raise ValueError(f"{len(actual)} actuals and {len(forecast)} forecasts: both must be the same number, not 0")
    errors = [a - f for a, f in zip(actual, forecast, strict=True)]
    n = Decimal(len(errors))
    size, total, volume = sum(map(abs, errors), Decimal(0)), sum(errors, Decimal(0)), sum(actual, Decimal(0))
    mae = size / n
    scale = naive_scale(history, season)
    return Accuracy(
        n=len(errors),
        mae=mae,
        rmse=(sum((e * e for e in errors), Decimal(0)) / n).sqrt(),
        wape=size / volume if volume > 0 else None,
        bias=total / volume if volume > 0 else None,
        tracking_signal=total / mae if mae > 0 else None,
        mase=mae / scale if scale else None,
    )


def naive_scale(history: Sequence[Decimal], season: int = 1) -> Decimal | None:
    """Mean absolute (seasonal) naive error inside `history`; None when it is too short or never changes."""
    steps = [abs(b - a) for a, b in zip(history, history[season:], strict=False)]
    if not steps:
        return None
    mean = sum(steps, Decimal(0)) / len(steps)
    return mean if mean > 0 else None


def pinball(actual: Decimal, quantile_forecast: Decimal, tau: Decimal) -> Decimal:
    """Loss of a quantile forecast: too low costs tau per unit, too high 1 - tau."""
    error = actual - quantile_forecast
    return tau * error if error >= 0 else (tau - 1) * error
