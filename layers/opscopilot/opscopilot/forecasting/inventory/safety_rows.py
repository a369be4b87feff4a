"""Recommended safety stocks as rows of forecast.safety_stocks, per SKU and, where an item leaves from several, per place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.forecasting import copyio
from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.inventory.cases import Case
from opscopilot.forecasting.inventory.classes import Class
from opscopilot.forecasting.runs.versions import Version
from opscopilot.kernel.db import Tx

_COLUMNS = (
    "tenant_id", "version_id", "sku_id", "location_id", "sku_code", "uom", "abc", "xyz", "demand_pattern", "adi", "cv2",
    "cv", "annual_demand", "annual_value", "demand_basis", "service_level_type", "service_level",
    "service_level_basis", "method", "d_mean", "d_sd", "lt_mean", "lt_sd", "lt_basis", "review_period",
    "protection_mean", "protection_sd", "levels", "quantiles", "order_quantity", "qty", "formula_qty", "reorder_point",
    "order_up_to", "csl", "fill_rate", "current_qty", "current_basis", "unit_cost", "currency", "value",
    "holding_rate", "holding_cost",
)  # fmt: skip
_CENT = Decimal("0.0001")


Place = tuple[UUID, UUID | None]
"""A SKU, over the whole plant (None) or at a location."""


def store(
    tx: Tx, version: Version, cases: Mapping[Place, Case], kinds: Mapping[UUID, Class], config: ForecastConfig,
    currency: str,
) -> None:  # fmt: skip
    """Replace the version's safety stocks."""
    tx.execute("DELETE FROM forecast.safety_stocks WHERE version_id = :version", version=version.id)
    columns = ", ".join(_COLUMNS)
    rows = _rows(tx, version, cases, kinds, config, currency)
    copyio.stage(tx, "safety_now", "forecast.safety_stocks", _COLUMNS, rows)
    tx.execute(f"INSERT INTO forecast.safety_stocks ({columns}) SELECT {columns} FROM safety_now")


def _rows(
    tx: Tx, version: Version, cases: Mapping[Place, Case], kinds: Mapping[UUID, Class], config: ForecastConfig,
    currency: str,
) -> Iterator[list[Any]]:  # fmt: skip
    rate = Decimal(str(config.holding_rate))
    for (key, place), case in cases.items():
        outlook, policy, kind = case.outlook, case.policy, kinds.get(key)
        if outlook is None or policy is None or case.successor is not None or not case.one.sku["is_active"]:
            continue
        classed = (
            [kind.abc, kind.xyz, kind.pattern, kind.adi, kind.cv2, kind.cv, kind.annual, kind.value]
            if kind else [None] * 8
        )  # fmt: skip
        lead, current = case.sourcing.lead_time, _current(case, place)
        yield [
            tx.tenant_id, version.id, key, place, case.one.sku["sku_code"], case.one.sku["base_uom"], *classed,
            outlook.basis, policy.target.type, policy.target.level, policy.target.basis,
            "empirical" if outlook.basis == "customers" else "formula", policy.demand_mean, policy.demand_sd,
            f"{lead.mean:.3f}", f"{lead.sd:.3f}", lead.basis, config.review_days, policy.mean, policy.sd,
            outlook.levels.tolist(), outlook.protection.tolist(), policy.order_quantity, policy.safety_stock,
            policy.formula, policy.reorder_point, policy.order_up_to, policy.csl, policy.fill_rate, *current,
            *_money(case, policy.safety_stock, rate, currency),
        ]  # fmt: skip


def _current(case: Case, place: UUID | None) -> tuple[Decimal | None, str | None]:
    """What is in force now: approved by a person, else the plant's master value as it is (P-28 is for reading it)."""
    if case.approved is not None:
        return case.approved.qty, "approved"
    master = case.one.sku["safety_stock"] if place is None else None
    return (None, None) if master is None else (master, "master")


def _money(case: Case, quantity: Decimal, rate: Decimal, currency: str) -> list[Any]:
    """Unit cost (0 = unknown, P-29), its currency, the stock's value, the holding rate, what holding costs a year."""
    cost = case.one.sku["unit_cost"]
    if cost is None or cost <= 0:
        return [None, case.one.sku["currency"] or currency, None, rate, None]
    value = (quantity * cost).quantize(_CENT)
    return [cost, case.one.sku["currency"] or currency, value, rate, (value * rate).quantize(_CENT)]
