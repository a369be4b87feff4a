"""The circuit breakers of a tenant as rows, shared by every process that sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from opscopilot.kernel.db import Row, Tx
from opscopilot.notifications.delivery.breaker import Breaker
from opscopilot.notifications.delivery.model import Destination

Prober = Callable[[Destination], Breaker | None]
"""Claims the right to try one message at a destination; None when somebody else has it."""
_COLUMNS = "channel, destination, state, failures, opened_at, retry_at, last_error"


def watched(tx: Tx) -> dict[Destination, Breaker]:
    """The destinations that have failed lately; all others are doing well."""
    found = tx.rows(f"SELECT {_COLUMNS} FROM notification.destinations WHERE state <> 'closed' OR failures > 0")
    return {_name(row): _breaker(row) for row in found}


def probe(tx: Tx, one: Destination, now: datetime) -> Breaker | None:
    """Claim the right to try one message; None when another process has just taken it."""
    row = tx.one(
        f"""SELECT {_COLUMNS} FROM notification.destinations WHERE channel = :channel AND destination = :destination
            FOR UPDATE SKIP LOCKED""",
        channel=one[0], destination=one[1],
    )  # fmt: skip
    if row is None or not _breaker(row).may_probe(now):
        return None
    probing = _breaker(row).probing(now)
    _write(tx, {one: probing}, now)
    return probing


def settle(
    tx: Tx, outcomes: Mapping[Destination, Sequence[str | None]], now: datetime
) -> dict[Destination, tuple[Breaker, Breaker]]:
    """Record what was met at these destinations, in order; each one's breaker before and after."""
    if not outcomes:
        return {}
    named = [{"channel": channel, "destination": destination} for channel, destination in sorted(outcomes)]
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM notification.destinations WHERE (channel, destination) IN
                (SELECT r.channel, r.destination FROM jsonb_to_recordset(CAST(:named AS jsonb))
                    AS r (channel text, destination text))
            ORDER BY channel, destination FOR UPDATE""",
        named=json.dumps(named),
    )  # fmt: skip
    known = {_name(row): _breaker(row) for row in rows}
    before = {one: known.get(one, Breaker()) for one in outcomes}
    after = {one: before[one].after(met, now) for one, met in outcomes.items()}
    _write(tx, {one: new for one, new in after.items() if new != before[one]}, now)
    return {one: (before[one], after[one]) for one in outcomes}


def _write(tx: Tx, breakers: Mapping[Destination, Breaker], now: datetime) -> None:
    if not breakers:
        return
    rows = [
        {"channel": channel, "destination": destination, "state": one.state, "failures": one.failures,
         "opened_at": one.opened_at and one.opened_at.isoformat(), "retry_at": one.retry_at and one.retry_at.isoformat(),
         "last_error": one.last_error}
        for (channel, destination), one in sorted(breakers.items(), key=lambda item: item[0])
    ]  # fmt: skip
    tx.execute(
        f"""INSERT INTO notification.destinations (tenant_id, {_COLUMNS}, updated_at)
            SELECT :tenant_id, r.*, :now FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (channel text,
                destination text, state text, failures integer, opened_at timestamptz, retry_at timestamptz,
                last_error text)
            ON CONFLICT (tenant_id, channel, destination) DO UPDATE SET state = excluded.state,
                failures = excluded.failures, opened_at = excluded.opened_at, retry_at = excluded.retry_at,
                last_error = excluded.last_error, updated_at = excluded.updated_at""",
        tenant_id=tx.tenant_id, rows=json.dumps(rows), now=now,
    )  # fmt: skip


def _name(row: Row) -> Destination:
    return row["channel"], row["destination"]


def _breaker(row: Row) -> Breaker:
    return Breaker(row["state"], row["failures"], row["opened_at"], row["retry_at"], row["last_error"])
