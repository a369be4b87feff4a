"""ABC/XYZ and demand pattern of a version: the table, and a page of SKUs."""

from __future__ import annotations

from opscopilot.forecasting.schemas import ForecastVersion
from opscopilot.kernel.db import Tx
from opscopilot.planning.stocks import safety
from opscopilot.planning.stocks.schemas import Abc, ClassCount, Classification, ClassRow, Xyz


def classification(
    tx: Tx, version: ForecastVersion, *, abc: Abc | None, xyz: Xyz | None, cursor: str | None, limit: int
) -> Classification:
    """Values of different currencies stand in rows of their own (P-21)."""
    cells = tx.rows(
        """SELECT abc, xyz, currency, count(*) AS skus, sum(annual_value) AS annual_value FROM forecast.safety_stocks
           WHERE version_id = :version AND location_id IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        version=version.id,
    )
    rows, more, total = safety.page(tx, version, abc=abc, xyz=xyz, cursor=cursor, limit=limit)
    return Classification(
        cells=[ClassCount.model_validate(row) for row in cells], items=[ClassRow.model_validate(row) for row in rows],
        next_cursor=more, total=total, version=version.code, as_of=version.as_of,
    )  # fmt: skip
