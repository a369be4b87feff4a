"""From whatever a caller has to a finite history the engine can use, saying what was done to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray

LARGEST, SMALLEST = 1e30, 1e-30
"""Beyond these a number is not a quantity but an accident of floating point."""
_INTERMITTENT_GAP = 1.32
"""Average demand interval from which demand counts as intermittent (Syntetos and Boylan)."""


@dataclass(frozen=True, slots=True)
class History:
    """`values` finite and >= 0, possibly empty; `observed` how many of them were really there.

    `kind`: "none" nothing observed, "zero" never any demand, "short" too few points, "intermittent", "regular".
    """

    values: FloatArray
    observed: int
    kind: str
    refusal: str | None
    note: str


def clean(series: FloatArray, min_points: int) -> History:
    """Read one series, oldest first. NaN and infinities are gaps; negative demand is refused and read as 0."""
    raw = np.asarray(series, dtype=np.float64).ravel()
    known = np.isfinite(raw)
    if not known.any():
        return History(np.zeros(0), 0, "none", "no history: there is no observed period", "")
    notes: list[str] = []
    refusal = None
    first = int(np.argmax(known))
    raw, known = raw[first:], known[first:]
    values = np.where(known, raw, 0.0)
    if (values < 0).any():
        where = int(np.argmax(values < 0))
        refusal = f"negative demand ({values[where]:g} in period {first + where + 1}): returns are not demand"
        values = np.maximum(values, 0.0)
    if (values > LARGEST).any():
        refusal = f"value above {LARGEST:g} is not a quantity"
        values = np.minimum(values, LARGEST)
    values[values < SMALLEST] = 0.0
    values = _fill(values, known, notes)
    start = _launch(values)
    if start:
        notes.append(f"history begins at the first demand, {start} leading zero periods left out")
        values, known = values[start:], known[start:]
    observed = int(known.sum())
    kind = _kind(values, observed, min_points)
    if refusal is None and kind == "short":
        refusal = f"too few data: {observed} observed periods, at least {min_points} are needed"
    return History(values, observed, kind, refusal, "; ".join(notes))


def _fill(values: FloatArray, known: np.typing.NDArray[np.bool_], notes: list[str]) -> FloatArray:
    """Gaps between observations by straight line; after the last observation its recent mean."""
    missing = int((~known).sum())
    if not missing:
        return values
    at = np.flatnonzero(known)
    filled = np.interp(np.arange(len(values)), at, values[at])
    tail = len(values) - 1 - int(at[-1])
    if tail:
        filled[-tail:] = values[at[-4:]].mean()
    notes.append(f"{missing} missing periods filled")
    return filled


def _launch(values: FloatArray) -> int:
    """Leading zero periods to leave out: a run far longer than any later gap is the time before launch."""
    hits = np.flatnonzero(values > 0)
    if not len(hits):
        return 0
    lead = int(hits[0])
    longest = int(np.diff(hits).max()) if len(hits) > 1 else 1
    return lead if lead >= 2 * longest else 0


def _kind(values: FloatArray, observed: int, min_points: int) -> str:
    if observed < min_points:
        return "short"
    hits = int((values > 0).sum())
    if hits == 0:
        return "zero"
    return "intermittent" if len(values) / hits > _INTERMITTENT_GAP else "regular"
