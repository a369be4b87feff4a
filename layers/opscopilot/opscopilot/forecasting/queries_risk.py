"""Questions about inventory risk: the list by what is at stake, one SKU, the counts."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from opscopilot.forecasting.schemas import ForecastVersion, InventoryRisk, RiskLevel, RiskSummary
from opscopilot.kernel.db import Tx
from opscopilot.kernel.pagination import Page, decode_cursor, page

Sort = Literal["money", "probability", "code"]
_RISK = """
SELECT {keys}r.*, r.sku_id AS entity_id, k.description, :code AS version
FROM forecast.inventory_risks r
JOIN manufacturing.skus k ON k.tenant_id = r.tenant_id AND k.id = r.sku_id
"""
# Two keys and the code, so that pages stay put; unknown comes after every known value.
_KEYS = {
    "money": ("-coalesce(r.money_at_stake, -1)", "-coalesce(r.stockout_probability, -1)"),
    "probability": ("-coalesce(r.stockout_probability, -1)", "-coalesce(r.money_at_stake, -1)"),
    "code": ("CAST(0 AS numeric)", "CAST(0 AS numeric)"),
}


def inventory_risks(
    tx: Tx, version: ForecastVersion, *, risk_level: RiskLevel | None = None, reorder: bool | None = None,
    sort: Sort = "money", cursor: str | None = None, limit: int = 50,
) -> Page[InventoryRisk]:  # fmt: skip
    """Risks of a version, by default the most money first. `reorder` filters on order_advised."""
    where = ["r.version_id = :version"]
    params: dict[str, Any] = {"version": version.id}
    if risk_level is not None:
        where.append("r.risk_level = :level")
        params["level"] = risk_level
    if reorder is not None:
        where.append("r.order_advised = :reorder")
        params["reorder"] = reorder
    total = int(tx.scalar(f"SELECT count(*) FROM forecast.inventory_risks r WHERE {' AND '.join(where)}", **params))
    first, second = _KEYS[sort]
    order = f'{first}, {second}, r.sku_code COLLATE "C"'
    if cursor is not None:
        one, two, code = decode_cursor(cursor, 3)
        where.append(f"({order}) > (CAST(:k1 AS numeric), CAST(:k2 AS numeric), :k3)")
        params |= {"k1": str(one), "k2": str(two), "k3": str(code)}
    rows = tx.rows(
        f"{_RISK.format(keys=f'{first} AS k1, {second} AS k2, ')} WHERE {' AND '.join(where)} "
        f"ORDER BY {order} LIMIT :rows",
        **params, rows=limit + 1, code=version.code,
    )  # fmt: skip
    return page(rows, limit, total, ("k1", "k2", "sku_code"), InventoryRisk.model_validate)


def inventory_risk(tx: Tx, sku_id: UUID, version: ForecastVersion) -> InventoryRisk | None:
    """The risk of one SKU; None when it had neither stock nor demand."""
    row = tx.one(
        f"{_RISK.format(keys='')} WHERE r.version_id = :version AND r.sku_id = :sku",
        code=version.code, version=version.id, sku=sku_id,
    )  # fmt: skip
    return None if row is None else InventoryRisk.model_validate(row)


def risk_summary(tx: Tx, version: ForecastVersion) -> RiskSummary:
    """How many SKUs are in which state."""
    rows = tx.rows(
        """SELECT coalesce(risk_level, 'not_assessed') AS level, count(*) AS n,
               count(*) FILTER (WHERE reorder_needed) AS needed,
               count(*) FILTER (WHERE reorder_recommended) AS recommended,
               count(*) FILTER (WHERE order_advised) AS advised
           FROM forecast.inventory_risks WHERE version_id = :version GROUP BY 1""",
        version=version.id,
    )  # fmt: skip
    levels = {row["level"]: int(row["n"]) for row in rows}
    missing = levels.pop("not_assessed", 0)
    return RiskSummary(
        version=version.code, as_of=version.as_of, assessed=sum(levels.values()), by_level=levels,
        not_assessed=missing, reorder_needed=sum(row["needed"] for row in rows),
        reorder_recommended=sum(row["recommended"] for row in rows),
        order_advised=sum(row["advised"] for row in rows),
    )  # fmt: skip
