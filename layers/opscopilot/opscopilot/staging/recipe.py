"""How a file is read, decided once for the whole file: every part of it, and every replay, is read by this."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from opscopilot.catalogue.declaration import Registry
from opscopilot.catalogue.formats import ISO, LAYOUTS, DateFinding, NumberFormat
from opscopilot.kernel.tenancy import PlantSettings
from opscopilot.staging.binding import Binder, Binding
from opscopilot.staging.mapping import FileMapping


class ColumnFormat(BaseModel):
    """How one column writes its values. `problem` says why nobody can tell (then no record is taken)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decimal: Literal[".", ","] = "."
    assumed: bool = False
    contested: bool = False
    units: tuple[str, ...] = ()
    layout: str = "iso"
    problem: Literal["", "ambiguous", "mixed"] = ""
    samples: tuple[str, ...] = ()
    note: str = ""
    percent: bool = False
    decimal_codes: bool = False
    parts: bool = False
    """Whether so many quantities of the column are parts of pieces that the plant means them."""
    unordered: tuple[str, ...] = ()
    """Fields whose values come after this one's so often that the rule is in doubt, not the records (P-28)."""

    @classmethod
    def of_number(cls, found: NumberFormat) -> Self:
        """What was found out for a column of numbers."""
        return cls(
            decimal=found.decimal, assumed=found.assumed, samples=found.samples, problem=found.problem,
            contested=found.contested, units=found.units,
        )  # fmt: skip

    @classmethod
    def of_day(cls, found: DateFinding) -> Self:
        """What was found out for a column of dates."""
        return cls(layout=found.layout.name, problem=found.problem, samples=found.samples, note=found.note)

    @property
    def number(self) -> NumberFormat:
        """For a column of numbers."""
        problem: Literal["", "mixed"] = "mixed" if self.problem and self.contested else ""
        return NumberFormat(self.decimal, self.assumed, self.samples, problem, self.contested, self.units)

    @property
    def day(self) -> DateFinding:
        """For a column of dates."""
        problem = "" if self.contested else self.problem
        return DateFinding(LAYOUTS.get(self.layout, ISO), problem, self.samples, self.note)


class Recipe(BaseModel):
    """Everything that turns a record's cells into fields. Kept with the job (`mapping.recipe`).

    `today` is the plant's day and `landed_at` the file's time when it was first read: they stand for a moment
    the file does not state, also when a part or a corrected record is read later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: list[str]
    mapping: FileMapping
    today: str
    landed_at: datetime
    formats: dict[str, ColumnFormat] = {}
    fill_down: bool = False

    def binding(self, registry: Registry, plant: PlantSettings) -> Binding:
        """Which SQL gives the raw text of each field; Refused when the mapping does not fit the headers."""
        return (
            Binder(registry, self.headers, plant, self.today, self.landed_at)
            .from_mapping(self.mapping)
            .with_units({name: one.units for name, one in self.formats.items() if one.units})
        )

    def settled(self, formats: dict[str, ColumnFormat], *, fill_down: bool) -> Recipe:
        """The recipe with what all values of the file have decided."""
        return self.model_copy(update={"formats": formats, "fill_down": fill_down})
