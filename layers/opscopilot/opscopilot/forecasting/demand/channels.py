"""Channels that fell silent (P-56): their missing orders look like a collapse of demand and are none.

A channel that ordered regularly and now has said nothing for one and a half times its longest pause, while others go
on ordering, is most likely a file that was not loaded. Items that live on it are refused, others carry a note. After
half a year of silence the channel is taken to have ended.
"""

from __future__ import annotations

from collections.abc import Sequence

from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.forecasting.demand.periods import Period
from opscopilot.kernel.db import Tx

_REFUSE_FROM, _NOTE_FROM = 0.5, 0.1
"""Share of an item's demand in the year before the silence."""

_BROKEN = """
WITH days AS (
    SELECT channel, day, day - lag(day) OVER (PARTITION BY channel ORDER BY day) AS pause FROM (
        SELECT DISTINCT channel, day FROM demand_orders
        WHERE channel IS NOT NULL AND day BETWEEN CAST(:until AS date) - 730 AND :until AND ordered > 0) d
), habits AS (
    SELECT channel, count(*) AS n, max(pause) AS longest, max(day) AS last, CAST(:until AS date) - max(day) AS silent
    FROM days GROUP BY channel
)
SELECT h.channel, h.last FROM habits h
WHERE h.n >= 6 AND h.silent >= 21 AND h.silent > 1.5 * h.longest AND h.silent <= 183
  AND EXISTS (SELECT 1 FROM habits o WHERE o.channel <> h.channel AND o.last > h.last + 21) ORDER BY h.channel
"""
_SHARES = """
WITH shares AS (
    SELECT sku_id, sum(ordered) FILTER (WHERE channel = :channel) / sum(ordered) AS share FROM demand_orders
    WHERE day > CAST(:last AS date) - 365 AND day <= :last AND ordered > 0 GROUP BY sku_id
)
UPDATE forecast.demand_series s SET
    refusal = CASE WHEN h.share >= :refuse THEN concat_ws(' ', s.refusal, CAST(:text AS text)
        || to_char(100 * h.share, 'FM990') || ' % of this item''s demand: its orders are probably not loaded') END,
    note = CASE WHEN h.share < :refuse THEN concat_ws('; ', s.note, CAST(:text AS text)
        || to_char(100 * h.share, 'FM990') || ' % of this item''s demand') END
FROM shares h WHERE h.sku_id = s.sku_id AND h.share >= :note AND s.period = ANY(CAST(:periods AS text[]))
"""


def note_breaks(tx: Tx, cut: DataCut, periods: Sequence[Period]) -> list[str]:
    """Write refusals and notes into demand_series for the channels that fell silent; the names of those."""
    names = [period.name for period in periods]
    tx.execute(
        """UPDATE forecast.demand_series SET note = NULL, refusal = NULL
           WHERE period = ANY(CAST(:periods AS text[])) AND (note IS NOT NULL OR refusal IS NOT NULL)""",
        periods=names,
    )  # fmt: skip
    broken = tx.rows(_BROKEN, until=cut.complete_day)
    for row in broken:
        text = f"channel '{row['channel']}' has not ordered anything since {row['last']} although it did so regularly, "
        tx.execute(
            _SHARES, channel=row["channel"], last=row["last"], text=f"{text}and was ", refuse=_REFUSE_FROM,
            note=_NOTE_FROM, periods=names,
        )  # fmt: skip
    return [row["channel"] for row in broken]
