"""The way from the API to the engine: the API's function has no NumPy, the forecast function has."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID


class Computer(Protocol):
    """Forecasts a few items while somebody waits."""

    def demand(self, tenant_id: UUID, asked: dict[str, Any]) -> dict[str, Any]:
        """`asked`: sku_ids (at most 50), period, horizon, history. Answers as_of, horizon_start and items, each as
        `demand_rows.fetch` has it; items nobody ever ordered are left out. Unavailable when it does not answer."""
        ...
