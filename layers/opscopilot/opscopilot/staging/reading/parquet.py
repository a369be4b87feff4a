"""Parquet, read by DuckDB with bounded memory: every type as the text that the checks expect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from opscopilot.staging.reading.parts import PartWriter
from opscopilot.staging.reading.table import Note, Prepared, ReadLimits
from opscopilot.staging.refusal import Refused

_BATCH = 5_000
_SAMPLE = 50
_MEMORY_MB = 192
MAX_COLUMNS = 2_000


class ParquetTable:
    """See table.Table. The rows of a Parquet file are numbered from 1."""

    name = ""
    header_row = 0
    preamble: tuple[str, ...] = ()
    delimiter = ","
    notes: tuple[Note, ...] = ()

    def __init__(self, path: Path, file_name: str, folder: Path, limits: ReadLimits) -> None:
        self._path, self._file_name, self._folder = path, file_name, folder
        with path.open("rb") as stream:
            stream.seek(-4, 2)
            if stream.read(4) == b"PARE":
                raise _encrypted(file_name)
        try:
            with self._connect() as db:
                self._describe(db, limits)
                self.sample = tuple(tuple(row[1:]) for row in self._fetch(db, _SAMPLE))
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

    def _describe(self, db: duckdb.DuckDBPyConnection, limits: ReadLimits) -> None:
        size = db.execute(
            "SELECT coalesce(sum(total_uncompressed_size), 0) FROM parquet_metadata($1)", [str(self._path)]
        ).fetchone()
        if size and size[0] > limits.max_text_bytes:
            raise Refused(
                "too_large",
                f"'{self._file_name}' unpacks to {size[0] >> 20:,} MB; the limit is {limits.max_text_bytes >> 20:,} MB. Split it.",
            )
        columns = db.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(self._path)]).fetchall()
        if len(columns) > MAX_COLUMNS:
            raise Refused(
                "not_a_table",
                f"'{self._file_name}' has {len(columns):,} columns; at most {MAX_COLUMNS:,} are read. Export fewer.",
            )
        self.headers = tuple(str(column[0]) for column in columns)
        self._types = tuple(str(column[1]) for column in columns)

    def _fetch(self, db: duckdb.DuckDBPyConnection, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Row number and the cells as text."""
        texts = ", ".join(
            f"coalesce({_text(name, kind)}, '')" for name, kind in zip(self.headers, self._types, strict=True)
        )
        rows = "" if limit is None else f" LIMIT {limit}"
        cursor = db.execute(
            f"SELECT file_row_number + 1, {texts} FROM read_parquet($1, file_row_number = true){rows}",
            [str(self._path)],
        )
        while batch := cursor.fetchmany(_BATCH):
            yield from batch

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """See Table.prepare."""
        spool = folder / "widths.csv"
        spool.touch()
        with PartWriter(folder, part_bytes) as writer:
            found = Prepared(writer.parts, spool, writer.delimiter)
            try:
                with self._connect() as db:
                    writer.write_all((row[0], row[1:]) for row in self._filled(db, found))
            except duckdb.Error as error:
                raise self._refusal(error) from error
            found.records, found.multiline = writer.number, writer.multiline
        return found

    def _filled(self, db: duckdb.DuckDBPyConnection, found: Prepared) -> Iterator[Sequence[Any]]:
        for row in self._fetch(db):
            if any(row[1:]):
                yield row
            else:
                found.blank += 1

    def _refusal(self, error: duckdb.Error) -> Refused:
        said = " ".join(str(error).replace(str(self._path), "the file").split())[:200]
        if "encrypt" in said.lower() or "crypto" in said.lower():
            return _encrypted(self._file_name)
        return Refused(
            "damaged_file",
            f"'{self._file_name}' cannot be read as Parquet ({said}). Write it again, or transfer it again.",
        )


def _encrypted(file_name: str) -> Refused:
    return Refused("encrypted_file", f"'{file_name}' is encrypted Parquet. Write it without encryption and drop that.")


def _text(name: str, kind: str) -> str:
    """SQL of a column as text."""
    column = '"' + name.replace('"', '""') + '"'
    if kind in ("FLOAT", "DOUBLE"):
        return _float(column)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({column} AT TIME ZONE 'UTC')::VARCHAR || '+00:00'"
    if kind == "BLOB":
        # Text that was written without saying so.
        return f"coalesce(try(decode({column})), hex({column}))"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"


def _float(column: str) -> str:
    """Whole numbers without .0; no exponent where a decimal can hold it."""
    whole = f"abs({column}) < 1e15 AND {column} = trunc({column})"
    small = f"abs({column}) < 1e15 AND contains({column}::VARCHAR, 'e')"
    return (
        f"CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR "
        f"WHEN {small} THEN rtrim({column}::DECIMAL(38, 20)::VARCHAR, '0') ELSE {column}::VARCHAR END"
    )


def open_parquet(path: Path, file_name: str, folder: Path, limits: ReadLimits) -> ParquetTable:
    """The table of a Parquet file. Raises Refused."""
    return ParquetTable(path, file_name, folder, limits)
