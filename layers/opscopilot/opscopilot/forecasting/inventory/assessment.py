"""Inventory risk of every SKU that has stock or demand, written under the version it follows from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from opscopilot.forecasting import copyio
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.inventory import explain
from opscopilot.forecasting.inventory.positions import Position, positions
from opscopilot.forecasting.inventory.risk import Outlook, Risk, Window, assess
from opscopilot.forecasting.runs.versions import Version
from opscopilot.forecasting.supply.leadtimes import sourcing
from opscopilot.kernel.db import Tx
from opscopilot.kernel.money import Money

_COLUMNS = (
    "tenant_id", "version_id", "sku_id", "sku_code", "as_of", "uom", "risk_level", "stockout_probability",
    "days_until_critical", "days_of_supply", "days_horizon", "recommended_reorder_qty", "reorder_needed",
    "reorder_recommended", "needs_human", "risk_factors", "on_hand", "available", "on_order", "due_in_lead_time",
    "backorders", "inventory_position", "reorder_point", "reorder_point_basis", "safety_stock", "order_up_to",
    "lead_time_days_mean", "lead_time_days_sd", "lead_time_basis", "lead_time_n", "lead_time_demand",
    "expected_lost_qty", "unit_value", "unit_value_basis", "money_at_stake", "currency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assessed:
    """One SKU's position and what was made of it. `runs_out`: the projected day, inside the horizon."""

    one: Position
    risk: Risk
    factors: list[str]
    stake: Money | None
    runs_out: date | None

    @property
    def sku_id(self) -> UUID:
        return UUID(str(self.one.sku["id"]))


def assess_all(tx: Tx, version: Version, config: ForecastConfig, currency: str) -> list[Assessed]:
    """Judge every SKU with stock or demand as of the version's cut, by code."""
    known = sourcing(tx, version.as_of, config)
    outlooks, refused = _outlooks(tx, version)
    window = Window(version.as_of, version.horizon_start, version.horizon_end)
    out = []
    for sku_id, one in positions(tx, version.as_of, currency).items():
        if not one.stock_rows and sku_id not in outlooks and sku_id not in refused:
            continue
        risk = assess(one, known[sku_id], outlooks.get(sku_id), window, config)
        reason = refused.get(sku_id, "nobody has ordered it from us")
        stake = explain.money_at_stake(one, risk, currency)
        lasts = None if risk.days_of_supply is None else date.fromordinal(
            version.as_of.toordinal() + 1 + int(risk.days_of_supply))  # fmt: skip
        out.append(Assessed(one, risk, explain.factors(one, risk, config, reason), stake, lasts))
    return sorted(out, key=lambda item: str(item.one.sku["sku_code"]))


def _outlooks(tx: Tx, version: Version) -> tuple[dict[UUID, Outlook], dict[UUID, str]]:
    """Forecasts by SKU, and the reasons of those that were refused one."""
    values: dict[UUID, list[Decimal]] = {}
    for row in tx.rows(
        """SELECT entity_id, array_agg(value ORDER BY bucket_start) AS path FROM forecast.forecasts
           WHERE version_id = :version AND location_id IS NULL GROUP BY entity_id""",
        version=version.id,
    ):  # fmt: skip
        values[row["entity_id"]] = row["path"]
    found: dict[UUID, Outlook] = {}
    refused: dict[UUID, str] = {}
    for row in tx.rows(
        """SELECT entity_id, status, reason, lead_time_mean, lead_time_levels, lead_time_quantiles, order_up_to
           FROM forecast.forecast_series WHERE version_id = :version""",
        version=version.id,
    ):  # fmt: skip
        key = row["entity_id"]
        if row["status"] == "ok":
            levels, quantiles = np.array(row["lead_time_levels"]), np.array(row["lead_time_quantiles"])
            found[key] = Outlook(values[key], row["lead_time_mean"], levels, quantiles, row["order_up_to"])
        else:
            refused[key] = str(row["reason"])
    return found, refused


def store(tx: Tx, version: Version, found: list[Assessed]) -> None:
    """Replace the version's risks."""
    tx.execute("DELETE FROM forecast.inventory_risks WHERE version_id = :version", version=version.id)
    columns = ", ".join(_COLUMNS)
    copyio.stage(tx, "risks_now", "forecast.inventory_risks", _COLUMNS, _rows(tx, version, found))
    tx.execute(f"INSERT INTO forecast.inventory_risks ({columns}) SELECT {columns} FROM risks_now")


def _rows(tx: Tx, version: Version, found: list[Assessed]) -> Iterator[list[Any]]:
    horizon = (version.horizon_end - version.as_of).days
    for item in found:
        one, risk, stake = item.one, item.risk, item.stake
        advice, value = risk.advice, explain.unit_value(one) or (None, None)
        probability = None if risk.probability is None else f"{risk.probability:.6f}"
        cover = None if risk.days_of_supply is None else f"{risk.days_of_supply:.2f}"
        yield [
            tx.tenant_id, version.id, item.sku_id, one.sku["sku_code"], version.as_of, one.sku["base_uom"],
            risk.level, probability, risk.days_until_critical, cover, horizon,
            advice.quantity if advice else 0, risk.reorder_needed, risk.reorder_recommended,
            bool(advice and advice.conflict), item.factors, one.on_hand, one.available, risk.incoming.on_order,
            risk.incoming.due_in_lead_time, one.backorders, risk.position, risk.reorder_point,
            risk.reorder_point_basis, risk.safety_stock, risk.order_up_to, risk.lead_time.mean, risk.lead_time.sd,
            risk.lead_time.basis, risk.lead_time.n, risk.lead_time_demand, risk.expected_lost, *value,
            stake.amount if stake else None, stake.currency if stake else None,
        ]  # fmt: skip
