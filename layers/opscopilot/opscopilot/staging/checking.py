"""The whole file is checked in DuckDB: formats found out, columns validated, right and wrong records parted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path
from typing import Any

import duckdb

from opscopilot.catalogue import dates, validation
from opscopilot.catalogue.formats import (
    NumberFormat,
    Order,
    Shape,
    date_layouts,
    number_formats,
)  # fmt: skip
from opscopilot.catalogue.types import Type
from opscopilot.catalogue.validation import Check
from opscopilot.staging.binding import Binding, Bound, cleaned, literal
from opscopilot.staging.reading.prepass import Prepared, is_footer
from opscopilot.staging.rejects import Spool

_DISTINCT_DAYS = 50_000
_TAIL = 3
_BATCH = 5000
_FILL_SHARE = 0.1


@dataclass(frozen=True)
class Told:
    """What a person said about the file's formats; None = find out."""

    dates: Order | None = None
    decimal: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What the check found."""

    good: int
    bad: int
    skipped: int
    footers: list[str]
    filled_down: bool
    checks: tuple[Check, ...]

    @property
    def refused(self) -> list[Check]:
        """Date columns nobody can read; then no record of the file is taken."""
        return [check for check in self.checks if check.refused]


@contextmanager
def workbench(folder: Path, memory_mb: int, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in `folder` with bounded memory; what does not fit spills to disk."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB", "threads": str(threads), "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": "true", "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }  # fmt: skip
    connection = duckdb.connect(str(folder / "work.duckdb"), config=config)
    try:
        yield connection
    finally:
        connection.close()


@dataclass
class Checker:
    """Checks one prepared file. `zone` and `day_start` are the plant's."""

    db: duckdb.DuckDBPyConnection
    prepared: Prepared
    width: int
    binding: Binding
    zone: str
    day_start: time
    told: Told

    def run(self) -> Outcome:
        """Load, find the formats, validate. The tables `raw` and `checked` stay for the outputs."""
        self._load()
        footers = self._drop_footers()
        self.filled = self._wants_fill_down()
        skipped = self._skip()
        self.checks = self._checks()
        self._validate()
        good, bad = self.db.execute(
            "SELECT count(*) FILTER (WHERE NOT bad), count(*) FILTER (WHERE bad) FROM checked"
        ).fetchone() or (0, 0)
        return Outcome(good, bad, skipped, footers, self.filled, tuple(self.checks))

    def _load(self) -> None:
        columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(self.width))
        cells = ", ".join(cleaned(index, untidy=self.prepared.untidy) for index in range(self.width))
        options = {
            "header": "false", "auto_detect": "false", "delim": literal(self.prepared.delimiter), "quote": "'\"'",
            "escape": "'\"'", "new_line": "'\\n'", "max_line_size": "4194304",
            "parallel": "false" if self.prepared.multiline else "true",
            "columns": f"{{'record_no': 'INTEGER', 'source_row': 'INTEGER', {columns}}}",
        }  # fmt: skip
        given = ", ".join(f"{name} = {value}" for name, value in options.items())
        self.db.execute(
            f"CREATE TABLE raw AS SELECT record_no, source_row, {cells} "
            f"FROM read_csv({literal(str(self.prepared.path))}, {given})"
        )

    def _drop_footers(self) -> list[str]:
        """Totals at the end, as wide as the records: the first filled cell says so and most cells are empty."""
        rows = self.db.execute(f"SELECT * FROM raw ORDER BY record_no DESC LIMIT {_TAIL}").fetchall()
        dropped: list[str] = []
        for row in rows:
            cells = [cell.strip() for cell in row[2:] if cell and cell.strip()]
            if not cells or not is_footer(cells[0]) or len(cells) > 0.6 * self.width:
                break
            self.db.execute("DELETE FROM raw WHERE record_no = ?", [row[0]])
            dropped.append(" ".join(cells))
        return dropped[::-1]

    def _skip(self) -> int:
        if not self.binding.skip:
            return 0
        found = self.db.execute(f"SELECT count(*) FROM raw WHERE {self.binding.skip}").fetchone()
        self.db.execute(f"DELETE FROM raw WHERE {self.binding.skip}")
        return int(found[0]) if found else 0

    def _wants_fill_down(self) -> bool:
        """Whether lines without their document's number go on with the document above.

        Said by the mapping, or seen: such lines have all of the document's columns empty, and either the
        headers tell lines from document (Odoo) or the lines are too many to be mistakes.
        """
        key, told = self.binding.key, self.binding.fill_down
        if told is not None or key is None:
            return bool(told)
        others = [one for one in self._of_parent() if one.field.name != key.field.name]
        if not others:
            return False
        empty = " AND ".join(f"({one.sql}) IS NULL" for one in others)
        blank, clean, rows = self.db.execute(
            f"SELECT count(*) FILTER (WHERE k IS NULL), count(*) FILTER (WHERE k IS NULL AND e), count(*) "
            f"FROM (SELECT ({key.sql}) AS k, ({empty}) AS e FROM raw)"
        ).fetchone() or (0, 0, 0)
        if not blank or blank != clean:
            return False
        by_header = any("line" in one.header.lower().split("/")[0] for one in self.binding.bounds if "/" in one.header)
        return by_header or blank > rows * _FILL_SHARE

    def _of_parent(self) -> list[Bound]:
        return [one for one in self.binding.bounds if one.field.name in self.binding.parent_fields and not one.constant]

    def bound_sql(self) -> str:
        """The relation of raw texts: record_no, source_row, source_id, r_<field>, and the cells c0 … cn."""
        plain = [f"{one.sql} AS r_{one.field.name}" for one in self.binding.bounds if not one.derived]
        plain += [f"{one.per} AS p_{one.field.name}" for one in self.binding.bounds if one.per]
        sql = f"SELECT *, {self.binding.source_id or 'NULL::VARCHAR'} AS source_id, {', '.join(plain)} FROM raw"
        key = self.binding.key
        if self.filled and key is not None:
            names = [f"r_{one.field.name}" for one in self._of_parent()]
            down = ", ".join(
                f"first_value({name}) OVER (PARTITION BY g ORDER BY record_no) AS {name}" for name in names
            )
            grouped = f"SELECT *, count(r_{key.field.name}) OVER (ORDER BY record_no) AS g FROM ({sql})"
            sql = f"SELECT * EXCLUDE (g) REPLACE ({down}) FROM ({grouped})"
        derived = [f"{one.sql} AS r_{one.field.name}" for one in self.binding.bounds if one.derived]
        return f"SELECT *, {', '.join(derived)} FROM ({sql})" if derived else sql

    def _checks(self) -> list[Check]:
        numbers, days = self._number_columns(), self._day_columns()
        findings = date_layouts(days, self.told.dates)
        dotted = any(one.layout.name == "dmy_dot" for one in findings.values())
        formats = number_formats(numbers, self.prepared.delimiter, day_first_dots=dotted)
        found = []
        for one in self.binding.bounds:
            name = one.field.name
            check = Check(
                one.field, percent=one.percent, per=one.per is not None, foreign_id=one.foreign_id,
                required=one.required, zone=self.zone, day_start=self.day_start,
            )  # fmt: skip
            if name in formats:
                check = replace(check, number=self._told_number() or formats[name])
            if name in findings:
                check = replace(check, day=findings[name])
            found.append(check)
        return found

    def _told_number(self) -> NumberFormat | None:
        return NumberFormat("," if self.told.decimal == "," else ".") if self.told.decimal else None

    def _in_file(self, *kinds: Type) -> list[Bound]:
        return [
            one for one in self.binding.bounds
            if one.field.type in kinds and not one.constant and not one.foreign_id
        ]  # fmt: skip

    def _number_columns(self) -> dict[str, list[Shape]]:
        found = {}
        for one in self._in_file(Type.QTY, Type.PRICE, Type.MONEY, Type.RATIO, Type.INT):
            rows = self.db.execute(
                f"SELECT translate(v, '12345678', '99999999') AS shape, count(*), min(v) "
                f"FROM (SELECT {one.sql} AS v FROM raw) WHERE v IS NOT NULL GROUP BY shape LIMIT {_DISTINCT_DAYS}"
            ).fetchall()
            found[one.field.name] = [Shape(*row) for row in rows]
        return found

    def _day_columns(self) -> dict[str, list[tuple[str, int]]]:
        found = {}
        for one in self._in_file(Type.DATE, Type.INSTANT):
            found[one.field.name] = self.db.execute(
                f"SELECT {dates.day_part('v')} AS day, count(*) FROM (SELECT {one.sql} AS v FROM raw) "
                f"WHERE v IS NOT NULL GROUP BY day ORDER BY count(*) DESC, day LIMIT {_DISTINCT_DAYS}"
            ).fetchall()
        return found

    def _validate(self) -> None:
        joins, looked = [], []
        for check in self.checks:
            if check.spellings is None:
                continue
            table = f"lookup_{check.field.name}"
            self.db.execute(
                f"CREATE TABLE {table} AS SELECT unnest(?) AS k, unnest(?) AS x",
                [list(check.spellings), list(check.spellings.values())],
            )
            joins.append(f"LEFT JOIN {table} ON {table}.k = {validation.lookup_key(check)}")
            looked.append(f"{table}.x AS {check.looked_up}")
        names = [check.field.name for check in self.checks]
        values = ", ".join(f"{validation.canonical(check)} AS {check.value}" for check in self.checks)
        errors = ", ".join(f"{validation.error(check)} AS e_{check.field.name}" for check in self.checks)
        codes, raws = (", ".join(f"{letter}_{name}" for name in names) for letter in "er")
        cells = ", ".join(f"c{index}" for index in range(self.width))
        bad = "true" if any(check.refused for check in self.checks) else f"coalesce({codes}) IS NOT NULL"
        base = f"SELECT b.*{''.join(', ' + one for one in looked)} FROM ({self.bound_sql()}) b {' '.join(joins)}"
        judged = f"SELECT *, {errors} FROM (SELECT *, {values} FROM ({base}))"
        # What a reject needs is gathered here and for bad records only; joining it up again would take memory.
        self.db.execute(
            f"CREATE TABLE checked AS SELECT record_no, source_row, source_id, "
            f"{', '.join(check.value for check in self.checks)}, bad, CASE WHEN bad THEN [{codes}] END AS codes, "
            f"CASE WHEN bad THEN [{raws}] END AS raws, CASE WHEN bad THEN [{cells}] END AS cells "
            f"FROM (SELECT *, {bad} AS bad FROM ({judged}))"
        )

    def write_good(self, target: Path) -> None:
        """The right records as Parquet: record_no, source_row, one column per field, source_id where known."""
        columns = ", ".join(f"{check.value} AS {check.field.name}" for check in self.checks)
        own_id = ", source_id" if self.binding.source_id else ""
        self.db.execute(
            f"COPY (SELECT record_no, source_row, {columns}{own_id} FROM checked WHERE NOT bad) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"
        )

    def write_bad(self, target: Path, headers: tuple[str, ...]) -> None:
        """The wrong records as they came, with every error of theirs, ready for COPY."""
        entity = self.binding.entity
        names = [header or f"column {index + 1}" for index, header in enumerate(headers)]
        names = [name if name not in names[:index] else f"{name} ({index + 1})" for index, name in enumerate(names)]
        key = [name for name in entity.key if self.binding.bound(name)]
        with target.open("w", encoding="utf-8", newline="") as stream:
            spool = Spool(stream)
            for number, row, codes, raws, cells in self._bad_rows():
                raw = dict(zip(self.binding.fields, raws, strict=True))
                line = {"source_row": row, **dict(zip(names, cells, strict=True))}
                spool.add(number, line, self._errors(codes, raw), "/".join(raw[name] or "" for name in key))

    def _bad_rows(self) -> Iterator[tuple[Any, ...]]:
        """Each wrong record: numbers, its error codes and raw texts by field, its cells. A batch at a time."""
        self.db.execute(
            "CREATE TABLE bad_rows AS SELECT record_no, source_row, codes, raws, cells FROM checked WHERE bad"
        )
        last = -1
        while batch := self.db.execute(
            f"SELECT * FROM bad_rows WHERE record_no > {last} ORDER BY record_no LIMIT {_BATCH}"
        ).fetchall():
            yield from batch
            last = batch[-1][0]

    def _errors(self, codes: list[str | None], raw: dict[str, str | None]) -> list[dict[str, Any]]:
        title = self.binding.entity.title
        found = [
            validation.explain(check, code, raw[check.field.name], title)
            for check, code in zip(self.checks, codes, strict=True) if code
        ]  # fmt: skip
        if found:
            return found
        return [
            {**validation.explain(check, "ambiguous_date", None, title),
             "message": f"The file was not taken, because nobody can tell how {check.field.label} writes its dates."}
            for check in self.checks if check.refused
        ]  # fmt: skip
