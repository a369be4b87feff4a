"""Rules are tried on a file before they judge its records: one that most of them break is a question about the
mapping, not a thousand faults (P-28)."""

from __future__ import annotations

from datetime import time

import duckdb

from opscopilot.catalogue import validation
from opscopilot.staging.binding import Binding
from opscopilot.staging.recipe import ColumnFormat

_SAMPLE = 20_000
_ENOUGH = 5
_MOST = 0.5


def doubted(
    db: duckdb.DuckDBPyConnection, binding: Binding, formats: dict[str, ColumnFormat], zone: str, day_start: time
) -> dict[str, ColumnFormat]:
    """The formats, with the pairs of dates whose order most of the loaded records contradict."""
    from opscopilot.staging.checking import checks_of

    checks = {check.field.name: check for check in checks_of(binding, formats, zone, day_start)}
    pairs = [(one, check.field.name) for check in checks.values() for one in check.after]
    if not pairs:
        return formats
    names = sorted({name for pair in pairs for name in pair})
    bounds = [one for one in binding.bounds if one.field.name in names and not one.derived]
    raw = ", ".join(f"{one.sql} AS r_{one.field.name}" for one in bounds)
    values = ", ".join(f"{validation.canonical(checks[one.field.name])} AS v_{one.field.name}" for one in bounds)
    asked = ", ".join(
        f"count(*) FILTER (WHERE v_{b} < v_{a}), count(*) FILTER (WHERE v_{a} IS NOT NULL AND v_{b} IS NOT NULL)"
        for a, b in pairs
    )
    counts = (
        db.execute(f"SELECT {asked} FROM (SELECT {values} FROM (SELECT {raw} FROM raw LIMIT {_SAMPLE}))").fetchone()
        or ()
    )
    found = dict(formats)
    for place, (first, second) in enumerate(pairs):
        wrong, both = counts[2 * place], counts[2 * place + 1]
        if both >= _ENOUGH and wrong > _MOST * both:
            known = found.get(second, ColumnFormat())
            found[second] = known.model_copy(update={"unordered": (*known.unordered, first)})
    return found
