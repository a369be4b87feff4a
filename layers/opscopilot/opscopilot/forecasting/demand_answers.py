"""Answers questions about demand: from the version in force where it covers them, else computed for the asking."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from opscopilot.forecasting import queries
from opscopilot.forecasting.computing import Computer
from opscopilot.forecasting.queries_demand import Origin, assembled
from opscopilot.forecasting.schemas import DemandForecast, ForecastVersion, Level
from opscopilot.forecasting.schemas_demand import DemandForecasts, DemandItem, DemandRequest
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound, TooLarge
from opscopilot.kernel.pagination import Page, cut, decode_cursor
from opscopilot.kernel.tenancy import plant_settings
from opscopilot.manufacturing import lookup

FAMILY_AT_MOST = 5000


class Answerer:
    """One question within one request."""

    def __init__(self, tx: Tx, clock: Clock, computer: Computer, asked: DemandRequest) -> None:
        self._tx = tx
        self._clock = clock
        self._computer = computer
        self._asked = asked

    def one(self) -> DemandForecast:
        """The answer for `sku`; NotFound with what to do when there is none."""
        item = lookup.require(self._tx, "sku", str(self._asked.sku), "sku")
        found = self._published([item["id"]]) or self._computed([item["id"]])
        if item["id"] in found:
            return found[item["id"]]
        if self._version is None:
            queries.require_version(self._tx)  # says what to do when nothing was ever published
        raise NotFound(
            f"Nobody ordered {item['sku_code']} before {self._as_of()}: there is nothing to forecast from.",
            code="no_demand", field="sku", value=item["sku_code"],
        )  # fmt: skip

    def to_compute(self) -> list[UUID]:
        """Items that no published version answers for."""
        if self._asked.source == "published" or self._asked.version:
            return []
        return [one for one in self._ids if one not in self._from_version]

    def several(self) -> DemandForecasts:
        """One answer per item, in the order of the question."""
        found = self._from_version | self._computed(self.to_compute())
        return DemandForecasts(
            period=self._asked.period, confidence_level=float(self._asked.confidence_level), as_of=self._as_of(found),
            items=[self._item(text, match, found) for text, match in self._matches],
        )  # fmt: skip

    def _item(self, text: str, match: lookup.Match, found: dict[UUID, DemandForecast]) -> DemandItem:
        if match.row is None:
            codes = ", ".join(str(row["sku_code"]) for row in match.candidates)
            said = f"fits several items: {codes}" if codes else "there is no item with this code, id or GTIN"
            return DemandItem(asked=text, status="ambiguous" if codes else "not_found", detail=said)
        forecast = found.get(match.row["id"])
        if forecast is None:
            return DemandItem(asked=text, status="no_demand", detail="nobody has ordered it: nothing to forecast from")
        return DemandItem(asked=text, status=forecast.status, detail=forecast.reason, forecast=forecast)

    @cached_property
    def _matches(self) -> list[tuple[str, lookup.Match]]:
        if self._asked.family is not None:
            return [(row["sku_code"], lookup.Match(row=row)) for row in _family(self._tx, self._asked.family)]
        texts = self._asked.skus or []
        found = lookup.find_exact_skus(self._tx, texts)
        return [(text, found[text]) for text in texts]

    @cached_property
    def _ids(self) -> list[UUID]:
        return list(dict.fromkeys(match.row["id"] for _, match in self._matches if match.row is not None))

    @cached_property
    def _from_version(self) -> dict[UUID, DemandForecast]:
        return self._published(self._ids)

    @cached_property
    def _version(self) -> ForecastVersion | None:
        """The version that may answer, None where only computing can."""
        asked = self._asked
        if asked.version is not None:
            return queries.require_version(self._tx, asked.version)
        found = None if asked.source == "computed" else queries.latest_version(self._tx, asked.period)
        if found is None and (asked.source == "published" or asked.location is not None):
            queries.require_version(self._tx)
            raise NotFound(
                f"No {asked.period} forecast has been published for this plant.", code="no_forecast", field="period",
                value=asked.period, expected='source "computed", or the period among the planning settings',
            )  # fmt: skip
        return found

    def _published(self, ids: list[UUID]) -> dict[UUID, DemandForecast]:
        version, asked = self._version, self._asked
        if version is None or not self._covers(version):
            return {}
        place = None
        if asked.location is not None:
            row = lookup.require(self._tx, "warehouse", asked.location, "location")
            place = (row["id"], str(row["code"]))
        return queries.demand_forecasts(
            self._tx, ids, version=version, level=asked.confidence_level, horizon=asked.horizon,
            history=asked.history, location=place,
        )  # fmt: skip

    def _covers(self, version: ForecastVersion) -> bool:
        """A version that was named, or is the only source there may be, answers as far as it reaches."""
        asked = self._asked
        fixed = asked.version is not None or asked.source == "published" or asked.location is not None
        return fixed or asked.horizon is None or asked.horizon <= version.horizon_periods

    def _computed(self, ids: list[UUID]) -> dict[UUID, DemandForecast]:
        asked = self._asked
        if not ids or asked.source == "published" or asked.version is not None or asked.location is not None:
            return {}
        question = {"sku_ids": [str(one) for one in ids], "period": asked.period, "history": asked.history}
        if asked.horizon is not None:
            question["horizon"] = asked.horizon
        told = self._computer.demand(_tenant(self._tx), question)
        self._cut = date.fromisoformat(told["as_of"])
        start = date.fromisoformat(told["horizon_start"])
        origin = Origin("computed", asked.period, self._cut, start)
        answers = [assembled(rows, origin, asked.confidence_level, asked.horizon) for rows in told["items"]]
        return {one.entity_id: one for one in answers}

    _cut: date | None = None

    def _as_of(self, found: dict[UUID, DemandForecast] | None = None) -> date:
        """The day the answers speak of."""
        days = [one.as_of for one in (found or {}).values()]
        known = max(days, default=self._cut) or (self._version.as_of if self._version else None)
        return known or plant_settings(self._tx).today(self._clock)


def _tenant(tx: Tx) -> UUID:
    assert tx.tenant_id is not None
    return tx.tenant_id


def _family(tx: Tx, name: str) -> list[Row]:
    """The active items of a category; NotFound with the categories there are, TooLarge beyond a limit."""
    rows = tx.rows(
        """SELECT k.id, k.sku_code, k.description, k.category, k.base_uom, k.is_active FROM manufacturing.skus k
           WHERE lower(btrim(k.category)) = lower(btrim(:name)) AND k.is_active
           ORDER BY k.sku_code COLLATE "C" LIMIT :rows""",
        name=name, rows=FAMILY_AT_MOST + 1,
    )  # fmt: skip
    if len(rows) > FAMILY_AT_MOST:
        raise TooLarge(
            f"The family '{name}' has more than {FAMILY_AT_MOST:,} items.", field="family", value=name,
            expected="POST /api/v1/forecast/run forecasts all items of the plant",
        )  # fmt: skip
    if not rows:
        known = tx.rows("SELECT DISTINCT btrim(category) AS name FROM manufacturing.skus ORDER BY 1 LIMIT 20")
        raise NotFound(
            f"There is no family '{name}' with active items.", field="family", value=name,
            expected="one of: " + ", ".join(row["name"] for row in known if row["name"]),
        )  # fmt: skip
    return rows


def page_of(
    tx: Tx, version: ForecastVersion, level: Level, history: int, cursor: str | None, limit: int
) -> Page[DemandItem]:
    """The items of a version in the order of their codes."""
    where: dict[str, Any] = {"version": version.id}
    after = ""
    if cursor is not None:
        after, where["after"] = 'AND sku_code COLLATE "C" > :after', str(decode_cursor(cursor, 1)[0])
    total = int(tx.scalar("SELECT count(*) FROM forecast.forecast_series WHERE version_id = :v", v=version.id))
    rows = tx.rows(
        f"""SELECT entity_id, sku_code FROM forecast.forecast_series WHERE version_id = :version {after}
            ORDER BY sku_code COLLATE "C" LIMIT :rows""", **where, rows=limit + 1,
    )  # fmt: skip
    shown, following = cut(rows, limit, "sku_code")
    found = queries.demand_forecasts(
        tx, [row["entity_id"] for row in shown], version=version, level=level, history=history
    )
    items = [
        DemandItem(asked=row["sku_code"], status=one.status, detail=one.reason, forecast=one)
        for row in shown if (one := found.get(row["entity_id"])) is not None
    ]  # fmt: skip
    return Page(items=items, next_cursor=following, total=total)
