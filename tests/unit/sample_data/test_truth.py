"""The figures in truth.json, counted again from the files alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sample_data import Truth
from sample_data.demand import open_day, profiles
from sample_data.generate import AS_OF, SEED, build_plant
from tests.unit.sample_data.conftest import Row

Good = Callable[[str], list[Row]]
Number = Callable[[str], Decimal]
SALES = "odoo/sale_order_lines.csv.gz"
CENT = Decimal("0.01")


def _available(row: Row, number: Number) -> Decimal:
    return number(row["LBKUM"]) - number(row["BDMNG"]) - number(row["INSME"]) - number(row["ZZEXPIRED"])


def _available_by_sku(good: Good, number: Number) -> dict[str, Decimal]:
    usable = {row["Code"] for row in good("spreadsheet/locations.csv") if row["Counts as usable"] == "yes"}
    out: dict[str, Decimal] = defaultdict(Decimal)
    for row in good("sap/MARD_stock.csv"):
        out[row["MATNR"]] += max(Decimal(0), _available(row, number)) if row["LGORT"] in usable else 0
    return out


def test_stock_totals_and_value(truth: Truth, good: Good, number: Number) -> None:
    unit = {"KG": "KGM", "EA": "EA", "L": "LTR", "M": "MTR"}
    on_hand: dict[str, Decimal] = defaultdict(Decimal)
    value = Decimal(0)
    for row in good("sap/MARD_stock.csv"):
        on_hand[unit[row["MEINS"]]] += number(row["LBKUM"])
        value += number(row["LBKUM"]) * number(row["STPRS"])
    assert str(value.quantize(CENT)) == truth.get("inventory.stock_value")
    for uom, total in on_hand.items():
        assert total == Decimal(truth.get("inventory.by_uom")[uom]["on_hand"])


def test_reorder_points(truth: Truth, good: Good, number: Number) -> None:
    free = _available_by_sku(good, number)
    below = sorted(row["MATNR"] for row in good("sap/MARA_materials.csv")
                   if row["MINBE"] and row["MATNR"] in free and free[row["MATNR"]] <= number(row["MINBE"]))  # fmt: skip
    assert below == truth.get("inventory.at_or_below_reorder_point.skus")
    assert len(below) == truth.get("inventory.at_or_below_reorder_point.count")
    plain: dict[str, Decimal] = defaultdict(Decimal)
    for row in good("sap/MARD_stock.csv"):
        plain[row["MATNR"]] += _available(row, number)
    assert below == sorted(row["MATNR"] for row in good("sap/MARA_materials.csv")
                           if row["MINBE"] and plain[row["MATNR"]] <= number(row["MINBE"]))  # fmt: skip


def test_example_item(truth: Truth, good: Good, number: Number) -> None:
    example = truth.get("inventory.example")
    rows = [row for row in good("sap/MARD_stock.csv") if row["MATNR"] == example["sku"]]
    columns = {"on_hand": "LBKUM", "reserved": "BDMNG", "quarantined": "INSME", "expired": "ZZEXPIRED"}
    for fact, column in columns.items():
        assert sum(number(row[column]) for row in rows) == Decimal(example[fact]) > 0
    assert _available_by_sku(good, number)[example["sku"]] == Decimal(example["available"])


def test_open_orders(truth: Truth, good: Good, number: Number) -> None:
    net = gross = Decimal(0)
    orders: set[str] = set()
    lines = 0
    for row in good(SALES):
        rest = number(row["Order Lines/Quantity"]) - number(row["Order Lines/Delivery Quantity"])
        rest -= number(row["Order Lines/Cancelled Quantity"])
        assert rest >= 0
        if row["Status"] not in ("Sales Order", "Partially Delivered") or rest == 0:
            continue
        amount = rest * number(row["Order Lines/Unit Price"])
        gross += amount
        net += amount * (1 - number(row["Order Lines/Discount (%)"]) / 100)
        orders.add(row["Order Reference"])
        lines += 1
    facts = truth.get("orders")
    assert (len(orders), lines) == (facts["open_orders"], facts["open_lines"])
    assert (str(net.quantize(CENT)), str(gross.quantize(CENT))) == (facts["open_value_net"], facts["open_value_gross"])


def test_work_orders(truth: Truth, good: Good, number: Number) -> None:
    rows = good("odoo/mrp_production.csv")
    today = truth.get("settings.as_of")
    late = sorted(row["Reference"] for row in rows
                  if row["State"] not in ("Done", "Cancelled") and row["Deadline"] < today)  # fmt: skip
    assert late == truth.get("production.overdue.work_orders")
    made: dict[str, Decimal] = defaultdict(Decimal)
    lost: dict[str, Decimal] = defaultdict(Decimal)
    reasons: dict[str, int] = defaultdict(int)
    for row in rows:
        made[row["Unit of Measure"]] += number(row["Quantity Produced"])
        lost[row["Unit of Measure"]] += number(row["Scrapped Quantity"])
        reasons[row["Scrap Reason"]] += bool(row["Scrap Reason"])
        assert bool(row["Scrap Reason"]) == (number(row["Scrapped Quantity"]) > 0)
    for uom, label in (("EA", "Units"), ("KGM", "kg"), ("LTR", "L")):
        fact = truth.get("production.scrap_by_uom")[uom]
        assert lost[label] == Decimal(fact["scrap"])
        rate = (lost[label] / (lost[label] + made[label])).quantize(Decimal("0.000001"))
        assert str(rate) == fact["pooled_scrap_rate"]
    by_reason = truth.get("production.scrap_by_reason")
    assert 6 <= len(by_reason) <= 10
    assert {name: fact["work_orders"] for name, fact in by_reason.items()} == {k: v for k, v in reasons.items() if k}


def test_planted_stockouts_do_not_last_their_lead_time(truth: Truth, good: Good, number: Number) -> None:
    free = _available_by_sku(good, number)
    stockouts = truth.get("stockouts")
    assert len(stockouts) >= 5
    for one in stockouts:
        assert free[one["sku"]] == Decimal(one["available"])
        assert Decimal(one["days_of_cover"]) < Decimal(one["lead_time_days"]) * Decimal("0.6")
    made_soon = {row["Product/Internal Reference"] for row in good("odoo/mrp_production.csv")
                 if row["State"] in ("Draft", "Confirmed", "In Progress")}  # fmt: skip
    assert not made_soon & {one["sku"] for one in stockouts}


def test_nothing_else_finished_runs_out_within_its_lead_time(truth: Truth, good: Good, number: Number) -> None:
    plant, found = build_plant(SEED, AS_OF, 1.0)
    free = _available_by_sku(good, number)
    planted = {one["sku"] for one in truth.get("stockouts")} | {truth.get("forecast.season_runs_out.sku")}
    for one in found:
        need = sum(one.expected_m(plant.as_of + day) for day in range(1, one.sku.lead_days + 1))
        assert (free[one.sku.code] * 1000 < need) == (one.sku.code in planted), one.sku.name


def test_orders_scatter_around_the_expectation() -> None:
    plant, _ = build_plant(SEED, AS_OF, 1.0)
    ordered: dict[str, int] = defaultdict(int)
    first = plant.as_of - 364
    for line in plant.sales:
        if line.day > first:
            ordered[line.sku] += line.base_m
    total = expected = 0.0
    for one in profiles(plant):
        want = sum(one.expected_m(day) for day in range(first + 1, plant.as_of + 1))
        total, expected = total + ordered[one.sku.code], expected + want
        if one.lines > 1:
            assert 0.85 < ordered[one.sku.code] / want < 1.15, one.sku.name
    assert 0.97 < total / expected < 1.03


def test_planted_histories(truth: Truth, good: Good) -> None:
    days: dict[str, list[str]] = defaultdict(list)
    months: dict[int, int] = defaultdict(int)
    facts = truth.get("forecast")
    for row in good(SALES):
        sku, day = row["Order Lines/Product/Internal Reference"], row["Order Date"][:10]
        days[sku].append(day)
        if sku == facts["seasonal"]["sku"]:
            months[int(day[5:7])] += 1
    assert min(days[facts["launched"]["sku"]]) >= facts["launched"]["first_order_on_or_after"]
    assert max(days[facts["delisted"]["sku"]]) <= facts["delisted"]["last_order_on_or_before"]
    assert max(months, key=lambda m: months[m]) in (11, 12)
    assert all(0 < len(days[sku]) < 100 for sku in facts["intermittent"])
    assert open_day(date(2025, 12, 25).toordinal()) == 0


def test_recipes_have_three_levels_and_prices_cover_costs(good: Good, number: Number) -> None:
    kind = {row["MATNR"]: row["MTART"] for row in good("sap/MARA_materials.csv")}
    level = {"FERT": 2, "HALB": 1, "ROH": 0, "VERP": 0}
    for row in good("sap/STPO_recipes.csv"):
        assert level[kind[row["MATNR"]]] > level[kind[row["IDNRK"]]]
        assert 0 < number(row["ZZYIELD"]) <= 1
    for row in good("sap/MARA_materials.csv"):
        assert number(row["STPRS"]) > 0
        assert not row["KBETR"] or number(row["KBETR"]) > number(row["STPRS"])


def test_pieces_are_whole(good: Good, number: Number) -> None:
    columns = (("sap/MARD_stock.csv", "LBKUM", "MEINS", "EA"), ("sap/MATDOC_movements.csv", "MENGE", "MEINS", "EA"),
               ("sap/STPO_recipes.csv", "MENGE", "MEINS", "EA"),
               ("odoo/mrp_production.csv", "Quantity Produced", "Unit of Measure", "Units"),
               ("odoo/mrp_production.csv", "Scrapped Quantity", "Unit of Measure", "Units"),
               (SALES, "Order Lines/Quantity", "Order Lines/Unit of Measure", "Units"))  # fmt: skip
    for name, column, unit, pieces in columns:
        assert all(number(row[column]) % 1 == 0 for row in good(name) if row[unit] == pieces), (name, column)


def test_received_quantities_agree_with_receipts(good: Good, number: Number) -> None:
    received: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in good("sap/MATDOC_receipts.tsv"):
        received[(row["EBELN"], row["EBELP"])] += number(row["MENGE"])
        assert number(row["MENGE"]) == number(row["LMENGE01"]) + number(row["LMENGE04"])
    for row in good("sap/EKPO_purchase_orders.tsv"):
        assert number(row["WEMNG"]) == received[(row["EBELN"], row["EBELP"])]


def test_promotions_ahead_are_in_the_calendar_and_in_the_demand_to_come(truth: Truth, good: Good) -> None:
    rows = good("spreadsheet/promotions.csv")
    assert len(rows) == truth.get("counts.promotions")
    states = {row["Item No."]: row for row in rows if row["Status"] != "confirmed"}
    for one in truth.get("forecast.planned_promotions"):
        assert states[one["sku"]]["Status"] == "planned"
        first = date.fromisoformat(one["from"])
        assert states[one["sku"]]["Start Date"] == first.strftime("%d.%m.%Y")
        weekly = [Decimal(x) for x in truth.get("forecast.expected_weekly")[one["sku"]]]
        at = truth.get("forecast.week_starts").index(one["from"])
        assert weekly[at] > Decimal("1.6") * weekly[at - 1]
    assert states[truth.get("forecast.cancelled_promotion.sku")]["Status"] == "cancelled"
