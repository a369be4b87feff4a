"""What alerts rest on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID


class Ground(Protocol):
    """What alerts rest on: a forecast version, or, while a plant has none, what is known on a day (`id` None)."""

    @property
    def id(self) -> UUID | None: ...
    @property
    def code(self) -> str: ...
    @property
    def as_of(self) -> date: ...


@dataclass(frozen=True, slots=True)
class WithoutForecast:
    """A ground without a forecast version."""

    as_of: date
    id: None = None

    @property
    def code(self) -> str:
        """Stands where a version's code would stand."""
        return f"READINGS-{self.as_of:%Y%m%d}"
