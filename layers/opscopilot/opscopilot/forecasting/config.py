"""What the forecast function does by default. Each version stores the values it was made with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SCOPE = "demand"
PERIOD = "weekly"
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
    `notify_at_most`: new alerts told one by one in a run; the rest go out as one digest (P-86).
    """

    horizon: int = 13
    season: int = 52
    levels: tuple[float, float] = (0.80, 0.95)
    batch_size: int = 200
    service_level: float = 0.95
    review_days: int = 7
    assumed_lead_time_days: int = 14
    stale_supply_days: int = 90
    overdue_arrives_in_days: int = 7
    notify_at_most: int = 10

    def as_json(self) -> dict[str, Any]:
        """The settings a version was made with."""
        return asdict(self) | {"model": f"{MODEL_NAME} {MODEL_VERSION}"}
