"""JSON and NDJSON: found out where the records are, flattened, one table per list of them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ijson

from opscopilot.staging.reading.documents.parser import MAX_TOKEN, Parser, encoding_of
from opscopilot.staging.reading.documents.rows import ListGrid
from opscopilot.staging.reading.documents.shape import Document, Listed, SeveralRoots, Walker, is_wrapper, tables_of
from opscopilot.staging.reading.documents.store import Store
from opscopilot.staging.reading.documents.table import RecordTable
from opscopilot.staging.reading.documents.values import text_of, to_json
from opscopilot.staging.reading.grid import GridTable
from opscopilot.staging.reading.sniff import Kind
from opscopilot.staging.reading.table import Note, Table
from opscopilot.staging.reading.workbook import Found
from opscopilot.staging.refusal import Refused

_DAMAGE = (ijson.JSONError, UnicodeDecodeError, ValueError, OverflowError, StopIteration, RuntimeError)


def open_json(path: Path, kind: Kind, file_name: str, folder: Path, wanted: frozenset[str]) -> Found:
    """The tables of a file of JSON. Raises Refused."""
    encoding = encoding_of(path)
    how = {"format": str(kind), "encoding": encoding}
    if kind is Kind.NDJSON:
        store = _lines(path, encoding, file_name, folder)
        return Found([_table(store, "", how, {}, file_name)])
    try:
        document = _document(path, encoding, file_name, folder)
    except SeveralRoots:
        store = _roots(path, encoding, file_name, folder)
        return Found([_table(store, "", {**how, "format": "json, several documents"}, {}, file_name)])
    return _Chooser(document, how, file_name, folder, wanted).found()


def _document(path: Path, encoding: str, file_name: str, folder: Path) -> Document:
    """The document; read again with NaN and Infinity as texts where those stand in it."""
    try:
        return _walked(path, encoding, file_name, folder, words=False)
    except _Broken as broken:
        try:
            return _walked(path, encoding, file_name, folder, words=True)
        except _Broken:
            raise _damaged(file_name, broken.error, broken.where) from broken.error


class _Broken(Exception):
    """The document cannot be read on. `where` is behind which record."""

    def __init__(self, error: Exception, where: str) -> None:
        super().__init__(where)
        self.error, self.where = error, where


def _walked(path: Path, encoding: str, file_name: str, folder: Path, *, words: bool) -> Document:
    with path.open("rb") as stream:
        walker = Walker(Parser(stream, encoding, file_name, words=words), folder, file_name)
        try:
            return walker.run()
        except _DAMAGE as error:
            lists = walker.found.lists
            raise _Broken(error, f"at record {lists[-1].count:,}" if lists else "at its start") from error


def _damaged(file_name: str, error: Exception, where: str) -> Refused:
    said = " ".join(str(error).replace("------^", "").split())[:160] or "it ends too early"
    return Refused(
        "damaged_file", f"'{file_name}' is no valid JSON {where}: {said}. Nothing of it was taken. Export it again, whole; one record per line (NDJSON) "
        f"would cost only the damaged record.",
    )  # fmt: skip


def _roots(path: Path, encoding: str, file_name: str, folder: Path) -> Store:
    store = Store(folder / "records", file_name)
    number = 0
    try:
        with path.open("rb") as stream:
            parser = Parser(stream, encoding, file_name)
            for event in parser.events:
                if event[0] == "start_array":
                    for inner in parser.events:
                        if inner[0] == "end_array":
                            break
                        number += 1
                        store.add(number, parser.value(inner))
                else:
                    number += 1
                    store.add(number, parser.value(event))
    except _DAMAGE as error:
        raise _damaged(file_name, error, f"behind record {number:,}") from error
    store.close()
    return store


def _lines(path: Path, encoding: str, file_name: str, folder: Path) -> Store:
    """One record per line; a line that is none costs only itself."""
    store = Store(folder / "records", file_name)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors="replace", newline="\n") as stream:
        number = 0
        while line := stream.readline(MAX_TOKEN):
            number += 1
            if len(line) == MAX_TOKEN:
                raise Refused(
                    "unsafe_file", f"'{file_name}' has a line of more than {MAX_TOKEN >> 20} MB, which is no record.",
                )  # fmt: skip
            text = line.strip().removesuffix(",")
            if text:
                _line(store, number, text)
    store.close()
    return store


def _line(store: Store, number: int, text: str) -> None:
    try:
        store.add(number, _DECODER.decode(text))
    except RecursionError:
        store.reject(number, text[:20_000], "its values are nested too deep")
    except ValueError as error:
        store.reject(number, text[:20_000], f"it is not valid JSON ({error})")


def _pairs(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen and seen[key] != value:
                raise ValueError(f"the name '{key}' stands twice with different values")
            seen[key] = value
    return found


def _whole(digits: str) -> Any:
    return int(digits) if len(digits) < 4000 else Decimal(digits)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=Decimal, parse_int=_whole, parse_constant=lambda word: word
)


def _table(store: Store, name: str, how: dict[str, Any], context: dict[str, str], file_name: str) -> Table:
    if not store.records:
        raise Refused(
            "not_a_table", f"'{file_name}' holds no JSON objects with names and values, so it has no columns. Export "
            f"a list of objects.",
        )  # fmt: skip
    return RecordTable(store, name, how, context)


class _Chooser:
    """From what a document holds to tables."""

    def __init__(
        self, document: Document, how: dict[str, Any], file_name: str, folder: Path, wanted: frozenset[str]
    ) -> None:
        self._document, self._how, self._file_name = document, how, file_name
        self._folder, self._wanted = folder, wanted
        self._notes: list[Note] = []

    def found(self) -> Found:
        """The tables."""
        document = self._document
        if document.twice:
            raise Refused(
                "damaged_file",
                f"'{self._file_name}' gives the name '{document.twice}' twice around its records; nobody can tell which holds.",
            )
        if document.empty:
            raise Refused("no_rows", f"'{self._file_name}' holds no record. Check the filter of the export.")
        if document.is_fault:
            said = ", ".join(f"{name}: {cell}" for name, cell in document.outside.cells.items()) or "errors"
            raise Refused(
                "not_a_table",
                f"'{self._file_name}' is an error of the system it came from ({said[:200]}), not a list. Mend that and "
                "export again.",
            )
        if document.of_objects:
            tables = self._wrapped() if is_wrapper(document) else [self._order()]
        else:
            tables = [self._without_lists()]
        return Found(tables, self._notes)

    def _wrapped(self) -> list[Table]:
        left_out = ", ".join(self._document.outside.cells)
        if left_out:
            self._notes.append(
                Note(
                    "info",
                    "left_out",
                    f"What stands around the records was not read: {left_out[:300]}.",
                    left_out[:300],
                )
            )
        return [
            _table(one.store, one.path, {**self._how, "path": one.path}, {}, self._file_name)
            for one in tables_of(self._document)
        ]

    def _order(self) -> Table:
        """One record with lines: the longest list makes the rows, its surroundings are repeated in each."""
        main = max(self._document.of_objects, key=lambda one: one.count)
        context = dict(self._document.outside.cells)
        for one in self._document.lists:
            if one is not main and one.count:
                context[one.path] = self._as_text(one)
        own = {*main.store.names, *main.store.lists}
        prefixed = {f"{main.path}.{name}" for name in own & context.keys()}
        return _table(
            main.store.renamed(own & context.keys(), main.path) if prefixed else main.store, "",
            {**self._how, "rows_of": main.path}, context, self._file_name,
        )  # fmt: skip

    def _as_text(self, one: Listed) -> str:
        if one.store.records:
            self._notes.append(
                Note(
                    "info",
                    "list_kept",
                    f"'{one.path}' is a second list and was kept as JSON text in one column.",
                    one.path,
                )
            )
            return "[" + ", ".join(to_json(cells) for _, cells, _, bad in one.store if not bad) + "]"
        if any(isinstance(value, list) for value in one.plain):
            return to_json(one.plain)
        return ", ".join(map(text_of, one.plain))

    def _without_lists(self) -> Table:
        """Rows as lists, columns as lists, or one single record."""
        rows = max(self._document.lists, key=lambda one: one.rows, default=None)
        if rows is not None and rows.rows:
            names = next((one.plain for one in self._document.lists if _names_columns(one)), None)
            grid = ListGrid(rows.store, names)
            return GridTable(grid, self._file_name, {**self._how, "path": rows.path}, self._wanted)
        columns = [one for one in self._document.lists if one.plain]
        store = Store(self._folder / "single", self._file_name)
        lengths = {one.count for one in columns}
        if len(columns) > 1 and len(lengths) == 1 and not self._document.outside.cells and lengths != {Walker.PLAIN}:
            for number, values in enumerate(zip(*(one.plain for one in columns), strict=True), 1):
                store.add(number, {one.path: value for one, value in zip(columns, values, strict=True)})
        elif self._document.outside.cells:
            store.add(1, {**self._document.outside.cells, **{one.path: self._as_text(one) for one in columns}})
        store.close()
        return _table(store, "", self._how, {}, self._file_name)


def _names_columns(one: Listed) -> bool:
    last = one.path.rpartition(".")[2].lower()
    return last in ("columns", "headers", "header", "fields", "names") and all(isinstance(x, str) for x in one.plain)
