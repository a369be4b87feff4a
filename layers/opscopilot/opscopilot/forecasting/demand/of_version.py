"""The version a series belongs to, as far as its demand has to know it."""

from __future__ import annotations

from datetime import date
from typing import Protocol
from uuid import UUID

from opscopilot.forecasting.demand.periods import Period


class OfVersion(Protocol):
    """What has to be known of the version the batch belongs to."""

    @property
    def id(self) -> UUID: ...
    @property
    def code(self) -> str: ...
    @property
    def as_of(self) -> date: ...
    @property
    def history_end(self) -> date: ...
    @property
    def horizon_start(self) -> date: ...
    @property
    def batches(self) -> int: ...
    @property
    def length(self) -> Period: ...
