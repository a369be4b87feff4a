"""How long stock lasts: the forecast is consumed bucket by bucket, never divided by an average (P-58)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal


def days_of_supply(available: Decimal, demand: Sequence[Decimal], bucket_days: int = 1) -> Decimal | None:
    """Days until `available` is used up by `demand` (one value per bucket of `bucket_days` days).

    None means beyond the horizon: the forecast ends, or is zero, before the stock does. Stock of 0 or less
    lasts 0 days. Inside a bucket demand is taken to be even.
    """
    left = available
    if left <= 0:
        return Decimal(0)
    for bucket, wanted in enumerate(demand):
        if wanted > 0 and wanted >= left:
            return (bucket + left / wanted) * bucket_days
        left -= max(wanted, Decimal(0))
    return None


def days_until_critical(
    available: Decimal,
    safety_stock: Decimal,
    demand: Sequence[Decimal],
    receipts: Sequence[Decimal] = (),
    bucket_days: int = 1,
) -> int | None:
    """Days until projected available stock is below `safety_stock`; None when it never is inside the horizon.

    0 when it is already. With buckets longer than a day the day inside the bucket is found by taking demand
    as even (rounded up: the first day whose end is below). `receipts` count at the start of their bucket.
    """
    left = available
    if left < safety_stock:
        return 0
    for bucket, wanted in enumerate(demand):
        left += receipts[bucket] if bucket < len(receipts) else Decimal(0)
        need = max(wanted, Decimal(0))
        if left - need < safety_stock:
            inside = (left - safety_stock) / need * bucket_days
            return bucket * bucket_days + min(bucket_days, int(inside) + 1)
        left -= need
    return None


def projected_available(
    available: Decimal, demand: Sequence[Decimal], receipts: Sequence[Decimal] = ()
) -> list[Decimal]:
    """Stock left at the end of each bucket; negative = short by that much."""
    out = []
    left = available
    for bucket, wanted in enumerate(demand):
        left += (receipts[bucket] if bucket < len(receipts) else Decimal(0)) - max(wanted, Decimal(0))
        out.append(left)
    return out
