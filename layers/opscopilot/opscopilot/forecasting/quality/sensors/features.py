"""What about a reading may be unusual. Each feature keeps a fixed amount of the past and answers with one number.

Numbers are non-negative and only compared with earlier numbers of the same feature of the same sensor, so no feature
has a unit. `add` takes the reading and the second of its day (plant time) and sees no later reading.
"""

from __future__ import annotations

from typing import Any, Protocol

from opscopilot.forecasting.quality.sensors.levels import FromStart, LevelShift, RangeBreak
from opscopilot.forecasting.quality.sensors.patterns import NewPattern
from opscopilot.forecasting.quality.sensors.rarity import OffProfile, RareForHour, RarePeak, RareSpread, RareValue


class Feature(Protocol):
    """One way in which a reading can be unusual."""

    def add(self, value: float, second: int, /) -> float:
        """The feature of this reading; the reading is then part of the past."""
        ...

    def fade(self) -> None:
        """Let the distant past count less."""
        ...

    def dump(self) -> dict[str, Any]:
        """State for JSON."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        ...


FEATURES: dict[str, type[Feature]] = {
    "from_start": FromStart, "range_break": RangeBreak, "rare_value": RareValue, "off_profile": OffProfile,
    "rare_for_hour": RareForHour, "rare_peak": RarePeak, "rare_spread": RareSpread,
    "level_shift": LevelShift, "new_pattern": NewPattern,
}  # fmt: skip
