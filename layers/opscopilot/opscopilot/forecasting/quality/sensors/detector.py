"""One sensor's readings, judged one by one: features, their surprise, one score, one signal per event.

Every feature asks in its own way how unusual the reading is; its answer is compared with all its earlier answers
(tails.py), which makes the features comparable. The score is their fourth-power mean: two or three that are very
surprised outweigh many that are not, and one alone does not decide. A signal is a score over the threshold that is
also the highest of the last 100 readings: an event is told once, and again only when it gets worse. Nothing here
knows how long the series will be or sees a later reading; one setting serves every sensor.

Source of the ideas: conditional histograms and online ranks of surprise (Numenta Anomaly Benchmark's literature:
Ahmad et al. 2017; Smirnov's CAD OSE), written anew.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

from opscopilot.forecasting.quality.sensors.features import FEATURES
from opscopilot.forecasting.quality.sensors.tails import Tail

NAME = "surprise-ensemble-1"
"""Name and version of the method; a state of another one is not taken up."""
THRESHOLD = 2.4
"""Score from which a reading is called anomalous; see docs/quality.md for what it costs in false alarms."""
LEARNING = 150
"""First readings of a sensor, which are learnt from and not judged."""
REFRACTORY = 100
"""Readings in which only a higher score than the last is news."""
FADE_EVERY = 50_000
"""Readings after which the past loses half its weight."""
_POWER = 4.0


class Judgement(NamedTuple):
    """What is said about one reading. `score` is a surprise: 3 means about one in a thousand. `news`: no score of
    the refractory period before was as high. `signal`: news, over the threshold, and not while learning."""

    score: float
    news: bool
    signal: bool
    surprises: dict[str, float]

    @property
    def likelihood(self) -> float:
        """The score as a number from 0 to below 1: 1 - 10^-score. A rank, not a probability of a fault."""
        return 1.0 - float(10.0 ** -min(self.score, 12.0))


class Detector:
    """The memory of one sensor. Its size does not grow with the number of readings."""

    def __init__(self) -> None:
        self.features = {name: made() for name, made in FEATURES.items()}
        self.tails = {name: Tail() for name in FEATURES}
        self.count = 0
        self.peaks: list[tuple[int, float]] = []

    def add(self, value: float, second: int) -> Judgement:
        """Judge a reading taken at that second of the plant's day, then learn from it. ValueError if not finite."""
        if not isfinite(value):
            raise ValueError("a reading must be a finite number; readings without a value are not judged")
        self.count += 1
        surprises = {name: self.tails[name].add(one.add(value, second)) for name, one in self.features.items()}
        score = (sum(one**_POWER for one in surprises.values()) / len(surprises)) ** (1.0 / _POWER)
        news = self._is_news(score)
        if self.count % FADE_EVERY == 0:
            self._fade()
        return Judgement(score, news, news and score >= THRESHOLD and self.count > LEARNING, surprises)

    def _is_news(self, score: float) -> bool:
        """Whether no score of the refractory period before was as high."""
        peaks, oldest = self.peaks, self.count - REFRACTORY
        while peaks and peaks[0][0] < oldest:
            del peaks[0]
        news = not peaks or score > peaks[0][1]
        while peaks and peaks[-1][1] <= score:
            peaks.pop()
        peaks.append((self.count, score))
        return news

    def _fade(self) -> None:
        for name, one in self.features.items():
            one.fade()
            self.tails[name].fade()

    def dump(self) -> dict[str, Any]:
        """Everything needed to go on, for JSON."""
        return {
            "method": NAME, "count": self.count, "peaks": [list(one) for one in self.peaks],
            "features": {name: one.dump() for name, one in self.features.items()},
            "tails": {name: one.dump() for name, one in self.tails.items()},
        }  # fmt: skip

    @classmethod
    def load(cls, state: dict[str, Any] | None) -> Detector:
        """The detector as it was dumped; a new one where there is no state, or one of another method."""
        made = cls()
        if not state or state.get("method") != NAME:
            return made
        made.count = int(state["count"])
        made.peaks = [(int(at), float(score)) for at, score in state["peaks"]]
        for name, one in made.features.items():
            one.load(state["features"][name])
            made.tails[name].load(state["tails"][name])
        return made
