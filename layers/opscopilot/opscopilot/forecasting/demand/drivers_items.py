"""Promotions and prices of items, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.kernel.db import Tx

_LARGEST_CUT = 0.95

# What part of an item's demand of the last year a promotion reaches: that of its customer, or of its location.
_PROMOTIONS = """
WITH wanted AS (
    SELECT * FROM manufacturing.promotions
    WHERE status <> 'cancelled' AND sku_id = ANY(:skus) AND starts_on < :past AND ends_on >= :first
), asked AS (
    SELECT l.sku_id, o.customer_id, sum(l.ordered_qty * coalesce(l.uom_factor, 1)) AS qty
    FROM manufacturing.sales_order_lines l
    JOIN manufacturing.sales_orders o ON o.tenant_id = l.tenant_id AND o.id = l.sales_order_id
    WHERE o.order_date > CAST(:as_of AS date) - 365 AND o.order_date <= :as_of
      AND l.sku_id IN (SELECT sku_id FROM wanted WHERE customer_id IS NOT NULL)
    GROUP BY 1, 2
)
SELECT w.sku_id, w.location_id, w.starts_on, w.ends_on, w.discount::float8 AS discount,
       w.promo_price::float8 AS promo_price, w.is_featured OR w.kind = 'feature' AS featured,
       w.is_displayed OR w.kind = 'display' AS displayed,
       CASE WHEN w.customer_id IS NULL THEN 1 ELSE coalesce(
           (SELECT sum(qty) FILTER (WHERE a.customer_id = w.customer_id) / nullif(sum(qty), 0) FROM asked a
            WHERE a.sku_id = w.sku_id), 0) END::float8 AS reach
FROM wanted w ORDER BY w.starts_on, w.promo_code, w.id
"""
# Prices for everybody come first, so that the median customer's price is theirs where both exist.
_PRICES = """
SELECT sku_id, location_id, valid_from, valid_to, (unit_price / coalesce(nullif(uom_factor, 0), 1))::float8 AS price
FROM manufacturing.prices p
WHERE sku_id = ANY(:skus) AND valid_from < :past AND coalesce(valid_to, 'infinity') >= :first AND unit_price > 0
  AND customer_group IS NOT DISTINCT FROM (
      SELECT q.customer_group FROM manufacturing.prices q WHERE q.sku_id = p.sku_id
      GROUP BY q.customer_group ORDER BY q.customer_group IS NOT NULL, count(*) DESC, q.customer_group LIMIT 1)
ORDER BY valid_from, id
"""


@dataclass(frozen=True, slots=True)
class Daily:
    """(days,) shares of demand on promotion, and the log of the price paid (None where no price is known)."""

    shares: dict[str, FloatArray]
    price: FloatArray | None


@dataclass(slots=True)
class ItemDays:
    """Promotions and prices of the items of one batch."""

    first: date
    days: int
    promotions: Mapping[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    prices: Mapping[UUID, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, sku: UUID, location: UUID | None) -> Daily:
        """Days of an item, at one location or everywhere (promotions and prices of other places do not count)."""
        shares = {name: np.zeros(self.days) for name in ("promotion", "feature", "display")}
        listed = self._listed(sku, location)
        cut = np.zeros(self.days)
        for row in self.promotions.get(sku, []):
            if row["location_id"] not in (None, location) and location is not None:
                continue
            days, reach = self._days(row["starts_on"], row["ends_on"]), float(row["reach"])
            for name, on in (("promotion", True), ("feature", row["featured"]), ("display", row["displayed"])):
                if on:
                    shares[name][days] = np.maximum(shares[name][days], reach)
            depth = _depth(row, listed, days)
            cut[days] = np.minimum(cut[days], np.log(1 - reach * np.clip(depth, 0, _LARGEST_CUT)))
        if listed is None:
            return Daily(shares, cut if cut.any() else None)
        return Daily(shares, listed + cut)

    def _listed(self, sku: UUID, location: UUID | None) -> FloatArray | None:
        """Log of the list price; a later row replaces an earlier one, a location's own price the general one."""
        rows = [row for row in self.prices.get(sku, []) if row["location_id"] in (None, location)]
        rows.sort(key=lambda row: row["location_id"] is not None)
        if not rows:
            return None
        log = np.full(self.days, np.nan)
        for row in rows:
            log[self._days(row["valid_from"], row["valid_to"])] = np.log(row["price"])
        return _carried(log)

    def _days(self, starts: date, ends: date | None) -> slice:
        low = (starts - self.first).days
        high = self.days if ends is None else (ends - self.first).days + 1
        return slice(max(low, 0), max(min(high, self.days), 0))


def item_days(tx: Tx, skus: set[UUID], first: date, days: int, as_of: date) -> ItemDays:
    """Read what is known of `skus` for `days` days from `first` on. Cancelled promotions are not."""
    if not skus:
        return ItemDays(first, days)
    given = {"skus": list(skus), "first": first, "past": first + timedelta(days=days)}
    promotions = _by_sku(tx.rows(_PROMOTIONS, as_of=as_of, **given))
    return ItemDays(first, days, promotions, _by_sku(tx.rows(_PRICES, **given)))


def _by_sku(rows: list[dict[str, Any]]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["sku_id"]].append(row)
    return found


def _depth(row: dict[str, Any], listed: FloatArray | None, days: slice) -> FloatArray | float:
    """Share of the regular price taken off: as said, or from the promotion's price and the list's."""
    if row["discount"] is not None:
        return float(row["discount"])
    if row["promo_price"] is None or listed is None or row["promo_price"] <= 0:
        return 0.0
    depth: FloatArray = 1 - row["promo_price"] / np.exp(listed[days])
    return depth


def _carried(log: FloatArray) -> FloatArray:
    """Days without a price take the one before; before the first price its own."""
    known = np.isfinite(log)
    at = np.maximum.accumulate(np.where(known, np.arange(len(log)), -1))
    filled: FloatArray = log[np.where(at < 0, int(np.argmax(known)), at)]
    return filled
