"""Pulling in order of change: what OData with a change field, Odoo and ERPNext have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from opscopilot.staging.connectors import moments
from opscopilot.staging.connectors.base import Batch, ConnectorFailed
from opscopilot.staging.connectors.http import HttpClient
from opscopilot.staging.connectors.moments import Format
from opscopilot.staging.connectors.paging import Keyset, OutOfOrder, Record, dig

_TRIES = 3
Ask = Callable[[str | None, int], list[Record]]
"""Asks for one page: records changed at or after that moment, sorted by it, without the first so many."""


class ByChange:
    """One stream's pull in order of change. `ask` gets `since` and `skip`; `size` is a full page's length."""

    def __init__(self, http: HttpClient, url: str, ask: Ask, keyset: Keyset, size: int) -> None:
        self._http = http
        self._url = url
        self._ask = ask
        self._keyset = keyset
        self._size = size
        self._missing = 0

    def batches(self) -> Iterator[Batch]:
        """Page after page; ends at a page that brings nothing new and is not full."""
        keyset = self._keyset
        while True:
            records, fresh = self._page()
            self._missing += sum(moments.key(dig(one, keyset.column), keyset.way) is None for one in fresh)
            if fresh:
                yield Batch(fresh, keyset.since, keyset.as_json(), lasts=True)
            elif len(records) < self._size:
                break
        if self._missing:
            yield Batch([], keyset.since, keyset.as_json(), (missing(self._missing, keyset.column),), lasts=True)

    def _page(self) -> tuple[list[Record], list[Record]]:
        """A page and what is new in it. A page that cannot be right is asked for again."""
        for attempt in range(1, _TRIES + 1):
            records = self._ask(self._keyset.since, self._keyset.skip)
            # What was seen at the edge is asked for again: an answer without it is not whole.
            hollow = not records and bool(self._keyset.edge) and self._keyset.skip == 0
            if hollow and attempt < _TRIES:
                self._http.breathe(self._url, "answered an empty page where records were before", attempt)
                continue
            try:
                return records, self._keyset.take(records)
            except OutOfOrder as error:
                if attempt == _TRIES:
                    raise ConnectorFailed(
                        "not_in_order", f"{self._url.split('?')[0]} does not sort or filter by {self._keyset.column} "
                        f"as asked: {error}. Choose another change field for this stream, or none.",
                    ) from error  # fmt: skip
                self._http.breathe(self._url, "answered a page out of order", attempt)
        raise AssertionError("unreachable")


def missing(count: int, field: str) -> str:
    """The sentence for records that do not say when they changed."""
    return (
        f"{count:,} records have no readable {field}; they were taken in, but changes to them are not noticed by "
        "the next incremental pull."
    )


def start(field: str, way: Format, watermark: str | None, overlap_s: int, resume: dict[str, Any] | None) -> Keyset:
    """Where a pull begins: at its resume document, or the overlap before the watermark."""
    keyset = Keyset(field, way, moments.minus(watermark, way, overlap_s) if watermark else None)
    if resume:
        keyset.restore(resume)
    return keyset
