"""How a file is read, decided once for the whole file: every part of it, and every replay, is read by this."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from opscopilot.catalogue.formats import ISO, LAYOUTS, DateFinding, NumberFormat
from opscopilot.catalogue.validation import Check
from opscopilot.staging.mapping import FileMapping


class ColumnFormat(BaseModel):
    """How one column writes its values. `problem` says why nobody can tell (then no record is taken)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decimal: Literal[".", ","] = "."
    assumed: bool = False
    layout: str = "iso"
    problem: Literal["", "ambiguous", "mixed"] = ""
    samples: tuple[str, ...] = ()

    @classmethod
    def of(cls, check: Check) -> Self:
        """What was found out for a column."""
        day = bool(check.day.samples)
        return cls(
            decimal=check.number.decimal, assumed=check.number.assumed, layout=check.day.layout.name,
            problem=check.day.problem, samples=check.day.samples if day else check.number.samples,
        )  # fmt: skip

    @property
    def number(self) -> NumberFormat:
        """For a column of numbers."""
        return NumberFormat(self.decimal, self.assumed, self.samples)

    @property
    def day(self) -> DateFinding:
        """For a column of dates."""
        return DateFinding(LAYOUTS.get(self.layout, ISO), self.problem, self.samples)


class Recipe(BaseModel):
    """Everything that turns a record's cells into fields. Kept with the job (`mapping.recipe`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: list[str]
    mapping: FileMapping
    formats: dict[str, ColumnFormat] = {}
    moment: str
    """The plant's day, or the file's time, that stands for a missing moment."""
    fill_down: bool = False
