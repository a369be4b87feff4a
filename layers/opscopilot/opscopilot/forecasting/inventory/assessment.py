"""Stocks of every SKU that has stock or demand: risk, advice and recommended safety stock, under the version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.inventory import explain, outlooks, risk_rows, safety, safety_rows, supersession
from opscopilot.forecasting.inventory.advice import smallest
from opscopilot.forecasting.inventory.approved import approved
from opscopilot.forecasting.inventory.assessed import Assessed, Assessment
from opscopilot.forecasting.inventory.cases import Case
from opscopilot.forecasting.inventory.classes import Class, classify
from opscopilot.forecasting.inventory.outlooks import Demand
from opscopilot.forecasting.inventory.positions import ZERO, positions
from opscopilot.forecasting.inventory.risk import Window, assess
from opscopilot.forecasting.inventory.safety import Target
from opscopilot.forecasting.runs.versions import Version
from opscopilot.forecasting.settings import PlanSettings, plan_settings
from opscopilot.forecasting.supply.delivery import Curves, judge
from opscopilot.forecasting.supply.leadtimes import sourcing
from opscopilot.forecasting.supply.observed import lateness_seen
from opscopilot.kernel import uom
from opscopilot.kernel.db import Tx

K = TypeVar("K")


def assess_all(tx: Tx, version: Version, config: ForecastConfig, currency: str) -> Assessment:
    """Judge every SKU with stock or demand as of the version's cut."""
    known, items = sourcing(tx, version.as_of, config), positions(tx, version.as_of, currency)
    demand = outlooks.read(tx, version, {key: one.lead_time for key, one in known.items()}, config)
    settings, curves = plan_settings(tx), Curves(lateness_seen(tx, version.as_of))
    kinds = classify(tx, version, items, demand.outlooks, currency)
    replaced = supersession.read(tx, version.as_of)
    inherited, given = supersession.inherited(replaced, items), approved(tx, version.as_of)
    cases = {}
    for key, one in items.items():
        if not one.stock_rows and key not in demand.outlooks and key not in demand.refused:
            continue
        lead = known[key].lead_time
        cases[key] = Case(
            one, known[key], demand.outlooks.get(key),
            deliveries=[judge(line, lead, curves, version.as_of, config) for line in one.supply],
            approved=given.get((key, None)), inherited=inherited.get(key, ZERO),
            successor=replaced[key].successor if key in replaced else None,
        )  # fmt: skip
    cases = _with_policies(cases, {key: kinds.get(key) for key in cases}, settings, config)
    places = {
        key: replace(cases[key[0]], outlook=one, approved=given.get(key))
        for key, one in demand.places.items() if key[0] in cases
    }  # fmt: skip
    places = _with_policies(places, {key: kinds.get(key[0]) for key in places}, settings, config)
    found = _assessed(cases, kinds, demand, version, config, currency)
    return Assessment(found, cases, places, kinds, demand, curves, settings, currency)


def target(kind: Class | None, settings: PlanSettings) -> Target:
    """The service level of an item's class (D15)."""
    abc = kind.abc if kind is not None else None
    level = settings.service_level_of(abc)
    return Target(Decimal(level), settings.service_level_type, "class" if abc in ("A", "B", "C") else "plant")


def _with_policies(
    cases: Mapping[K, Case], kinds: Mapping[K, Class | None], settings: PlanSettings, config: ForecastConfig
) -> dict[K, Case]:
    expected = {key: one.outlook for key, one in cases.items() if one.outlook is not None}
    made = safety.policies(
        list(expected.values()), [cases[key].sourcing.lead_time for key in expected],
        [target(kinds.get(key), settings) for key in expected], [smallest(cases[key]) for key in expected], config,
        [cases[key].one.sku["base_uom"] in uom.DISCRETE for key in expected],
    )  # fmt: skip
    policies = dict(zip(expected, made, strict=True))
    return {key: replace(one, policy=policies.get(key)) for key, one in cases.items()}


def _assessed(
    cases: Mapping[UUID, Case], kinds: Mapping[UUID, Class], demand: Demand, version: Version, config: ForecastConfig,
    currency: str,
) -> list[Assessed]:  # fmt: skip
    window = Window(version.as_of, version.horizon_start, version.horizon_end)
    loops = explain.looped(demand, {key: one.one for key, one in cases.items()})
    out = []
    for (key, case), risk in zip(cases.items(), assess(list(cases.values()), window, config), strict=True):
        reason = demand.refused.get(key, "nobody has ordered it from us")
        stake = explain.money_at_stake(case.one, risk, currency)
        lasts = None if risk.days_of_supply is None else date.fromordinal(
            version.as_of.toordinal() + 1 + int(risk.days_of_supply))  # fmt: skip
        factors = explain.factors(case, risk, config, reason, loops.get(key))
        out.append(Assessed(case.one, risk, factors, stake, lasts, case, kinds.get(key)))
    return sorted(out, key=lambda item: str(item.one.sku["sku_code"]))


def store(tx: Tx, version: Version, found: Assessment, config: ForecastConfig) -> None:
    """Replace the version's risks, dependent demand and safety stocks."""
    risk_rows.store(tx, version, found.items)
    outlooks.store(tx, version, found.demand, {key: one.one.sku for key, one in found.cases.items()})
    everywhere: dict[safety_rows.Place, Case] = {(key, None): one for key, one in found.cases.items()}
    everywhere.update({(key, place): one for (key, place), one in found.places.items()})
    safety_rows.store(tx, version, everywhere, found.kinds, config, found.currency)
