"""The delivery risk of open supply: how likely late, how likely in time, when to expect it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from opscopilot.forecasting.config import ForecastConfig
from opscopilot.forecasting.engine.types import FloatArray
from opscopilot.forecasting.supply.lateness import Seen, counts, hazards, later_than, quantile, survival
from opscopilot.forecasting.supply.leadtimes import ENOUGH, LeadTime
from opscopilot.forecasting.supply.observed import PRODUCTION, Key, OpenLine


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to expect of one open line. Probabilities are None where no delivery was ever recorded (P-72).

    `late`: that it comes after the first promise. `in_time`: that it comes within the item's lead time from now.
    `arrival`, `earliest`, `latest`: median and the days it lies between in 8 of 10 cases. `n` deliveries of this supplier
    (of this item, where there are any) stand behind it. `stale`: overdue for so long that nobody should count on it.
    """

    line: OpenLine
    late: float | None
    in_time: float
    arrival: date
    earliest: date | None
    latest: date | None
    overdue: int
    stale: bool
    n: int
    basis: str

    @property
    def uncertain(self) -> bool:
        """Whether it may or may not come in time."""
        return 0.001 < self.in_time < 0.999


class Curves:
    """Survival curves of lateness per supplier and SKU, made when asked for; those of suppliers are kept."""

    def __init__(self, seen: Mapping[Key, Sequence[Seen]]) -> None:
        self._pairs = seen
        self._suppliers: dict[UUID, dict[tuple[int, bool], int]] = {}
        self._arrived: dict[UUID, int] = {}
        self._wide: dict[bool, FloatArray] = {}
        self._mid: dict[UUID, FloatArray] = {}
        for (supplier, _), found in seen.items():
            group = self._suppliers.setdefault(supplier, {})
            for day, waiting, n in found:
                group[day, waiting] = group.get((day, waiting), 0) + n
                self._arrived[supplier] = self._arrived.get(supplier, 0) + (0 if waiting else n)
        own = self._arrived.get(PRODUCTION, 0)
        self._known = {True: own, False: sum(self._arrived.values()) - own}

    def known(self, supplier: UUID) -> int:
        """Deliveries of everybody of the supplier's kind: below ENOUGH nothing can be said."""
        return self._known[supplier == PRODUCTION]

    def of_supplier(self, supplier: UUID) -> FloatArray:
        """Hazards of a supplier, shrunk to all."""
        if supplier not in self._mid:
            own = supplier == PRODUCTION
            if own not in self._wide:
                groups = [group for key, group in self._suppliers.items() if (key == PRODUCTION) == own]
                self._wide[own] = hazards(counts(one for group in groups for one in _listed(group)), None)
            self._mid[supplier] = hazards(counts(_listed(self._suppliers.get(supplier, {}))), self._wide[own])
        return self._mid[supplier]

    def curve(self, key: Key) -> FloatArray:
        """P(lateness > day) of a supplier and SKU."""
        return survival(hazards(counts(self._pairs.get(key, ())), self.of_supplier(key[0])))

    def basis(self, key: Key) -> tuple[int, str]:
        """How many deliveries stand behind a curve, and whose."""
        who = "work orders" if key[0] == PRODUCTION else "deliveries"
        pair = sum(n for _, waiting, n in self._pairs.get(key, ()) if not waiting)
        supplier = self._arrived.get(key[0], 0)
        if pair >= ENOUGH:
            return pair, f"{pair} {who} of this item, weighed with {supplier} of the {_whom(key)}"
        if supplier:
            return supplier, f"{supplier} {who} of the {_whom(key)}"
        return 0, f"{self.known(key[0])} {who} of all suppliers; this one has none on record"


def _listed(group: Mapping[tuple[int, bool], int]) -> list[Seen]:
    return [(day, waiting, n) for (day, waiting), n in group.items()]


def _whom(key: Key) -> str:
    return "plant" if key[0] == PRODUCTION else "supplier"


def judge(line: OpenLine, lead: LeadTime, curves: Curves, as_of: date, config: ForecastConfig) -> Delivery:
    """One open line. Without any recorded delivery the promise is believed, and what is overdue is expected soon."""
    due = line.expected or line.ordered + timedelta(days=round(lead.mean))
    promised = line.promised or due
    overdue = max(0, (as_of - promised).days)
    stale = (as_of - due).days > config.stale_supply_days
    within = max(round(lead.mean), 1)
    key = (line.supplier_id, line.sku_id)
    if curves.known(line.supplier_id) < ENOUGH:
        ahead = (due - as_of).days
        ahead = ahead if ahead > 0 else config.overdue_arrives_in_days
        in_time = float(ahead <= max(lead.mean, 1.0) and not stale)
        return Delivery(
            line, None, in_time, as_of + timedelta(days=ahead), None, None, overdue, stale, 0,
            "too few deliveries are recorded to say how late they come",
        )  # fmt: skip
    curve, passed = curves.curve(key), (as_of - due).days
    late = later_than(curve, (promised - due).days, passed)
    in_time = 0.0 if stale else 1 - later_than(curve, passed + within, passed)
    days = [due + timedelta(days=quantile(curve, share, passed)) for share in (0.5, 0.1, 0.9)]
    n, basis = curves.basis(key)
    return Delivery(line, late, in_time, days[0], days[1], days[2], overdue, stale, n, basis)
