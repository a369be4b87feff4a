"""Questions about scrap forecasts. No numpy: the API's function has none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opscopilot.forecasting.quality.schemas import ScrapEvidence, ScrapForecast, ScrapForecasts, ScrapOfItem
from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import cut, decode_cursor

DEFINITION = (
    "Scrap rate = sum of scrap / sum of (good + scrap) of dated work orders; reworked pieces are good. The expected rate "
    "is an empirical-Bayes beta-binomial estimate: recent orders weigh more, few orders lean on the item's and the "
    "plant's rate. Excess is measured against the same item and line in the 8 weeks before today; cost is standard cost."
)
_RANK = "-coalesce(q.expected_cost, -1)"
_SELECT = f"""
SELECT q.*, nullif(q.line, '') AS line, k.description, {_RANK} AS rank
FROM forecast.quality_forecasts q
JOIN manufacturing.skus k ON k.tenant_id = q.tenant_id AND k.id = q.sku_id
"""


def scrap_forecasts(
    tx: Tx, version: ForecastVersion, *, line: str | None = None, planned: bool | None = None,
    cursor: str | None = None, limit: int = 50,
) -> ScrapForecasts:  # fmt: skip
    """One page, the most expected cost first. `planned`: only with (or without) open work orders."""
    where, params = ["q.version_id = :version"], dict[str, Any](version=version.id)
    if line is not None:
        where.append("q.line = :line")
        params["line"] = line
    if planned is not None:
        where.append("(q.planned_qty > 0) = :planned")
        params["planned"] = planned
    total = int(tx.scalar(f"SELECT count(*) FROM forecast.quality_forecasts q WHERE {' AND '.join(where)}", **params))
    order = f'{_RANK}, q.sku_code COLLATE "C", q.line COLLATE "C"'
    if cursor is not None:
        rank, code, after = decode_cursor(cursor, 3)
        where.append(f"({order}) > (CAST(:rank AS numeric), :code, :after)")
        params |= {"rank": str(rank), "code": str(code), "after": str(after)}
    rows = tx.rows(f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT :rows", **params, rows=limit + 1)
    kept, following = cut(rows, limit, "rank", "sku_code", "line")
    return ScrapForecasts(
        items=[_forecast(row) for row in kept], total=total, version=version.code, as_of=version.as_of,
        next_cursor=following,
        evidence=_whole(tx, version), definition=DEFINITION,
    )  # fmt: skip


def scrap_of_item(tx: Tx, version: ForecastVersion, sku_id: UUID) -> list[ScrapForecast]:
    """All lines of one item; empty where no work order of it has output or is open."""
    rows = tx.rows(
        f"{_SELECT} WHERE q.version_id = :version AND q.sku_id = :sku ORDER BY q.line", version=version.id, sku=sku_id
    )
    return [_forecast(row) for row in rows]


def item_answer(version: ForecastVersion, code: str, lines: list[ScrapForecast]) -> ScrapOfItem:
    """The lines with what they are from."""
    return ScrapOfItem(sku_code=code, version=version.code, as_of=version.as_of, lines=lines, definition=DEFINITION)


def _forecast(row: Row) -> ScrapForecast:
    return ScrapForecast.model_validate({**row, "evidence": _evidence(row)})


def _evidence(row: Row) -> ScrapEvidence:
    return ScrapEvidence.model_validate({name: row[name] for name in ScrapEvidence.model_fields})


def _whole(tx: Tx, version: ForecastVersion) -> ScrapEvidence | None:
    row = tx.one("SELECT * FROM forecast.quality_runs WHERE version_id = :version", version=version.id)
    return None if row is None else _evidence(row)
