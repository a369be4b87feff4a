"""Demand per SKU, place and day, out of the order lines (D1, C23, P-51).

Ordered quantity of every order line, by the date it was asked for, whether shipped, short or cancelled for lack of
stock. Drafts are no demand; neither are lines cancelled because they were typed by mistake. A return is not an order
of less than nothing.
"""

from __future__ import annotations

from opscopilot.forecasting.demand import places
from opscopilot.forecasting.demand.calendar import DataCut
from opscopilot.kernel.db import Tx

# A cancelled quantity was never demand when the reason says so; it is lost demand unless the customer
# changed their mind. Reasons are free text of the source system, hence patterns.
NEVER_DEMAND = r"(duplicat|double (entry|order)|entered twice|entry error|typing|typo|mistake|test order|\mtest\M)"
CUSTOMER_CHOICE = r"(customer|client|kunde|buyer|changed|no longer|withdrawn)"

# One customer's only order of an item, this many times the 90th percentile and the median of what anybody orders
# of it in a day, is a one-off: a project, not a habit.
ONE_OFF_TIMES, ONE_OFF_MEDIANS, ONE_OFF_FROM = 5, 8, 12

_ORDERS = """
CREATE TEMP TABLE demand_orders ON COMMIT DROP AS
WITH shipped AS (
    SELECT s.sales_order_line_id AS id, sum(s.qty * s.uom_factor) FILTER (WHERE s.production_day <= :as_of) AS base_qty,
           min(s.shipment_no) AS shipment_no
    FROM manufacturing.shipment_lines s GROUP BY s.sales_order_line_id
), lines AS (
    SELECT l.sku_id, o.customer_id, o.channel, coalesce(l.requested_date, o.requested_date, o.order_date) AS day,
           coalesce(l.ship_from, o.ship_from) AS ship_from, o.order_number, s.shipment_no, l.ordered_qty,
           CASE WHEN l.cancelled_qty > 0 THEN least(l.cancelled_qty, l.ordered_qty) ELSE 0 END AS cancelled,
           coalesce(l.cancel_reason, '') AS reason,
           CASE WHEN s.id IS NOT NULL THEN coalesce(s.base_qty, 0) END AS shipped_base,
           CASE WHEN coalesce(l.ship_date, o.ship_date) > :as_of THEN 0
                WHEN l.shipped_qty IS NULL AND coalesce(l.ship_date, o.ship_date) IS NOT NULL THEN l.ordered_qty
                ELSE coalesce(l.shipped_qty, 0) END AS shipped,
           CASE WHEN l.uom_factor IS NOT NULL THEN l.uom_factor
                WHEN l.uom IS NULL OR l.uom = k.base_uom THEN 1 END AS factor
    FROM manufacturing.sales_order_lines l
    JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
    JOIN manufacturing.skus k ON k.tenant_id = l.tenant_id AND k.id = l.sku_id
    LEFT JOIN shipped s ON s.id = l.id
    WHERE o.status <> 'draft' AND o.order_date <= :as_of AND l.ordered_qty > 0
), judged AS (
    SELECT *, reason <> '' AND reason ~* :never AS never, reason <> '' AND reason ~* :choice AS choice FROM lines
    WHERE factor IS NOT NULL
)
SELECT sku_id, customer_id, channel, day, ship_from, order_number, shipment_no, CAST(NULL AS uuid) AS location_id,
       factor * (ordered_qty - CASE WHEN never THEN cancelled ELSE 0 END) AS ordered,
       coalesce(shipped_base, factor * shipped) AS shipped,
       factor * CASE WHEN never OR choice THEN 0 ELSE cancelled END AS lost
FROM judged
"""

_ONE_OFF = """
CREATE TEMP TABLE demand_one_offs ON COMMIT DROP AS
WITH bought AS (
    SELECT sku_id, customer_id, day, sum(ordered) AS qty,
           count(*) OVER (PARTITION BY sku_id, customer_id) AS days
    FROM demand_orders WHERE ordered > 0 GROUP BY sku_id, customer_id, day
), usual AS (
    SELECT sku_id, percentile_cont(0.9) WITHIN GROUP (ORDER BY qty::float8) AS high,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY qty::float8) AS middle
    FROM bought GROUP BY sku_id HAVING count(*) >= :least
)
SELECT b.sku_id, b.customer_id, b.day FROM bought b JOIN usual u ON u.sku_id = b.sku_id
WHERE b.days = 1 AND b.qty > :times * u.high AND b.qty > :medians * u.middle
"""

_DAYS = """
CREATE TEMP TABLE demand_days ON COMMIT DROP AS
WITH whole AS (
    SELECT d.sku_id, CAST(NULL AS uuid) AS location_id, d.day, d.ordered, d.shipped, d.lost, one.sku_id IS NOT NULL AS one
    FROM demand_orders d LEFT JOIN demand_one_offs one USING (sku_id, customer_id, day)
    UNION ALL
    SELECT d.sku_id, d.location_id, d.day, d.ordered, d.shipped, d.lost, one.sku_id IS NOT NULL AS one
    FROM demand_orders d JOIN demand_spread p USING (sku_id) LEFT JOIN demand_one_offs one USING (sku_id, customer_id, day)
    WHERE d.location_id IS NOT NULL
)
SELECT sku_id, location_id, day, sum(ordered) AS ordered, sum(shipped) AS shipped, sum(lost) AS lost,
       count(*)::int AS lines, coalesce(sum(ordered) FILTER (WHERE one), 0) AS one_off
FROM whole GROUP BY 1, 2, 3
"""

# Where SKUs differ in nothing but the place: those that were asked for at two or more of them within a year.
_SPREAD = """
CREATE TEMP TABLE demand_spread ON COMMIT DROP AS
SELECT sku_id FROM demand_orders WHERE location_id IS NOT NULL AND day > CAST(:as_of AS date) - 365 AND ordered > 0
GROUP BY sku_id HAVING count(DISTINCT location_id) >= 2
"""


def gather(tx: Tx, cut: DataCut) -> None:
    """Leave demand per SKU (location_id null), per SKU and place where there are several, and day in the temporary
    table demand_days (ordered, shipped, lost, lines, one_off), in base units."""
    tx.execute(_ORDERS, as_of=cut.as_of, never=NEVER_DEMAND, choice=CUSTOMER_CHOICE)
    tx.execute("ANALYZE demand_orders")
    places.attribute(tx)
    tx.execute(_SPREAD, as_of=cut.as_of)
    tx.execute(_ONE_OFF, least=ONE_OFF_FROM, times=ONE_OFF_TIMES, medians=ONE_OFF_MEDIANS)
    tx.execute(_DAYS)
    tx.execute("ANALYZE demand_days")
