"""How long replenishment takes, learned from what arrived: its distribution, and what that knowledge rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.kernel.db import Tx

ENOUGH = 5
"""Deliveries from which a SKU's (or a supplier's) own record is trusted; also what an agreed time is worth below that."""
_RECENT = 30
_SHAPE_FROM = 8
"""Deliveries from which the shape of the distribution is the observed one; below only mean and spread are used."""


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Days from order to usable stock. `n` deliveries stand behind it; `basis` says in words where it is from.

    `past`: how many days each delivery took, where there are enough of them to say more than mean and spread (their
    mean is `mean`). `capped`: deliveries that took absurdly long and were cut down.
    """

    mean: float
    sd: float
    n: int
    basis: str
    assumed: bool = False
    past: tuple[float, ...] = ()
    capped: int = 0


# Per PO line the first receipt counts: that is when the stock-out would have ended. Lateness is measured
# against the original confirmation, which re-confirming does not move. A delivery that took more than four times the
# usual and lies six quartile distances out (a blanket order, a wrong date) counts as the last one that is plausible.
_QUERY = """
WITH arrived AS (
    SELECT l.sku_id, o.supplier_id, min(r.production_day) - o.order_date AS days,
           min(r.production_day) - coalesce(l.original_confirmed_date, l.confirmed_date, l.requested_date) AS late,
           row_number() OVER (PARTITION BY l.sku_id ORDER BY min(r.production_day) DESC, l.id) AS recent
    FROM manufacturing.receipts r
    JOIN manufacturing.purchase_order_lines l ON l.tenant_id = r.tenant_id AND l.id = r.purchase_order_line_id
    JOIN manufacturing.purchase_orders o ON o.tenant_id = l.tenant_id AND o.id = l.purchase_order_id
    WHERE r.production_day BETWEEN CAST(:as_of AS date) - 1096 AND :as_of AND o.status NOT IN ('draft', 'cancelled')
    GROUP BY l.id, l.sku_id, o.supplier_id, o.order_date, l.original_confirmed_date, l.confirmed_date, l.requested_date
    HAVING min(r.production_day) >= o.order_date
), usual AS (
    SELECT sku_id, percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY days) AS q
    FROM arrived WHERE recent <= :recent GROUP BY sku_id
), plausible AS (
    SELECT a.sku_id, least(a.days, m.most) AS days, a.days > m.most AS capped FROM arrived a
    JOIN (SELECT sku_id, ceil(greatest(4 * q[2], q[3] + 6 * (q[3] - q[1]) + 7)) AS most FROM usual) m
        ON m.sku_id = a.sku_id
    WHERE a.recent <= :recent
), bought AS (
    SELECT sku_id, count(*) AS n, avg(days)::float8 AS mean, coalesce(stddev_samp(days), 0)::float8 AS sd,
        array_agg(days::float8 ORDER BY days) AS past,
        count(*) FILTER (WHERE capped) AS capped
    FROM plausible GROUP BY sku_id
), by_supplier AS (
    SELECT supplier_id, count(late) AS n, avg(late)::float8 AS late, coalesce(stddev_samp(late), 0)::float8 AS sd
    FROM arrived WHERE late IS NOT NULL GROUP BY supplier_id
), by_plant AS (
    SELECT count(late) AS n, avg(late)::float8 AS late, coalesce(stddev_samp(late), 0)::float8 AS sd FROM arrived
), made AS (
    SELECT sku_id, count(*) AS n, avg(days)::float8 AS mean, coalesce(stddev_samp(late), 0)::float8 AS sd FROM (
        SELECT w.sku_id, w.actual_end - coalesce(w.scheduled_start, w.actual_start) AS days,
               w.actual_end - coalesce(w.scheduled_end, w.due_date) AS late,
               row_number() OVER (PARTITION BY w.sku_id ORDER BY w.actual_end DESC, w.id) AS recent
        FROM manufacturing.work_orders w
        WHERE w.actual_end BETWEEN CAST(:as_of AS date) - 1096 AND :as_of AND w.status <> 'cancelled'
          AND w.actual_end >= coalesce(w.scheduled_start, w.actual_start)
    ) orders WHERE recent <= :recent GROUP BY sku_id
), source AS (
    SELECT DISTINCT ON (s.sku_id) s.sku_id, s.supplier_id, coalesce(s.lead_time_days, p.lead_time_days) AS days,
           p.name, s.moq * s.uom_factor AS moq, s.order_multiple * s.uom_factor AS multiple
    FROM manufacturing.sku_suppliers s
    JOIN manufacturing.suppliers p ON p.tenant_id = s.tenant_id AND p.id = s.supplier_id
    WHERE (s.valid_from IS NULL OR s.valid_from <= :as_of) AND (s.valid_to IS NULL OR s.valid_to >= :as_of)
      AND p.status <> 'blocked'
    ORDER BY s.sku_id, s.is_preferred DESC, s.priority NULLS LAST, s.valid_from DESC NULLS LAST, s.id
)
SELECT k.id AS sku_id, k.make_or_buy, k.lead_time_days AS master_days, source.days AS source_days,
       source.name AS supplier, source.moq AS source_moq, source.multiple AS source_multiple,
       bought.n AS bought_n, bought.mean AS bought_mean, bought.sd AS bought_sd, bought.past AS bought_past,
       bought.capped AS bought_capped,
       made.n AS made_n, made.mean AS made_mean, made.sd AS made_sd,
       by_supplier.n AS supplier_n, by_supplier.late AS supplier_late, by_supplier.sd AS supplier_sd,
       by_plant.n AS plant_n, by_plant.sd AS plant_sd
FROM manufacturing.skus k
CROSS JOIN by_plant
LEFT JOIN bought ON bought.sku_id = k.id
LEFT JOIN made ON made.sku_id = k.id
LEFT JOIN source ON source.sku_id = k.id
LEFT JOIN by_supplier ON by_supplier.supplier_id = source.supplier_id
WHERE CAST(:version AS uuid) IS NULL OR k.id IN (SELECT entity_id FROM forecast.forecast_series
    WHERE version_id = CAST(:version AS uuid) AND batch = CAST(:batch AS integer))
"""


@dataclass(frozen=True, slots=True)
class Sourcing:
    """How a SKU is replenished: its lead time and the supplier's order rules in base units."""

    lead_time: LeadTime
    moq: Any
    multiple: Any


def sourcing(
    tx: Tx, as_of: date, config: ForecastConfig, batch: tuple[UUID, int] | None = None
) -> dict[UUID, Sourcing]:
    """Lead time and order rules of every SKU, or of those in one batch (version, number)."""
    version, number = batch or (None, None)
    found = tx.rows(_QUERY, as_of=as_of, recent=_RECENT, version=version, batch=number)
    return {row["sku_id"]: Sourcing(lead_time(row, config), row["source_moq"], row["source_multiple"]) for row in found}


def lead_time(row: dict[str, Any], config: ForecastConfig) -> LeadTime:
    """Choose the best knowledge there is about one SKU; each step down is said in `basis`."""
    if row["make_or_buy"] == "make":
        return _made(row, config)
    n = int(row["bought_n"] or 0)
    if n < ENOUGH:
        return _shrunk(row, n, _agreed(row, config))
    mean, capped = max(row["bought_mean"], 1.0), int(row["bought_capped"] or 0)
    cut = f", {capped} implausibly long one{'s' if capped > 1 else ''} cut" if capped else ""
    past = tuple(float(days) for days in row["bought_past"]) if n >= _SHAPE_FROM and row["bought_mean"] > 0 else ()
    return LeadTime(mean, row["bought_sd"], n, "receipts of this item" + cut, False, past, capped)


def _shrunk(row: dict[str, Any], n: int, agreed: LeadTime) -> LeadTime:
    """A few receipts move what was agreed, in proportion: what was agreed is worth ENOUGH deliveries."""
    if n == 0:
        return agreed
    own, weight = float(row["bought_mean"]), n / (n + ENOUGH)
    mean = weight * own + (1 - weight) * agreed.mean
    within = weight * float(row["bought_sd"]) ** 2 + (1 - weight) * agreed.sd**2
    sd = (within + weight * (1 - weight) * (own - agreed.mean) ** 2) ** 0.5
    few = f"{n} receipt{'s' if n > 1 else ''} of this item, weighed with: "
    return LeadTime(max(mean, 1.0), sd, n, few + agreed.basis, False)


def _made(row: dict[str, Any], config: ForecastConfig) -> LeadTime:
    n = int(row["made_n"] or 0)
    known = n >= ENOUGH
    sd = row["made_sd"] if known else 0.0
    spread = f", spread of {n} work orders" if known else ", spread unknown"
    if row["master_days"] is not None:
        return LeadTime(max(float(row["master_days"]), 1.0), sd, n if known else 0, "item master" + spread)
    if known:
        return LeadTime(max(row["made_mean"], 1.0), sd, n, "work orders of this item")
    return _assumed(config)


def _agreed(row: dict[str, Any], config: ForecastConfig) -> LeadTime:
    """The agreed time, with the lateness its supplier (or else the whole plant) has shown."""
    days = row["source_days"] if row["source_days"] is not None else row["master_days"]
    if days is None:
        return _assumed(config)
    where = f"agreed with {row['supplier']}" if row["source_days"] is not None else "item master"
    if (row["supplier_n"] or 0) >= ENOUGH:
        mean = float(days) + max(row["supplier_late"], 0.0)
        return LeadTime(max(mean, 1.0), row["supplier_sd"], row["supplier_n"], f"{where}, lateness of this supplier")
    if (row["plant_n"] or 0) >= ENOUGH:
        return LeadTime(max(float(days), 1.0), row["plant_sd"], row["plant_n"], f"{where}, spread of all suppliers")
    return LeadTime(max(float(days), 1.0), 0.0, 0, f"{where}, spread unknown")


def _assumed(config: ForecastConfig) -> LeadTime:
    days = config.assumed_lead_time_days
    return LeadTime(float(days), 0.0, 0, f"assumed {days} days: no receipts and no lead time in the masters", True)
