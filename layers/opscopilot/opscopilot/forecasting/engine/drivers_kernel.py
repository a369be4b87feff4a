"""What linear effects leave over: thresholds, saturation, combinations; learnt once for the whole batch.

Ridge regression on random Fourier features of a Gaussian kernel (Rahimi and Recht 2007), with frequencies from a fixed
sequence so that the same input gives the same numbers.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from opscopilot.forecasting.engine.drivers_effects import Effects, Partial
from opscopilot.forecasting.engine.drivers_features import Features
from opscopilot.forecasting.engine.types import FloatArray, IntArray

_FREQUENCIES = 128
_WIDTH = 0.6
"""Of the kernel, in typical distances between inputs."""
_RIDGE = (0.005, 10.0)
_CHUNK = 64
_FEWEST = 2000
"""Observed periods of the batch below which nothing but linear effects can be told."""
_LARGEST = 0.7
_FIRST_PRIMES = 200


class _Waves(NamedTuple):
    """Frequencies (d, D), phases (D,), scales (d,) of the inputs, and which features they are."""

    frequency: FloatArray
    phase: FloatArray
    scale: FloatArray
    inputs: IntArray

    def of(self, x: FloatArray) -> FloatArray:
        """(..., D) waves of (..., K) features."""
        angle = (x[..., self.inputs] / self.scale) @ self.frequency + self.phase
        waves: FloatArray = np.cos(angle) * np.sqrt(2 / len(self.phase))
        return waves


def leftovers(data: Partial, features: Features, found: Effects, ahead: FloatArray, last: int) -> FloatArray:
    """(K+1, n, h) what to add to the log effect of the features `ahead` (K+1, n, h, K) of every origin.

    `last` is how many of the last periods some origin hides: the origins' corrections never saw them.
    """
    out = np.zeros(ahead.shape[:3])
    inputs = [k for k, name in enumerate(features.names) if "×" not in name and "²" not in name]
    if float(data.count.sum()) < _FEWEST or not inputs:
        return out
    waves = _waves(features.x, np.array(inputs[:_FIRST_PRIMES], dtype=np.int64))
    early, late = _sums(data, features.x, found, waves, data.rest.shape[1] - last)
    whole, before = _ridge(early + late), _ridge(early)
    for k, x in enumerate(ahead):
        out[k] = np.clip(waves.of(x) @ (before if k else whole), -_LARGEST, _LARGEST)
    return out


def _waves(x: FloatArray, inputs: IntArray) -> _Waves:
    """Normal frequencies and uniform phases from the fractional parts of multiples of square roots of primes."""
    size = len(inputs)
    scale = np.maximum(np.sqrt((x[:, :, inputs] ** 2).mean(axis=(0, 1))), 1e-9)
    roots = np.sqrt(np.array(_primes(size + 1), dtype=np.float64))
    grid = np.clip((np.arange(1, _FREQUENCIES + 1)[:, None] * roots[None, :]) % 1.0, 1e-6, 1 - 1e-6)
    normal = np.array([[NormalDist().inv_cdf(float(u)) for u in row[:size]] for row in grid])
    return _Waves((normal / (_WIDTH * np.sqrt(size))).T, 2 * np.pi * grid[:, size], scale, inputs)


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _sums(data: Partial, x: FloatArray, found: Effects, waves: _Waves, split: int) -> tuple[FloatArray, FloatArray]:
    """(D, D + 1) sums of squares and products of the waves and what is left of demand, before and from row `split`."""
    size, rows = len(waves.phase), data.rest.shape[1]
    early, late = np.zeros((size, size + 1)), np.zeros((size, size + 1))
    for low in range(0, len(x), _CHUNK):
        part = slice(low, low + _CHUNK)
        left = data.rest[part] - np.einsum("ntk,nk->nt", data.x[part], found.beta[part])
        weight = data.known[part] / found.noise[part, None]
        wave = waves.of(x[part, :rows])
        total = np.maximum(weight.sum(axis=1), 1e-12)[:, None, None]
        wave -= (wave * weight[:, :, None]).sum(axis=1, keepdims=True) / total
        table = np.concatenate([wave, left[:, :, None]], axis=2) * weight[:, :, None]
        for sums, span in ((early, slice(0, split)), (late, slice(split, rows))):
            sums += wave[:, span].reshape(-1, size).T @ table[:, span].reshape(-1, size + 1)
    return early, late


def _ridge(sums: FloatArray) -> FloatArray:
    gram, cross = sums[:, :-1], sums[:, -1]
    size = len(cross)
    penalty = _RIDGE[0] * float(np.trace(gram)) / size + _RIDGE[1]
    return np.linalg.solve(gram + penalty * np.eye(size), cross).astype(np.float64)
