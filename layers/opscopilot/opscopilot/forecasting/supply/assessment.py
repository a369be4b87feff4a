"""Delivery risk of every open purchase order line, with what its lateness would do, as rows of the version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from opscopilot.forecasting import copyio
from opscopilot.forecasting.inventory import explain
from opscopilot.forecasting.inventory.assessed import Assessed, Assessment
from opscopilot.forecasting.inventory.risk import Doubt
from opscopilot.forecasting.runs.versions import Version
from opscopilot.forecasting.supply import performance
from opscopilot.forecasting.supply.delivery import Delivery
from opscopilot.kernel.db import Tx
from opscopilot.kernel.money import Money

_COLUMNS = (
    "tenant_id", "version_id", "purchase_order_line_id", "po_number", "line_no", "supplier_id", "sku_id", "sku_code",
    "quantity", "uom", "order_date", "promised_date", "promised_basis", "confirmed_date", "days_overdue",
    "late_probability", "in_time_probability", "expected_arrival", "earliest_arrival", "latest_arrival", "basis",
    "observations", "is_stale", "stockout_probability", "stockout_points", "order_value", "order_currency",
    "money_at_stake", "currency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SupplyRisk:
    """An open line, the SKU it is for, and what its lateness adds: points of stock-out probability and money."""

    delivery: Delivery
    item: Assessed
    points: float | None
    stake: Money | None


def of_lines(found: Assessment) -> list[SupplyRisk]:
    """Every open purchase order line of the judged SKUs, the most money at stake first."""
    out = []
    for item in found.items:
        doubts = {id(one.delivery): one for one in item.risk.doubts}
        for delivery in item.case.deliveries:
            if delivery.line.line_id is None:
                continue
            doubt = doubts.get(id(delivery))
            judged = item.risk.probability is not None and not delivery.stale
            points = doubt.points if doubt else 0.0 if judged else None
            out.append(SupplyRisk(delivery, item, points, _stake(item, doubt, found.currency) if judged else None))
    return sorted(out, key=lambda one: (-(one.stake.amount if one.stake else Decimal(-1)), one.delivery.line.label))


def _stake(item: Assessed, doubt: Doubt | None, currency: str) -> Money | None:
    """Expected lost units that the lateness adds, at the unit's value; None where the value is not known."""
    value = explain.unit_value(item.one)
    if value is None:
        return None
    lost = doubt.units if doubt else Decimal(0)
    return Money((lost * value[0]).quantize(Decimal("0.0001")), item.one.sku["currency"] or currency)


def store(tx: Tx, version: Version, found: Assessment, risks: list[SupplyRisk]) -> None:
    """Replace the version's supply risks and supplier figures."""
    performance.store(tx, version, found.curves)
    tx.execute("DELETE FROM forecast.supply_risks WHERE version_id = :version", version=version.id)
    columns = ", ".join(_COLUMNS)
    copyio.stage(tx, "supply_now", "forecast.supply_risks", _COLUMNS, _rows(tx, version, risks))
    tx.execute(f"INSERT INTO forecast.supply_risks ({columns}) SELECT {columns} FROM supply_now")


def _rows(tx: Tx, version: Version, risks: list[SupplyRisk]) -> Iterator[list[Any]]:
    for one in risks:
        delivery, line = one.delivery, one.delivery.line
        row, probability = line.row, one.item.risk.probability
        yield [
            tx.tenant_id, version.id, line.line_id, row["po_number"], row["line_no"], line.supplier_id, line.sku_id,
            row["sku_code"], line.quantity, row["uom"], line.ordered, line.promised, row["promised_basis"],
            row["confirmed_date"], delivery.overdue, _share(delivery.late), _share(delivery.in_time),
            delivery.arrival, delivery.earliest, delivery.latest, delivery.basis, delivery.n, delivery.stale,
            _share(probability), _share(one.points), row["order_value"], row["order_currency"],
            one.stake.amount if one.stake else None, one.stake.currency if one.stake else None,
        ]  # fmt: skip


def _share(value: float | None) -> str | None:
    return None if value is None else f"{min(max(value, 0.0), 1.0):.6f}"
