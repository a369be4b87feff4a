"""What a run cost: gigabyte-seconds of its batches at Lambda's list price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.kernel.db import Tx

USD_PER_GB_SECOND = Decimal("0.0000133334")
"""AWS Lambda on arm64 in eu-west-1, on demand, first tier, as of 2026-11. Ephemeral storage, the database and data
transfer are not in it."""
USD_PER_INVOCATION = Decimal("0.0000002")
"""AWS Lambda requests in eu-west-1, as of 2026-11."""
USD_PER_TRANSITION = Decimal("0.000025")
"""A state transition of a standard workflow in eu-west-1, as of 2026-11."""
TRANSITIONS_PER_BATCH = 3
"""Start of the child execution, its task, its end."""
PRICES = "AWS list prices, eu-west-1, arm64, 2026-11"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run. `gb_seconds`: latency times memory over all attempts of its batches. `usd_per_1000` series is None
    before any series is done."""

    series: int
    invocations: int
    gb_seconds: Decimal
    usd: Decimal
    usd_per_1000: Decimal | None

    def as_json(self) -> dict[str, Any]:
        """As it is printed; amounts as text."""
        return {
            "series": self.series, "gb_seconds": str(round(self.gb_seconds, 3)), "usd": str(round(self.usd, 6)),
            "usd_per_1000_series": None if self.usd_per_1000 is None else str(round(self.usd_per_1000, 6)),
            "prices": PRICES,
        }  # fmt: skip


def cost(series: int, invocations: int, gb_seconds: Decimal) -> Cost:
    """Price what was used; series of batches that a run found finished are not its own."""
    usd = (
        gb_seconds * USD_PER_GB_SECOND + invocations * USD_PER_INVOCATION
        + invocations * TRANSITIONS_PER_BATCH * USD_PER_TRANSITION
    )  # fmt: skip
    return Cost(series, invocations, gb_seconds, usd, usd / series * 1000 if series else None)


def of_run(tx: Tx, run_id: UUID) -> Cost:
    """What the batches computed by this run came to."""
    row = tx.one(
        """SELECT coalesce(sum(series) FILTER (WHERE status = 'completed'), 0) AS series,
               coalesce(sum(attempts), 0) AS attempts, coalesce(sum(gb_seconds), 0) AS gb_seconds
           FROM forecast.model_executions WHERE run_id = :run""",
        run=run_id,
    )  # fmt: skip
    assert row is not None
    return cost(int(row["series"]), int(row["attempts"]), Decimal(row["gb_seconds"]))
