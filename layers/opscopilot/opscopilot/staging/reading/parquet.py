"""Parquet, read by DuckDB with bounded memory: every type as the text that the checks expect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from opscopilot.staging.reading.documents.values import to_json
from opscopilot.staging.reading.parts import PartWriter
from opscopilot.staging.reading.table import Note, Prepared, ReadLimits
from opscopilot.staging.refusal import Refused

_BATCH = 5_000
_SAMPLE = 50
_MEMORY_MB = 192
MAX_COLUMNS = 2_000
MAX_TEXT = 1_000_000
"""Characters in one row; the check reads records of at most 4 MB."""
Numbered = tuple[int, tuple[str, ...]]


class ParquetTable:
    """See table.Table. The rows of a Parquet file are numbered from 1."""

    name = ""
    header_row = 0
    preamble: tuple[str, ...] = ()
    delimiter = ","

    def __init__(self, path: Path, file_name: str, folder: Path, limits: ReadLimits) -> None:
        self._file_name, self._folder, self._limits = file_name, folder, limits
        _check_ends(path, file_name)
        # DuckDB takes stars and brackets in a path for a pattern.
        self._path = folder / "source.parquet"
        self._path.symlink_to(path.resolve())
        try:
            with self._connect() as db:
                self._describe(db)
                self.sample = tuple(cells for _, cells in self._fetch(db, _SAMPLE))
        except duckdb.Error as error:
            raise self._refusal(error) from error
        self.read_as: dict[str, Any] = {"format": "parquet", "types": dict(zip(self.headers, self._types, strict=True))}

    def _connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(
            config={
                "memory_limit": f"{_MEMORY_MB}MB", "threads": "1", "temp_directory": str(self._folder / "spill"),
                "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
            }
        )  # fmt: skip

    def _describe(self, db: duckdb.DuckDBPyConnection) -> None:
        size = db.execute(
            "SELECT coalesce(sum(total_uncompressed_size), 0) FROM parquet_metadata($1)", [str(self._path)]
        ).fetchone()
        if size and size[0] > self._limits.max_text_bytes:
            raise self._too_large(int(size[0]))
        columns = db.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(self._path)]).fetchall()
        if len(columns) > MAX_COLUMNS:
            raise Refused(
                "not_a_table",
                f"'{self._file_name}' has {len(columns):,} columns; at most {MAX_COLUMNS:,} are read. Export fewer.",
            )
        self.headers = tuple(str(column[0]) for column in columns)
        self._types = tuple(str(column[1]) for column in columns)
        self._writers = [(at, write) for at, kind in enumerate(self._types) if (write := _writer(kind)) is not None]
        self.notes = tuple(
            Note("info", "list_kept", f"'{name}' holds lists or objects and was kept as JSON text in one column.", name)
            for name, kind in zip(self.headers, self._types, strict=True)
            if _is_nested(kind)
        )

    def _fetch(self, db: duckdb.DuckDBPyConnection, limit: int | None = None) -> Iterator[Numbered]:
        """Row number and the cells as text."""
        texts = ", ".join(_text(name, kind) for name, kind in zip(self.headers, self._types, strict=True))
        rows = "" if limit is None else f" LIMIT {limit}"
        cursor = db.execute(f"SELECT {texts} FROM read_parquet($1){rows}", [str(self._path)])
        number = written = 0
        while batch := cursor.fetchmany(_BATCH):
            for cells in batch:
                number += 1
                if self._writers:
                    row = list(cells)
                    for at, write in self._writers:
                        row[at] = write(row[at])
                    cells = tuple(row)
                length = sum(map(len, cells))
                written += length
                if length > MAX_TEXT:
                    raise self._too_long(number, length)
                yield number, cells
            if written > self._limits.max_text_bytes:
                raise self._too_large(written)

    def _too_long(self, row: int, length: int) -> Refused:
        return Refused(
            "too_large",
            f"Row {row:,} of '{self._file_name}' holds {length:,} characters; a record has at most {MAX_TEXT:,}. Leave "
            "the long texts out of the export.",
        )

    def _too_large(self, size: int) -> Refused:
        return Refused(
            "too_large",
            f"'{self._file_name}' unpacks to {size >> 20:,} MB; the limit is {self._limits.max_text_bytes >> 20:,} MB. "
            "Split it.",
        )

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """See Table.prepare."""
        spool = folder / "widths.csv"
        spool.touch()
        with PartWriter(folder, part_bytes) as writer:
            found = Prepared(writer.parts, spool, writer.delimiter)
            try:
                with self._connect() as db:
                    writer.write_all(self._filled(db, found))
            except duckdb.Error as error:
                raise self._refusal(error) from error
            found.records, found.multiline = writer.number, writer.multiline
        return found

    def _filled(self, db: duckdb.DuckDBPyConnection, found: Prepared) -> Iterator[Numbered]:
        for row, cells in self._fetch(db):
            if any(cells):
                yield row, cells
            else:
                found.blank += 1

    def _refusal(self, error: duckdb.Error) -> Refused:
        if isinstance(error, duckdb.OutOfMemoryException):
            return Refused(
                "too_large",
                f"'{self._file_name}' has groups of rows too large to be read one after the other. Write it with smaller "
                "ones, of at most 100,000 rows.",
            )
        said = " ".join(str(error).replace(str(self._path), "the file").split())[:200]
        if "encrypt" in said.lower() or "crypto" in said.lower():
            return _encrypted(self._file_name)
        return Refused(
            "damaged_file",
            f"'{self._file_name}' cannot be read as Parquet ({said}). Write it again, or transfer it again.",
        )


def _check_ends(path: Path, file_name: str) -> None:
    with path.open("rb") as stream:
        head = stream.read(4)
        stream.seek(max(0, path.stat().st_size - 4))
        tail = stream.read()
    if b"PARE" in (head, tail):
        raise _encrypted(file_name)
    if tail != b"PAR1":
        raise Refused(
            "damaged_file",
            f"'{file_name}' is a Parquet file whose end is missing, as after a broken transfer. Transfer it again.",
        )


def _encrypted(file_name: str) -> Refused:
    return Refused("encrypted_file", f"'{file_name}' is encrypted Parquet. Write it without encryption and drop that.")


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT"))


def _text(name: str, kind: str) -> str:
    """SQL of a column as text; lists and objects as they are, since DuckDB's JSON rounds decimals."""
    column = '"' + name.replace('"', '""') + '"'
    if _is_nested(kind):
        return column
    if kind in ("FLOAT", "DOUBLE"):
        text = _float(column)
    elif kind == "TIMESTAMP WITH TIME ZONE":
        text = f"({column} AT TIME ZONE 'UTC')::VARCHAR || '+00:00'"
    elif kind == "BLOB":
        # Text that was written without saying so.
        text = f"coalesce(try(decode({column})), hex({column}))"
    elif kind == "VARCHAR":
        text = f"replace({column}, chr(0), '')"
    else:
        text = f"{column}::VARCHAR"
    return f"coalesce({text}, '')"


def _writer(kind: str) -> Callable[[Any], str] | None:
    """What makes the text of a column whose text SQL cannot make."""
    if _is_nested(kind):
        return lambda value: "" if value is None else to_json(_written(value))
    return _plain if kind in ("FLOAT", "DOUBLE") else None


def _written(value: Any) -> Any:
    """Lists and objects with nothing in them that JSON has not."""
    match value:
        case dict():
            return {str(key): _written(one) for key, one in value.items()}
        case list() | tuple():
            return [_written(one) for one in value]
        case bytes():
            return value.hex()
        case str() | int() | float() | Decimal() | None:
            return value
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _float(column: str) -> str:
    """Whole numbers without .0, nothing for no number; exponents are written out later, see _plain."""
    whole = f"abs({column}) < 1e15 AND {column} = trunc({column})"
    return f"CASE WHEN isnan({column}) THEN NULL WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"


def _plain(cell: str) -> str:
    return format(Decimal(cell), "f") if "e" in cell else cell


def open_parquet(path: Path, file_name: str, folder: Path, limits: ReadLimits) -> ParquetTable:
    """The table of a Parquet file. Raises Refused."""
    return ParquetTable(path, file_name, folder, limits)
