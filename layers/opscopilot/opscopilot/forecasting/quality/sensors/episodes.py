"""From readings to signals: alarm limits with hysteresis, anomalies, and which of them are still going on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from opscopilot.forecasting.quality.sensors.detector import REFRACTORY, Detector, Judgement

Side = Literal["high", "low"]
BACK_INSIDE = 3
"""Readings in a row that must be back inside, by MARGIN of the band, before a breach is over."""
MARGIN = Decimal("0.02")
_WORDS = {
    "from_start": "far from the level at which the sensor was taken into use",
    "range_break": "outside everything measured before", "rare_value": "at a level hardly ever met",
    "off_profile": "off the usual course of the day", "rare_for_hour": "unusual for the hour of the day",
    "rare_peak": "its recent peaks are unusual", "rare_spread": "unusually noisy or unusually flat",
    "level_shift": "the level has shifted", "new_pattern": "a course never seen before",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sensor:
    """What must be known of a sensor to judge it."""

    id: UUID
    code: str
    lo_alarm: Decimal | None
    hi_alarm: Decimal | None
    calibrated_until: date | None
    faulty: bool

    def beyond(self, value: Decimal) -> tuple[Side, Decimal] | None:
        """The alarm limit that `value` lies beyond; a value on the limit does not (P-15)."""
        if self.hi_alarm is not None and value > self.hi_alarm:
            return "high", self.hi_alarm
        if self.lo_alarm is not None and value < self.lo_alarm:
            return "low", self.lo_alarm
        return None

    def well_inside(self, value: Decimal) -> bool:
        """Whether `value` is back inside by the margin."""
        both = self.hi_alarm is not None and self.lo_alarm is not None
        band = self.hi_alarm - self.lo_alarm if both else None  # type: ignore[operator]
        high = self.hi_alarm is None or value <= self.hi_alarm - MARGIN * (band or abs(self.hi_alarm))
        low = self.lo_alarm is None or value >= self.lo_alarm + MARGIN * (band or abs(self.lo_alarm))
        return high and low


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading with its second of the plant's day."""

    ts: datetime
    value: Decimal
    quality: str
    second: int
    day: date


@dataclass(slots=True)
class Signal:
    """One thing a sensor had to say; `ended_at` once it is over."""

    ts: datetime
    kind: Literal["anomaly", "threshold_breach"]
    severity: Literal["critical", "high", "medium", "low"]
    observed: Decimal
    threshold: Decimal | None
    likelihood: float | None
    reason: str
    features: dict[str, float]
    uncalibrated: bool
    ended_at: datetime | None = None


@dataclass(slots=True)
class Memory:
    """What is remembered of a sensor between batches of readings."""

    detector: Detector
    judged: int = 0
    not_judged: int = 0
    uncalibrated: int = 0
    late: int = 0
    last_ts: datetime | None = None
    last_reading: Decimal | None = None
    last_likelihood: float | None = None
    breach_since: datetime | None = None
    breach_side: Side | None = None
    anomaly_since: datetime | None = None
    inside: int = 0
    quiet: int = 0
    ended: list[tuple[str, datetime]] = field(default_factory=list)
    """Kinds that ended in this batch, and when."""

    @classmethod
    def of(cls, row: dict[str, Any] | None) -> Memory:
        """From its row; new where there is none."""
        if row is None or row.get("state") is None:
            return cls(Detector())
        state = row["state"]
        return cls(
            Detector.load(state["detector"]), row["judged"], row["not_judged"], row["uncalibrated"], row["late"],
            row["last_ts"], row["last_reading"], row["last_likelihood"], row["breach_since"], row["breach_side"],
            row["anomaly_since"], state["inside"], state["quiet"],
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """The part kept as JSON."""
        return {"detector": self.detector.dump(), "inside": self.inside, "quiet": self.quiet}


def judge(sensor: Sensor, memory: Memory, readings: Iterable[Reading]) -> list[Signal]:
    """The signals of new readings in order of time; `memory` moves on. Bad readings, and all of a sensor known to be
    faulty, are counted and neither judged nor learnt from."""
    found: list[Signal] = []
    for one in readings:
        memory.last_ts = one.ts
        if one.quality == "bad" or sensor.faulty:
            memory.not_judged += 1
            continue
        flagged = sensor.calibrated_until is not None and one.day > sensor.calibrated_until
        memory.uncalibrated += flagged
        memory.judged += 1
        said = memory.detector.add(float(one.value), one.second)
        memory.last_reading, memory.last_likelihood = one.value, said.likelihood
        breach = _limits(sensor, memory, one, said, flagged)
        odd = _anomaly(memory, one, said, flagged)
        found += [signal for signal in (breach, odd) if signal is not None]
    return found


def _limits(sensor: Sensor, memory: Memory, one: Reading, said: Judgement, flagged: bool) -> Signal | None:
    beyond = sensor.beyond(one.value)
    if beyond is None:
        memory.inside = memory.inside + 1 if sensor.well_inside(one.value) else 0
        if memory.breach_since is not None and memory.inside >= BACK_INSIDE:
            memory.breach_since = memory.breach_side = None
            memory.ended.append(("threshold_breach", one.ts))
        return None
    memory.inside = 0
    if memory.breach_since is not None and memory.breach_side == beyond[0]:
        return None
    memory.breach_since, memory.breach_side = one.ts, beyond[0]
    return breach(one, beyond, said.likelihood, flagged)


def breach(one: Reading, beyond: tuple[Side, Decimal], likelihood: float | None, flagged: bool) -> Signal:
    """The signal of a reading beyond an alarm limit."""
    word = "above the upper" if beyond[0] == "high" else "below the lower"
    return Signal(one.ts, "threshold_breach", "high" if one.quality == "good" else "medium", one.value, beyond[1],
                  likelihood, f"{word} alarm limit", {}, flagged)  # fmt: skip


def _anomaly(memory: Memory, one: Reading, said: Judgement, flagged: bool) -> Signal | None:
    if not said.signal:
        memory.quiet += 1
        if memory.anomaly_since is not None and memory.quiet >= REFRACTORY:
            memory.anomaly_since = None
            memory.ended.append(("anomaly", one.ts))
        return None
    memory.quiet = 0
    memory.anomaly_since = memory.anomaly_since or one.ts
    return Signal(one.ts, "anomaly", "low" if flagged or one.quality != "good" else "medium", one.value, None,
                  round(said.likelihood, 6), why(said), {name: round(x, 3) for name, x in said.surprises.items()},
                  flagged)  # fmt: skip


def why(said: Judgement) -> str:
    """The two strongest reasons in words."""
    ranked = sorted(said.surprises, key=lambda name: -said.surprises[name])
    strong = [name for name in ranked[:2] if said.surprises[name] >= said.score / 2]
    return "; ".join(_WORDS[name] for name in strong or ranked[:1])
