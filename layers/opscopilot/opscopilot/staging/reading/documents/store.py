"""Flattened records kept on disk between finding the columns and writing them, with what was seen of them."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from opscopilot.staging.reading.documents.parser import Twice
from opscopilot.staging.reading.documents.values import Flat, flatten, to_json
from opscopilot.staging.refusal import Refused

MAX_COLUMNS = 2_000
MAX_TEXT = 1_000_000
"""Characters in one record; the check reads records of at most 4 MB."""
_BATCH = 500
Value = TypeVar("Value")
Kept = tuple[int, dict[str, str], dict[str, str], str]
"""Row in the source, cells, lists of objects as JSON, and for what is no record: its text (then cells say why)."""


class Store:
    """Records of one list in the file. Written once, then read as often as wanted."""

    def __init__(self, path: Path, file_name: str) -> None:
        self._path, self._file_name = path, file_name
        self._out: IO[bytes] | None = None
        self._out = path.open("wb")
        self._batch: list[Kept] = []
        self._held = 0
        self.size = 0
        """Characters kept."""
        self.names: dict[str, set[str]] = {}
        """Names of cells in order of appearance, with the kinds of their values: true, false, other."""
        self.lists: dict[str, int] = {}
        """Lists of objects: how many elements they have together."""
        self.records = 0
        self.bad = 0

    def add(self, row: int, value: Any) -> None:
        """Keep one element."""
        if isinstance(value, Twice):
            self.reject(row, f'"{value.key}"', f"the name '{value.key}' stands twice in it with different values")
        elif not isinstance(value, dict):
            self.reject(row, to_json(value)[:20_000], "it is no object with names and values")
        else:
            flat = flatten(value)
            if sum(map(len, flat.cells.values())) > MAX_TEXT:
                self.reject(row, to_json(value)[:20_000], f"its texts have more than {MAX_TEXT:,} characters")
            else:
                self._keep(row, flat)

    def _keep(self, row: int, flat: Flat) -> None:
        names = self.names
        for name, cell in flat.cells.items():
            kinds = names.get(name)
            if kinds is None:
                kinds = names[name] = set()
                self.check_width(len(names))
            if cell:
                kinds.add(cell if cell in ("true", "false") else "other")
        for name, elements in flat.lists.items():
            self.lists[name] = self.lists.get(name, 0) + len(elements)
        self.records += 1
        self._put((row, flat.cells, {name: to_json(one) for name, one in flat.lists.items()}, ""))

    def check_width(self, columns: int) -> None:
        """Refuse what would be a table wider than any."""
        if columns > MAX_COLUMNS:
            raise Refused(
                "not_a_table",
                f"'{self._file_name}' has records with more than {MAX_COLUMNS:,} different names together. Export "
                f"it with the same fields in each record.",
            )

    def too_often(self, written: int) -> Refused:
        """The refusal of values repeated without end."""
        return Refused(
            "unsafe_file",
            f"'{self._file_name}' would become {written >> 20:,} MB because values of its records are repeated in each "
            "of their lines. Export the lines by themselves.",
        )

    def reject(self, row: int, text: str, why: str) -> None:
        """Keep something that is no record."""
        self.bad += 1
        self._put((row, {"": why}, {}, text or " "))

    def _put(self, kept: Kept) -> None:
        self._batch.append(kept)
        self._held += len(kept[3]) + sum(map(len, kept[1].values())) + sum(map(len, kept[2].values()))
        if len(self._batch) >= _BATCH or self._held > MAX_TEXT:
            self._flush()

    def _flush(self) -> None:
        if self._batch and self._out is not None:
            marshal.dump(self._batch, self._out)
            self.size += self._held
            self._batch, self._held = [], 0

    def close(self) -> None:
        """Writing is over."""
        self._flush()
        if self._out is not None:
            self._out.close()
            self._out = None

    def __del__(self) -> None:
        # A refusal in the middle leaves it open.
        if self._out is not None:
            self._out.close()

    def renamed(self, names: set[str], prefix: str) -> Store:
        """The same records with a prefix before some of their names."""
        other = Store(self._path.with_name(self._path.name + "-renamed"), self._file_name)
        for row, cells, lists, bad in self:
            other._put(
                (row, _prefixed(cells, names, prefix) if not bad else cells, _prefixed(lists, names, prefix), bad)
            )
        other.names, other.lists = _prefixed(self.names, names, prefix), _prefixed(self.lists, names, prefix)
        other.records, other.bad = self.records, self.bad
        other.close()
        return other

    def __iter__(self) -> Iterator[Kept]:
        with self._path.open("rb") as stream:
            while True:
                try:
                    batch = marshal.load(stream)  # written above, by this process
                except EOFError:
                    return
                yield from batch


def _prefixed(given: dict[str, Value], names: set[str], prefix: str) -> dict[str, Value]:
    return {f"{prefix}.{name}" if name in names else name: value for name, value in given.items()}
