"""Records are checked in DuckDB, whole columns at a time: right and wrong ones are parted.

A file is loaded in one go or part by part. How its columns write numbers and dates is settled for the whole file
before anything is judged (see evidence.py), so that no part is read differently from another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

import duckdb

from opscopilot.catalogue import synonyms, validation
from opscopilot.catalogue.validation import Check
from opscopilot.staging.binding import Binding, cleaned, literal
from opscopilot.staging.kept_rows import column_names
from opscopilot.staging.noticing import Noticed, noticed
from opscopilot.staging.reading.footers import is_footer
from opscopilot.staging.recipe import ColumnFormat
from opscopilot.staging.rejects import Spool

_TAIL = 3
_BATCH = 5000


@dataclass(frozen=True)
class Outcome:
    """What the check found."""

    good: int
    bad: int
    skipped: int
    footers: list[str]
    filled_down: bool
    checks: tuple[Check, ...]
    noticed: tuple[Noticed, ...] = ()

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


def checks_of(binding: Binding, formats: dict[str, ColumnFormat], zone: str, day_start: time) -> tuple[Check, ...]:
    """How each field's cells are judged, with the file's formats."""
    found = []
    for one in binding.bounds:
        form = formats.get(one.field.name, ColumnFormat())
        found.append(
            Check(
                one.field,
                number=form.number,
                day=form.day,
                percent=one.percent or form.percent,
                assumed_percent=form.percent,
                decimal_codes=form.decimal_codes,
                per=one.per is not None,
                foreign_id=one.foreign_id,
                required=one.required,
                zone=zone,
                day_start=day_start,
                unit=binding.unit,
                whole=binding.entity.whole and not form.parts,
                after=binding.before(one.field.name, form.unordered),
                doubted=form.unordered,
                parts=form.parts,
            )
        )
    return tuple(found)


@dataclass
class Checker:
    """Checks what is loaded. `width` is the number of the file's columns, `zone` and `day_start` are the plant's."""

    db: duckdb.DuckDBPyConnection
    width: int
    binding: Binding
    zone: str
    day_start: time
    footers: list[str] | None = None
    skipped: int = 0

    def load(
        self, parts: Sequence[Path], delimiter: str, *, multiline: bool, untidy: bool, last: bool = True,
        only: frozenset[str] | None = None,
    ) -> None:  # fmt: skip
        """Make the relation `raw` out of prepared parts. `last`: the file ends here, maybe with totals. `only` these
        columns are loaded."""
        columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(self.width))
        wanted = [index for index in range(self.width) if only is None or f"c{index}" in only]
        cells = "".join(", " + cleaned(index, untidy=untidy) for index in wanted)
        options = {
            "header": "false", "auto_detect": "false", "delim": literal(delimiter), "quote": "'\"'",
            "escape": "'\"'", "new_line": "'\\n'", "max_line_size": "4194304",
            "parallel": "false" if multiline else "true",
            "columns": f"{{'record_no': 'INTEGER', 'source_row': 'INTEGER', {columns}}}",
        }  # fmt: skip
        given = ", ".join(f"{name} = {value}" for name, value in options.items())
        paths = ", ".join(literal(str(path)) for path in parts)
        self.db.execute(
            f"CREATE OR REPLACE TABLE raw AS SELECT record_no, source_row{cells} FROM read_csv([{paths}], {given})"
        )
        self.footers = self._drop_footers() if last else []
        self.skipped = self._skip()

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

    def outcome(self, formats: dict[str, ColumnFormat]) -> Outcome:
        """How the file will be judged, before it is: nothing is counted yet."""
        checks = checks_of(self.binding, formats, self.zone, self.day_start)
        return Outcome(0, 0, self.skipped, self.footers or [], False, checks)

    def judge(self, formats: dict[str, ColumnFormat], *, fill_down: bool = False) -> Outcome:
        """Validate what is loaded. The table `checked` stays for the outputs."""
        self.filled = fill_down
        self.checks = checks_of(self.binding, formats, self.zone, self.day_start)
        self._validate()
        good, bad = self.db.execute(
            "SELECT count(*) FILTER (WHERE NOT bad), count(*) FILTER (WHERE bad) FROM checked"
        ).fetchone() or (0, 0)
        seen = noticed(self.db, self.checks)
        return Outcome(good, bad, self.skipped, self.footers or [], fill_down, self.checks, seen)

    def bound_sql(self) -> str:
        """The relation of raw texts: record_no, source_row, source_id, r_<field>, and the cells c0 … cn."""
        plain = [f"{one.sql} AS r_{one.field.name}" for one in self.binding.bounds if not one.derived]
        plain += [f"{one.per} AS p_{one.field.name}" for one in self.binding.bounds if one.per]
        sql = f"SELECT *, {self.binding.source_id or 'NULL::VARCHAR'} AS source_id, {', '.join(plain)} FROM raw"
        key = self.binding.key
        if self.filled and key is not None:
            names = [f"r_{one.field.name}" for one in self.binding.of_parent]
            down = ", ".join(
                f"first_value({name}) OVER (PARTITION BY g ORDER BY record_no) AS {name}" for name in names
            )
            grouped = f"SELECT *, count(r_{key.field.name}) OVER (ORDER BY record_no) AS g FROM ({sql})"
            sql = f"SELECT * EXCLUDE (g) REPLACE ({down}) FROM ({grouped})"
        derived = [f"{one.sql} AS r_{one.field.name}" for one in self.binding.bounds if one.derived]
        return f"SELECT *, {', '.join(derived)} FROM ({sql})" if derived else sql

    def _validate(self) -> None:
        joins, looked = [], []
        for check in self.checks:
            if check.spellings is None:
                continue
            table = f"lookup_{check.field.name}"
            self.db.execute(
                f"CREATE OR REPLACE TABLE {table} AS SELECT unnest(?) AS k, unnest(?) AS x",
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
            f"CREATE OR REPLACE TABLE checked AS SELECT record_no, source_row, source_id, "
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
        names = column_names(headers)
        above = self._from_above(headers, names)
        key = [name for name in entity.key if self.binding.bound(name)]
        with target.open("w", encoding="utf-8", newline="") as stream:
            spool = Spool(stream)
            for number, row, codes, raws, cells in self._bad_rows():
                raw = dict(zip(self.binding.fields, raws, strict=True))
                line = {"source_row": row, **dict(zip(names, cells, strict=True))}
                line |= {name: raw[of] for name, of in above.items() if line[name] is None}
                spool.add(number, line, self._errors(codes, raw), "/".join(raw[name] or "" for name in key))

    def _from_above(self, headers: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """Columns that a line takes from the document above it, and their fields: it is kept alone, so with them."""
        parent = {synonyms.key(one.header): one.field.name for one in self.binding.of_parent} if self.filled else {}
        found = {name: parent.get(synonyms.key(header)) for header, name in zip(headers, names, strict=True)}
        return {name: field for name, field in found.items() if field}

    def _bad_rows(self) -> Iterator[tuple[Any, ...]]:
        """Each wrong record: numbers, its error codes and raw texts by field, its cells. A batch at a time."""
        self.db.execute(
            "CREATE OR REPLACE TABLE bad_rows AS SELECT record_no, source_row, codes, raws, cells FROM checked WHERE bad"
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
        return [validation.explain_refused(check, title) for check in self.checks if check.refused]
