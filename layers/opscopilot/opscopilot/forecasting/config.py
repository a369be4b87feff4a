"""What the forecast function does by default. Each version stores the values it was made with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from opscopilot.forecasting.demand.periods import Period

SCOPE = "demand"
AD_HOC = "adhoc"
"""Scope of a forecast that somebody asked for by hand: a draft that is read and never published."""
PRIMARY = "weekly"
"""The period that stock risks and alerts rest on."""
MODEL_NAME = "demand-pooled-ensemble"
MODEL_VERSION = "1"
PERIOD_DAYS = 7


@dataclass(frozen=True, slots=True)
class ForecastConfig:
    """Horizon and season in weeks, levels as shares, times in days.

    `service_level`: probability that stock lasts through lead time and review time, behind reorder points and
    order-up-to levels that the plant did not set itself. `assumed_lead_time_days` is used, and said, where
    neither receipts nor masters know a lead time. `stale_supply_days`: open supply overdue for longer is not
    counted on; younger overdue supply is expected `overdue_arrives_in_days` from now.
    `batch_size`: series that one invocation forecasts; a thousand take seconds and fit its memory many times over.
    `holding_rate`: what holding stock costs a year, as a share of its value (capital, space, write-offs).
    `notify_at_most`: new alerts told one by one in a run; the rest go out as one digest (P-86).
    """

    horizon: int = 13
    season: int = 52
    levels: tuple[float, float] = (0.80, 0.95)
    batch_size: int = 1000
    service_level: float = 0.95
    review_days: int = 7
    assumed_lead_time_days: int = 14
    stale_supply_days: int = 90
    overdue_arrives_in_days: int = 7
    notify_at_most: int = 10
    holding_rate: float = 0.20

    def of(self, period: Period, horizon: int | None = None) -> ForecastConfig:
        """The same for buckets of that length. Weeks keep the horizon given here, others have their own."""
        usual = self.horizon if period.name == "weekly" else period.horizon
        return replace(self, horizon=horizon or usual, season=period.season)

    def as_json(self) -> dict[str, Any]:
        """The settings a version was made with."""
        return asdict(self) | {"model": f"{MODEL_NAME} {MODEL_VERSION}"}
