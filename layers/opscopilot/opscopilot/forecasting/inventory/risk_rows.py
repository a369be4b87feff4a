"""Risks as rows of forecast.inventory_risks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opscopilot.forecasting import copyio
from opscopilot.forecasting.inventory import explain
from opscopilot.forecasting.inventory.assessed import Assessed
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

_COLUMNS = (
    "tenant_id", "version_id", "sku_id", "sku_code", "as_of", "uom", "risk_level", "stockout_probability",
    "days_until_critical", "days_of_supply", "days_horizon", "recommended_reorder_qty", "reorder_needed",
    "reorder_recommended", "needs_human", "risk_factors", "on_hand", "available", "on_order", "due_in_lead_time",
    "backorders", "inventory_position", "reorder_point", "reorder_point_basis", "safety_stock", "order_up_to",
    "lead_time_days_mean", "lead_time_days_sd", "lead_time_basis", "lead_time_n", "lead_time_demand",
    "expected_lost_qty", "unit_value", "unit_value_basis", "money_at_stake", "currency", "order_advised",
    "reorder_trigger", "expected_in_lead_time", "probability_if_on_time", "safety_stock_basis", "demand_basis",
    "predecessor_stock",
)  # fmt: skip


def store(tx: Tx, version: Version, found: Sequence[Assessed]) -> None:
    """Replace the version's risks."""
    tx.execute("DELETE FROM forecast.inventory_risks WHERE version_id = :version", version=version.id)
    columns = ", ".join(_COLUMNS)
    copyio.stage(tx, "risks_now", "forecast.inventory_risks", _COLUMNS, _rows(tx, version, found))
    tx.execute(f"INSERT INTO forecast.inventory_risks ({columns}) SELECT {columns} FROM risks_now")


def _rows(tx: Tx, version: Version, found: Sequence[Assessed]) -> Iterator[list[Any]]:
    horizon = (version.horizon_end - version.as_of).days
    for item in found:
        one, risk, stake = item.one, item.risk, item.stake
        advice, value = risk.advice, explain.unit_value(one) or (None, None)
        cover = None if risk.days_of_supply is None else f"{risk.days_of_supply:.2f}"
        yield [
            tx.tenant_id, version.id, item.sku_id, one.sku["sku_code"], version.as_of, one.sku["base_uom"],
            risk.level, _share(risk.probability), risk.days_until_critical, cover, horizon,
            advice.quantity if advice else 0, risk.reorder_needed, risk.reorder_recommended,
            bool(advice and advice.conflict), item.factors, one.on_hand, one.available, risk.incoming.on_order,
            risk.incoming.due_in_lead_time, one.backorders, risk.position, risk.reorder_point,
            risk.reorder_point_basis, risk.safety_stock, risk.order_up_to, risk.lead_time.mean, risk.lead_time.sd,
            risk.lead_time.basis, risk.lead_time.n, risk.lead_time_demand, risk.expected_lost, *value,
            stake.amount if stake else None, stake.currency if stake else None, risk.order_advised, risk.trigger,
            risk.incoming.expected, _share(risk.if_on_time), risk.safety_stock_basis,
            item.case.outlook.basis if item.case.outlook else None, item.case.inherited,
        ]  # fmt: skip


def _share(value: float | None) -> str | None:
    return None if value is None else f"{min(max(value, 0.0), 1.0):.6f}"
