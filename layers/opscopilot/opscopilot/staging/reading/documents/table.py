"""The table of a list of records: one row per record, or per line where records have lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from opscopilot.staging.reading.documents.store import MAX_TEXT, Kept, Store
from opscopilot.staging.reading.documents.values import flatten, text_of, to_json
from opscopilot.staging.reading.parts import PartWriter
from opscopilot.staging.reading.table import Note, Prepared
from opscopilot.staging.rejects import Spool

_SAMPLE = 50
_GROWTH_FROM, _GROWTH = 512 << 20, 100
"""From so many characters on a table may have so many times those of its records, by values that are repeated."""
Cells = list[str]


class RecordTable:
    """See table.Table. `context` are values of the whole document, repeated in each row."""

    delimiter = ","
    header_row = 0
    preamble: tuple[str, ...] = ()

    def __init__(self, store: Store, name: str, read_as: Mapping[str, Any], context: Mapping[str, str]) -> None:
        self._store, self.name = store, name
        self._exploded = max(store.lists, key=lambda one: store.lists[one], default=None)
        kept = [one for one in store.lists if one != self._exploded]
        own = list(dict.fromkeys([*store.names, *kept]))
        outer = {key: value for key, value in context.items() if key not in own}
        lines = self._line_names({*own, *outer})
        self.headers = (*outer, *own, *lines.values())
        self._outer, self._own, self._lines = list(outer.values()), own, lines
        # Odoo writes false for "nothing" in every field that is no yes-or-no.
        self._falsy = {one for one, kinds in store.names.items() if kinds == {"false", "other"}}
        self.notes = tuple(
            Note(
                "info",
                "list_kept",
                f"'{one}' is a list inside each record and was kept as JSON text in one column.",
                one,
            )
            for one in kept
        )
        self.read_as = {**read_as, **({"rows_of": self._exploded} if self._exploded else {})}
        self.sample = tuple(tuple(row) for row in islice((cells for _, cells in self._rows()), _SAMPLE))

    def _line_names(self, taken: set[str]) -> dict[str, str]:
        """Names in the lines → names of columns; a name the record has too gets the list's name in front."""
        if self._exploded is None:
            return {}
        names: dict[str, None] = {}
        for _, _, lists, bad in self._store:
            if not bad:
                for line in _lines(lists.get(self._exploded, "[]"), self._exploded):
                    names.update(dict.fromkeys(line))
                    self._store.check_width(len(taken) + len(names))
        return {name: name if name not in taken else f"{self._exploded}.{name}" for name in names}

    def _rows(self) -> Iterator[tuple[Kept, Cells]]:
        for kept in self._store:
            if not kept[3]:
                for cells in self._of(kept):
                    yield kept, cells

    def _of(self, kept: Kept) -> Iterator[Cells]:
        """The rows of one record."""
        _, cells, lists, _ = kept
        own = self._outer + [cells.get(name) or lists.get(name, "") for name in self._own]
        if self._falsy:
            start = len(self._outer)
            for index, name in enumerate(self._own, start):
                if own[index] == "false" and name in self._falsy:
                    own[index] = ""
        if self._exploded is None:
            yield own
            return
        for line in _lines(lists.get(self._exploded, "[{}]"), self._exploded):
            yield own + [line.get(name, "") for name in self._lines]

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """See Table.prepare."""
        spool_path = folder / "unreadable.csv"
        with (
            PartWriter(folder, part_bytes) as writer,
            spool_path.open("w", encoding="utf-8", newline="") as stream,
        ):
            found = Prepared(writer.parts, spool_path, writer.delimiter)
            spool, written, most = Spool(stream), 0, max(_GROWTH_FROM, self._store.size * _GROWTH)
            for kept in self._store:
                row, cells, _, bad = kept
                if bad:
                    found.rejected += 1
                    spool.add(writer.take(), {"source_row": row, "line": bad}, [_error(row, cells[""], bad)])
                    continue
                for one in self._of(kept):
                    length = sum(map(len, one)) + len(one)
                    written += length
                    if length > MAX_TEXT:
                        found.rejected += 1
                        text = to_json(dict(zip(self.headers, one, strict=True)))[:20_000]
                        why = f"it has more than {MAX_TEXT:,} characters"
                        spool.add(writer.take(), {"source_row": row, "line": text}, [_error(row, why, text)])
                    else:
                        writer.write(row, one)
                if written > most:
                    raise self._store.too_often(written)
            found.records, found.multiline = writer.number, writer.multiline
        return found


def _error(row: int, why: str, raw: str) -> dict[str, Any]:
    return {
        "field": None, "code": "unreadable_record", "message": f"Record {row} cannot be read: {why}.",
        "raw_value": raw[:200], "expected": "a JSON object with one value per name",
    }  # fmt: skip


def _lines(text: str, name: str) -> list[dict[str, str]]:
    """The elements of a list as cells; lists inside a line stay JSON text."""
    found: list[dict[str, str]] = []
    for line in json.loads(text, parse_float=Decimal):
        if not isinstance(line, dict):
            found.append({name: text_of(line)})
            continue
        flat = flatten(line)
        found.append({**flat.cells, **{key: to_json(one) for key, one in flat.lists.items()}})
    return found
