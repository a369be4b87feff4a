"""The demand behind the orders: per finished SKU a level, trend, yearly season, promotions, launches, delistings.

`Profile.level(day)` is the noise-free factor on the SKU's normal demand; what `orders` draws scatters around it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sample_data.model import Plant, Promotion, Sku, weekday
from sample_data.names import FAMILIES, XMAS_SEASON
from sample_data.rng import Stream

INVENTORY_EXAMPLE = "00100001"
SEASONAL = "00100073"
GROWING = "00100037"
PROMOTED = "00100013"
PLANNED = (PROMOTED, "00100002", "00100025")  # promotions ahead: in the plan and in the demand that will come
CALLED_OFF = "00100014"  # a promotion ahead that was cancelled: it must move nothing
LAUNCHED = "00100048"
DELISTED = "00100024"
SHORT_HISTORY = "00100055"  # the SKU with a long stock-out in its past
INTERMITTENT = tuple(f"{n:08d}" for n in range(100089, 100097))
STOCKOUTS = ("00100003", "00100017", "00100029", "00100038", "00100052", "00100064")
LOW_BUT_LASTING = ("00100007", "00100033", "00100058", "00100070")
SEASON_RUNS_OUT = "00100081"  # lasts its lead time at the pace of the last weeks, not at that of the season

WEEKDAY = (1.2, 1.05, 0.95, 1.05, 0.75, 0.0, 0.0)
LINES_PER_DAY = 178.0
FUTURE_WEEKS = 13
_FLAT = (1.0,) * 12


@dataclass(slots=True)
class Window:
    """Days first … last, both included; `lift` is the factor on demand, `discount_bp` in 1/100 %."""

    first: int
    last: int
    lift: float = 1.0
    discount_bp: int = 0


@dataclass(slots=True)
class Profile:
    """How one finished SKU sells. `lines` per working day and `mean` quantity per line in sales units."""

    sku: Sku
    lines: float
    mean: float
    trend: float
    season: tuple[float, ...]
    middle: int
    launch: int = 0
    delist: int = 0
    promos: list[Window] = field(default_factory=list)
    planned: list[Window] = field(default_factory=list)
    outs: list[Window] = field(default_factory=list)

    def promo(self, day: int) -> Window | None:
        """The promotion running on that day."""
        return next((one for one in self.promos if one.first <= day <= one.last), None)

    def out_of_stock(self, day: int) -> bool:
        """Whether the SKU could not be delivered for orders of that day."""
        return any(one.first <= day <= one.last for one in self.outs)

    def level(self, day: int) -> float:
        """The factor on normal demand of a working day, before the weekday: 0 before launch and after delisting."""
        if day < self.launch or (self.delist and day > self.delist):
            return 0.0
        level = (1.0 + self.trend * (day - self.middle) / 365.25) * seasonal(self.season, day)
        if self.launch:
            level *= min(1.0, 0.25 + 0.75 * (day - self.launch) / 56)
        for one in (*self.promos, *self.planned):
            if one.first <= day <= one.last:
                level *= one.lift
            elif one.last < day <= one.last + 7:
                level *= 0.8
        return max(level, 0.05)

    def expected_m(self, day: int) -> float:
        """Expected demand of a day in thousandths of the base unit."""
        per_unit = self.sku.case * 1000 if self.sku.case else 10_000
        return self.lines * self.mean * self.level(day) * open_day(day) * per_unit


def seasonal(table: tuple[float, ...], day: int) -> float:
    """The season on that day: months hold at their 15th, linear in between."""
    when = date.fromordinal(day)
    month, offset = when.month - 1, (when.day - 15) / 30.0
    other = (month + 1) % 12 if offset >= 0 else (month - 1) % 12
    return table[month] + (table[other] - table[month]) * abs(offset)


def open_day(day: int) -> float:
    """The weekday's factor; 0 on weekends and on the holidays on which nobody orders."""
    when = date.fromordinal(day)
    if (when.month, when.day) in ((1, 1), (12, 24), (12, 25), (12, 26), (12, 31)):
        return 0.0
    return WEEKDAY[weekday(day)]


def profiles(plant: Plant) -> list[Profile]:
    """One profile per finished SKU, in code order."""
    rng = Stream(plant.seed, "demand")
    skus = plant.of_kind("finished")
    featured = {INVENTORY_EXAMPLE, SEASONAL, GROWING, PROMOTED, SHORT_HISTORY, *STOCKOUTS}
    rest = rng.shuffled([one.code for one in skus if one.code not in featured | set(INTERMITTENT)])
    rank = {code: i for i, code in enumerate([*sorted(featured), *rest])}
    weights = {code: (place + 8.0) ** -1 for code, place in rank.items()}
    total = sum(weights.values())
    season = {family.name: family.season for family in FAMILIES}
    out = []
    for sku in skus:
        lines = LINES_PER_DAY * plant.scale * weights.get(sku.code, 0.0) / total
        profile = Profile(sku, lines or 0.045, rng.between(4, 24) if sku.case else rng.between(3, 12),
                          rng.span(-0.1, 0.14), season.get(sku.category, _FLAT), plant.first_day + 548)  # fmt: skip
        _calendar(plant, profile, rng)
        _plant(plant, profile)
        out.append(profile)
    return out


def _calendar(plant: Plant, profile: Profile, rng: Stream) -> None:
    """Promotions for retail packs and stock-outs in the past, drawn for every SKU so that none shifts another."""
    days = plant.as_of - plant.first_day
    for year in range(3):
        for _ in range(2):
            first = plant.first_day + year * 365 + rng.below(340)
            lift, discount = rng.span(1.5, 2.4), rng.pick((1000, 1500, 2000, 2500))
            clash = any(abs(first - one.first) < 28 for one in profile.promos)
            if profile.sku.case and not clash and first + 21 < plant.as_of and profile.sku.code not in STOCKOUTS:
                profile.promos.append(Window(first, first + 13, lift, discount))
    for _ in range(rng.pick((0, 0, 0, 1, 2))):
        first = plant.first_day + 60 + rng.below(days - 160)
        if profile.sku.code not in INTERMITTENT:
            profile.outs.append(Window(first, first + rng.between(2, 9)))


def _plant(plant: Plant, profile: Profile) -> None:
    """The planted facts that a forecast must find."""
    code = profile.sku.code
    if code == SEASONAL:
        profile.season, profile.trend, profile.promos, profile.outs = XMAS_SEASON, 0.05, [], []
    elif code == GROWING:
        profile.trend, profile.promos, profile.outs = 0.3, [], []
    elif code == PROMOTED:
        first = plant.as_of - 190
        profile.promos = [one for one in profile.promos if abs(one.first - first) > 60]
        profile.promos.append(Window(first, first + 13, 2.2, 2500))
    elif code == LAUNCHED:
        profile.launch, profile.promos, profile.outs = plant.as_of - 140, [], []
        profile.lines = 3.0 * plant.scale
    elif code == DELISTED:
        profile.delist, profile.promos = plant.as_of - 200, []
    elif code == SHORT_HISTORY:
        profile.outs = [Window(plant.as_of - 120, plant.as_of - 100)]
    if profile.launch or profile.delist:
        profile.trend = 0.0
    if code in PLANNED:
        monday = future_weeks(plant)[2 + 3 * PLANNED.index(code)]
        profile.planned = [Window(monday, monday + 13, 1.95, 2000)]


def promotions(plant: Plant, profiles: list[Profile]) -> list[Promotion]:
    """The promotion calendar by first day: what ran, what is planned, and one that was called off."""
    windows = [(one.sku.code, window, "confirmed") for one in profiles for window in one.promos]
    windows += [(one.sku.code, window, "planned") for one in profiles for window in one.planned]
    monday = future_weeks(plant)[3]
    windows.append((CALLED_OFF, Window(monday, monday + 13, 1.0, 2000), "cancelled"))
    windows.sort(key=lambda one: (one[1].first, one[0]))
    return [Promotion(f"AK-{number:04d}", sku, window.first, window.last, window.discount_bp, status,
                      window.discount_bp >= 2000) for number, (sku, window, status) in enumerate(windows, 1)]  # fmt: skip


def future_weeks(plant: Plant) -> list[int]:
    """Mondays of the 13 full weeks after as_of."""
    first = plant.as_of + 7 - weekday(plant.as_of)
    return [first + 7 * i for i in range(FUTURE_WEEKS)]


def weekly_expectation(profile: Profile, weeks: list[int]) -> list[int]:
    """Expected demand of each week in thousandths of the base unit."""
    return [int(sum(profile.expected_m(day) for day in range(monday, monday + 7)) + 0.5) for monday in weeks]
