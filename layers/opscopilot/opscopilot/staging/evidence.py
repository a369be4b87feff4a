"""What all values of a file say about how its columns write numbers and dates. Gathered part by part."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from opscopilot.catalogue import dates
from opscopilot.catalogue.formats import Decimal, Order, Shape, date_layouts, number_formats
from opscopilot.catalogue.types import Type
from opscopilot.staging.binding import Binding, Bound
from opscopilot.staging.recipe import ColumnFormat

_DISTINCT = 50_000
_CELL = re.compile(r"\bc[0-9]+\b")
_NUMBERS = (Type.QTY, Type.PRICE, Type.MONEY, Type.RATIO, Type.INT)
_DAYS = (Type.DATE, Type.INSTANT)


@dataclass(frozen=True)
class Told:
    """What a person said about the file's formats; None = find out."""

    dates: Order | None = None
    decimal: str | None = None


@dataclass
class Evidence:
    """Shapes of numbers and distinct days by field, and how lines without a document number look."""

    numbers: dict[str, dict[str, Shape]] = field(default_factory=dict)
    days: dict[str, Counter[str]] = field(default_factory=dict)
    rows: int = 0
    no_key: int = 0
    no_key_nor_others: int = 0

    @classmethod
    def of(cls, db: duckdb.DuckDBPyConnection, binding: Binding) -> Evidence:
        """What the relation `raw` says."""
        found = cls()
        for one in _in_file(binding, _NUMBERS):
            rows = db.execute(
                f"SELECT translate(v, '12345678', '99999999') AS shape, count(*), min(v) "
                f"FROM (SELECT {one.sql} AS v FROM raw) WHERE v IS NOT NULL GROUP BY shape LIMIT {_DISTINCT}"
            ).fetchall()
            found.numbers[one.field.name] = {row[0]: Shape(*row) for row in rows}
        for one in _in_file(binding, _DAYS):
            counted = db.execute(
                f"SELECT {dates.day_part('v')} AS day, count(*) FROM (SELECT {one.sql} AS v FROM raw) "
                f"WHERE v IS NOT NULL GROUP BY day ORDER BY count(*) DESC, day LIMIT {_DISTINCT}"
            ).fetchall()
            found.days[one.field.name] = Counter(dict(counted))
        found._documents(db, binding)
        return found

    def _documents(self, db: duckdb.DuckDBPyConnection, binding: Binding) -> None:
        key, others = binding.key, binding.of_parent
        if key is None or len(others) < 2:
            return
        empty = " AND ".join(f"({one.sql}) IS NULL" for one in others if one.field.name != key.field.name)
        self.rows, self.no_key, self.no_key_nor_others = db.execute(
            f"SELECT count(*), count(*) FILTER (WHERE k IS NULL), count(*) FILTER (WHERE k IS NULL AND e) "
            f"FROM (SELECT ({key.sql}) AS k, ({empty}) AS e FROM raw)"
        ).fetchone() or (0, 0, 0)

    def add(self, other: Evidence) -> None:
        """Take in what another part of the file says."""
        for name, shapes in other.numbers.items():
            mine = self.numbers.setdefault(name, {})
            for text, shape in shapes.items():
                known = mine.get(text)
                if known:
                    mine[text] = Shape(text, known.rows + shape.rows, min(known.sample, shape.sample))
                elif len(mine) < _DISTINCT:
                    mine[text] = shape
        for name, days in other.days.items():
            counted = self.days.setdefault(name, Counter())
            for day, rows in days.items():
                if day in counted or len(counted) < _DISTINCT:
                    counted[day] += rows
        self.rows += other.rows
        self.no_key += other.no_key
        self.no_key_nor_others += other.no_key_nor_others

    def formats(self, delimiter: str, told: Told) -> dict[str, ColumnFormat]:
        """How every number and date column of the file is written."""
        findings = date_layouts({name: days.most_common() for name, days in self.days.items()}, told.dates)
        dotted = any(one.layout.name == "dmy_dot" for one in findings.values())
        shapes: Mapping[str, list[Shape]] = {name: list(known.values()) for name, known in self.numbers.items()}
        formats = {
            name: ColumnFormat.of_number(one)
            for name, one in number_formats(shapes, delimiter, day_first_dots=dotted).items()
        }
        if told.decimal:
            sign: Decimal = "," if told.decimal == "," else "."
            formats = {name: ColumnFormat(decimal=sign, units=one.units) for name, one in formats.items()}
        return formats | {name: ColumnFormat.of_day(one) for name, one in findings.items()}

    def fill_down(self, binding: Binding, share: float = 0.1) -> bool:
        """Whether lines without their document's number go on with the document above.

        Said by the mapping, or seen: such lines have all of the document's columns empty, and either the
        headers tell lines from document (Odoo) or the lines are too many to be mistakes.
        """
        if binding.fill_down is not None or binding.key is None:
            return bool(binding.fill_down)
        if not self.no_key or self.no_key != self.no_key_nor_others:
            return False
        by_header = any("line" in one.header.lower().split("/")[0] for one in binding.bounds if "/" in one.header)
        return by_header or self.no_key > self.rows * share


def columns(binding: Binding) -> frozenset[str]:
    """The columns of `raw` that say something about the formats; the others need not be loaded for it."""
    bounds = [*_in_file(binding, (*_NUMBERS, *_DAYS)), *binding.of_parent, *([binding.key] if binding.key else [])]
    texts = [one.sql for one in bounds] + [one.per or "" for one in bounds] + [binding.skip or ""]
    return frozenset(name for text in texts for name in _CELL.findall(text))


def _in_file(binding: Binding, kinds: tuple[Type, ...]) -> list[Bound]:
    return [
        one for one in binding.bounds if one.field.type in kinds and not one.constant and not one.foreign_id
    ]  # fmt: skip
