"""The demo checks itself: what the product said against what is true of the plant."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.demo.alert_checks import alert_checks
from local.demo.facts import Check, holds, same

Report = dict[str, Any]
Facts = dict[str, Any]


def amount(totals: list[dict[str, Any]], currency: str) -> str:
    """The total of one currency in a list of totals; 'none' when there is none."""
    return next((str(one["amount"]) for one in totals if one["currency"] == currency), "none")


def receipt_checks(report: Report, truth: Facts) -> list[Check]:
    """Every file: recognised as what it is, every row accounted for, every planted fault found and named."""
    by_name = {job["file_name"]: job for job in report["receipts"]}
    checks: list[Check] = []
    for one in truth["files"]:
        name = Path(one["file"]).name
        job = by_name.get(name, {})
        loaded = job.get("successful_records", 0) + job.get("duplicate_records", 0)
        if one["whole_file_rejected"]:
            checks.append(same(f"{name}: refused as", one["whole_file_rejected"], job.get("error_code")))
            continue
        checks.append(same(f"{name}: recognised as", one["entity"], job.get("entity_type")))
        checks.append(same(f"{name}: rows loaded", one["accepted"] + one["duplicates"], loaded))
        checks.append(same(f"{name}: rejected", _codes(one["rejected"]), _codes(job.get("rejects_by_code") or {})))
    return checks


def _codes(counts: dict[str, int]) -> str:
    return ", ".join(f"{code} {count}" for code, count in sorted(counts.items())) or "none"


def sample_checks(report: Report, truth: Facts, questions: list[Facts]) -> list[Check]:
    """The sample plant against truth.json."""
    stock, orders, production = truth["inventory"], truth["orders"], truth["production"]
    below = {one["sku_code"] for one in report["below_reorder"]["items"]}
    scrap = {one["uom"]: one for one in report["production"]["scrap"]["by_uom"]}
    at_risk = {one.get("entity_code") for one in report["alerts"]["items"] if one["alert_type"] == "stockout_risk"}
    planted = {one["sku"] for one in truth["stockouts"]}
    checks = receipt_checks(report, truth)
    checks += [
        same("SKUs", truth["counts"]["skus"], report["skus"]),
        same("stock value", stock["stock_value"], amount(report["inventory"]["value"], stock["currency"])),
        same("items at or below reorder point", ", ".join(sorted(stock["at_or_below_reorder_point"]["skus"])),
             ", ".join(sorted(below))),
        same("open orders", orders["open_orders"], report["open_orders"]["orders"]),
        same("open order lines", orders["open_lines"], report["open_orders"]["lines"]),
        same("open order value", orders["open_value_net"], amount(report["open_orders"]["value"], stock["currency"])),
        same("overdue work orders", production["overdue"]["count"], report["production"]["overdue"]),
        holds("planted stock-outs alerted", ", ".join(sorted(planted)), ", ".join(sorted(planted & at_risk)),
              planted <= at_risk),
    ]  # fmt: skip
    for unit, one in production["scrap_by_uom"].items():
        checks.append(same(f"scrap in {unit}", one["scrap"], scrap.get(unit, {}).get("scrap_qty")))
    checks += [_answered(question, report) for question in questions]
    checks.append(_forecast_close(report, truth))
    return [*checks, *alert_checks(report, truth)]


_EXPECTED_OUTCOME = {"ok": "answer", "ambiguous": "clarify", "out_of_scope": "refuse"}


def _answered(question: Facts, report: Report) -> Check:
    answer = next(one for one in report["answers"] if one["question"] == question["question"])
    expected = _EXPECTED_OUTCOME[question["expected_status"]]
    return same(f"copilot: {question['question']}", expected, answer["outcome"])


def _forecast_close(report: Report, truth: Facts) -> Check:
    """The 13-week total within 30 % of the noise-free demand the generator drew from."""
    expected = sum(
        (Decimal(v) for v in truth["forecast"]["expected_weekly"][truth["forecast"]["seasonal"]["sku"]]), Decimal(0)
    )
    found = sum((Decimal(str(v)) for v in report["forecast"]["forecast_values"]), Decimal(0))
    close = abs(found - expected) <= expected * Decimal("0.3")
    return holds("13-week forecast of the seasonal item", f"{expected:.0f} ± 30 %", f"{found:.0f}", close)


def adventureworks_checks(report: Report, facts: Facts) -> list[Check]:
    """AdventureWorks against FACTS.json, where the folder has it."""
    if not facts:
        return []
    quantity = next((one["quantity_on_hand"] for one in report["inventory"]["quantities"] if one["uom"] == "EA"), None)
    scrap: dict[str, Any] = next((one for one in report["production"]["scrap"]["by_uom"] if one["uom"] == "EA"), {})
    rate = Decimal(str(scrap["scrap_qty"])) / Decimal(str(scrap["produced_qty"])) * 100
    waiting = sum((job.get("rejects_by_code") or {}).get("uom_conversion_missing", 0) for job in report["receipts"])
    reader: Callable[[str], Any] = facts.__getitem__
    return [
        same("products", reader("products"), report["skus"]),
        same("effective BOM rows", reader("bom_active_asof"), report["bom_components"]),
        same("pieces in stock", reader("inv_qty"), quantity),
        same("stock value", reader("inv_value_std"), amount(report["inventory"]["value"], "USD")),
        same("items at or below reorder point", reader("inv_at_or_below_reorder"),
             report["below_reorder"]["at_or_below_reorder_point"]),
        same("open orders", reader("open_orders_asof(ordered<=asof<ship)"), report["open_orders"]["orders"]),
        same("open lines", reader("open_lines_asof"), report["open_orders"]["lines"]),
        same("open value", reader("open_value_asof"), amount(report["open_orders"]["value"], "USD")),
        same("pooled scrap %", reader("wo_scrap_rate_pct"), f"{rate:.5f}"),
        same("work orders in progress", reader("wo_inprogress_asof"), report["production"]["in_progress"]),
        same("work orders overdue", reader("wo_overdue_asof"), report["production"]["overdue"]),
        same("vendor rows waiting for a unit factor", 306, waiting),
        same("suppliers", reader("vendors"), report["suppliers"]),
    ]  # fmt: skip
