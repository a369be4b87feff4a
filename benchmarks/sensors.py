"""How well the sensor detector finds labelled faults, by the rule of the Numenta Anomaly Benchmark (NAB).

    make bench-sensors DATA=<folder or archive of NAB: data/ and labels/combined_windows.json>

Every reading is judged when it comes, by the product's own streaming detector with its one setting for all files.
Without DATA generated signals with built-in faults are judged instead, and the benchmark says so. Besides the
published rule (one threshold for all files, the best per profile) it prints the score with the product's own fixed
threshold, and the mean score on one half of the files with the threshold of the other half. For comparison, NAB's
scoreboard (standard / low FP / low FN): ARTime 74.9/65.1/80.4, Numenta HTM 70.5/62.6/75.2, CAD OSE 69.9/67.0/73.2,
earthgecko Skyline 58.2/46.2/63.9, KNN CAD 58.0/43.4/64.8, AWS Random Cut Forest 51.7/38.4/59.7.
The last line is RESULT {json}.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from time import process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks.sensing import scoring
from benchmarks.sensing.series import Series, generated, read
from opscopilot.forecasting.quality.sensors.detector import NAME, THRESHOLD, Detector

Scores = dict[str, NDArray[np.float64]]


def judge(series: Sequence[Series]) -> tuple[Scores, float]:
    """Each reading's score where it would be news, else 0; and processor milliseconds per reading."""
    found: Scores = {}
    started = process_time()
    for one in series:
        detector = Detector()
        told = []
        for value, second in zip(one.values.tolist(), one.seconds, strict=True):
            said = detector.add(value, second)
            told.append(said.score if said.news else 0.0)
        found[one.name] = np.array(told)
    readings = sum(len(one.values) for one in series)
    return found, (process_time() - started) * 1000.0 / readings


def halves(series: Sequence[Series], scores: Mapping[str, NDArray[np.float64]], splits: int = 10) -> float:
    """Mean standard score of one half of the files with the threshold that is best on the other half."""
    rng, found = Random(1), []
    for _ in range(splits):
        files = list(series)
        rng.shuffle(files)
        one, other = files[::2], files[1::2]
        for chosen, scored in ((one, other), (other, one)):
            threshold = scoring.best(chosen, scores, "standard")[1]
            found.append(scoring.at(scored, scores, "standard", threshold))
    return float(np.mean(found))


def main(path: Path | None) -> None:
    """Judge, score, print."""
    series = read(path) if path else generated()
    readings = sum(len(one.values) for one in series)
    windows = sum(len(one.windows) for one in series)
    what = f"{path}" if path else "no DATA given: generated signals, not comparable with any scoreboard"
    print(f"{what}\n{len(series)} files, {readings:,} readings, {windows} labelled windows; detector {NAME}")
    scores, per_reading = judge(series)
    found = {name: scoring.best(series, scores, name) for name in scoring.PROFILES}
    for name, (points, threshold) in found.items():
        print(f"{name:<10} {points:6.1f}   threshold {threshold:.2f}")
    fixed = scoring.at(series, scores, "standard", THRESHOLD)
    print(f"standard with the product's threshold {THRESHOLD}: {fixed:.1f}")
    print(f"standard with thresholds carried over between halves of the files: {halves(series, scores):.1f}")
    print(f"{per_reading:.3f} ms per reading on one core")
    result = {f"nab_{name}": round(points, 1) for name, (points, _) in found.items()}
    print("RESULT " + json.dumps(result | {"ms_per_point": round(per_reading, 3), "files": len(series),
                                           "generated": path is None}))  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None, help="folder or archive of NAB")
    main(parser.parse_args().data)
