"""Scrap that left its limits: one condition per item and line while its episode lasts."""

from __future__ import annotations

from decimal import Decimal

from opscopilot.forecasting import words
from opscopilot.forecasting.alerting.conditions import Condition
from opscopilot.kernel.db import Row, Tx

_WEEK_H = 168
# Rules that a stable process breaks rarely enough to call somebody: a point beyond 3 sigma, two of three beyond 2.
_OPEN = """
SELECT c.id, c.sku_id, c.line, c.center, c.false_alarm_every, c.open_since, c.points, k.sku_code, k.description,
    k.base_uom, k.unit_cost, coalesce(k.currency, :currency) AS currency, q.input, g.at AS week
FROM forecast.control_charts c
JOIN manufacturing.skus k ON k.tenant_id = c.tenant_id AND k.id = c.sku_id
JOIN LATERAL (SELECT max(point_at) AS at FROM forecast.control_signals x WHERE x.tenant_id = c.tenant_id
    AND x.chart_id = c.id AND x.episode_at = c.open_since AND x.side = 'high'
    AND x.rule IN ('western_electric_1', 'western_electric_2')) g ON g.at IS NOT NULL
LEFT JOIN LATERAL (SELECT sum(n) AS input FROM quality_done d WHERE d.sku_id = c.sku_id AND d.line = c.line
    AND d.day > CAST(g.at AS date) - 7 AND d.day <= CAST(g.at AS date)) q ON true
WHERE c.subject = 'sku' AND c.open_since IS NOT NULL ORDER BY k.sku_code COLLATE "C", c.line
"""


def current(tx: Tx, currency: str) -> list[Condition]:
    """What is out of its limits now. Reads the temporary tables of this transaction's scrap forecast."""
    return [_condition(row) for row in tx.rows(_OPEN, currency=currency)]


def _condition(row: Row) -> Condition:
    point = next((one for one in reversed(row["points"]) if one["at"][:10] == row["week"].date().isoformat()),
                 row["points"][-1])  # fmt: skip
    share, center = float(point["value"]), float(row["center"])
    over = max(0.0, share - center) * float(row["input"] or 0)
    cost = row["unit_cost"]
    amount = (Decimal(repr(over)) * cost).quantize(Decimal("0.0001")) if cost else None
    line = f" on line {row['line']}" if row["line"] else ""
    money = f", worth {words.money(amount, row['currency'])} at standard cost" if amount else \
        "; what that costs is unknown: no standard cost"  # fmt: skip
    extra = words.amount(Decimal(f"{over:.3f}"), row["base_uom"])
    return Condition(
        f"anomaly:scrap:{row['sku_id']}:{row['line']}", "anomaly", "high" if share >= 2 * center else "medium",
        f"Scrap of {row['description']}{line} is out of its limits",
        f"{row['description']} ({row['sku_code']}){line}: {_percent(share)} scrap in the week to "
        f"{row['week']:%Y-%m-%d}, usually {_percent(center)}, upper limit {_percent(float(point['upper']))}. "
        f"That is {extra} more than usual{money}. A stable process gives a false alarm about every "
        f"{row['false_alarm_every']:.0f} weeks.",
        "sku", row["sku_id"], row["sku_code"], Decimal(f"{share:.6f}"), Decimal(f"{float(point['upper']):.6f}"), None,
        amount, row["currency"] if amount is not None else None,
        details={"chart_id": str(row["id"]), "since": row["open_since"].isoformat(), "line": row["line"]},
        actions=(f"Find out what changed for {row['description']}{line} in the week to {row['week']:%Y-%m-%d}.",),
        name=row["description"], place=row["line"] or None,
        per_hour=(amount / _WEEK_H).quantize(Decimal("0.0001")) if amount is not None else None,
    )  # fmt: skip


def _percent(share: float) -> str:
    """Scrap is small: two digits that count."""
    return f"{share * 100:.2g} %"
