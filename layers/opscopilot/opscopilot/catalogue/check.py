"""One field of one file, and how its cells are to be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time

from opscopilot.catalogue import signs, spellings
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.formats import NumberFormat
from opscopilot.catalogue.layouts import ISO, DateFinding
from opscopilot.catalogue.types import Type
from opscopilot.kernel import uom

CODE_LENGTH = 64
POINT = NumberFormat(".")
ISO_DAYS = DateFinding(ISO)


@dataclass(frozen=True)
class Check:
    """One field of one file: how its cells are to be read. `foreign_id` marks another system's id, `per` a price
    that another column divides. `unit` names the field of the unit of a quantity, `whole` says it must have no
    decimals where that unit is counted, `after` names dates of the file that must not come after this one, `doubted`
    those that mostly do, so that the rule is in doubt. `parts`, `assumed_percent` and `decimal_codes` say what the
    column showed to be meant."""

    field: Field
    number: NumberFormat = POINT
    day: DateFinding = ISO_DAYS
    percent: bool = False
    per: bool = False
    foreign_id: bool = False
    required: bool = False
    zone: str = "UTC"
    day_start: time = time(0)
    unit: str | None = None
    whole: bool = False
    after: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    parts: bool = False
    assumed_percent: bool = False
    decimal_codes: bool = False

    @property
    def raw(self) -> str:
        """The column of raw text."""
        return f"r_{self.field.name}"

    @property
    def looked_up(self) -> str:
        """The joined column of what a spelling stands for."""
        return f"l_{self.field.name}"

    @property
    def value(self) -> str:
        """The column of canonical text."""
        return f"v_{self.field.name}"

    @property
    def spellings(self) -> dict[str, str] | None:
        """Accepted spellings where the set is closed."""
        return None if self.foreign_id else spellings.of(self.field)

    @property
    def refused(self) -> bool:
        """Whether nobody can say how this column writes its dates or numbers."""
        return bool(self.day.problem or self.number.problem)

    @property
    def form(self) -> NumberFormat:
        """The number format; units behind a number count only where the record has a field for them."""
        if self.field.type is Type.INT:
            words = signs.DAY_WORDS if self.field.name.endswith("_days") else frozenset()
        else:
            words = frozenset(uom.spellings()) if self.unit and self.field.type is Type.QTY else frozenset()
        kept = tuple(one for one in self.number.units if one in words)
        return replace(self.number, units=kept) if kept != self.number.units else self.number
