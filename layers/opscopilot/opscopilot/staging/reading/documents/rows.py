"""A list of lists as a grid: the first row names the columns, unless their names stand elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from opscopilot.staging.reading.documents.store import Store
from opscopilot.staging.reading.documents.values import text_of, to_json
from opscopilot.staging.reading.grid import Merge, Met, Row


class ListGrid:
    """Rows kept in a store. With `names`, those are row 0."""

    name = ""

    def __init__(self, store: Store, names: Sequence[Any] | None) -> None:
        self._store, self._names = store, names

    def rows(self, met: Met) -> Iterator[Row]:
        """See grid.Grid."""
        if self._names is not None:
            yield Row(0, [text_of(name) for name in self._names])
        for number, _, _, text in self._store:
            values = json.loads(text, parse_float=Decimal)
            if isinstance(values, list):
                met.row = number
                yield Row(number, [_cell(value) for value in values])

    def merges(self) -> list[Merge]:
        """None."""
        return []


def _cell(value: Any) -> str:
    return to_json(value) if isinstance(value, list | dict) else text_of(value)
