"""An EPCIS document as tables: its events, what they are about, and declarations of errors.

The tables have the canonical fields as their columns and bring their own mapping; recognition has nothing to do.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from opscopilot.catalogue.declaration import Entity
from opscopilot.manufacturing.tracing import TRACE_EVENT, TRACE_EVENT_ERROR, TRACE_EVENT_ITEM
from opscopilot.staging.epcis.documents import HEAD, events, is_epcis
from opscopilot.staging.epcis.rows import Right, Row, Wrong, convert
from opscopilot.staging.mapping import FileMapping
from opscopilot.staging.reading.parts import PartWriter
from opscopilot.staging.reading.table import Note, Prepared
from opscopilot.staging.refusal import Refused
from opscopilot.staging.rejects import Spool

__all__ = ["EpcisTable", "is_epcis", "open_epcis"]
_SAMPLE = 50


@dataclass(frozen=True)
class EpcisTable:
    """One of the tables of a document. Implements reading.table.Table."""

    path: Path
    entity: Entity
    name: str
    rejects: bool = False
    """Whether this table is the one that keeps the events that cannot be taken."""
    header_row: int = 0
    preamble: tuple[str, ...] = ()
    delimiter: str = ","
    notes: tuple[Note, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The entity's fields."""
        return tuple(one.name for one in self.entity.fields)

    @property
    def mapping(self) -> FileMapping:
        """How the columns become fields: each is one."""
        return FileMapping(
            pattern="*", entity=self.entity.name, columns={name: name for name in self.headers}, decimal="."
        )

    @property
    def sample(self) -> tuple[tuple[str, ...], ...]:
        """The first rows."""
        return tuple(islice((self._cells(row) for _, row in self._rows()), _SAMPLE))

    @property
    def read_as(self) -> dict[str, Any]:
        """For the receipt."""
        return {"format": "EPCIS", "table": self.name}

    def prepare(self, folder: Path, part_bytes: int | None = None) -> Prepared:
        """Write the rows; events that cannot be taken go to the spool with what is wrong in them."""
        spool_path = folder / "epcis.rejects.csv"
        rejected = 0
        with PartWriter(folder, part_bytes) as out, spool_path.open("w", encoding="utf-8", newline="") as stream:
            spool = Spool(stream)
            for number, given in enumerate(events(self.path), 1):
                found = convert(given)
                if isinstance(found, Right):
                    for row in self._of(found):
                        out.write(number, self._cells(row))
                elif self.rejects:
                    rejected += 1
                    raw = {"source_row": number, "eventID": found.event_id, "event": given}
                    spool.add(out.take(), raw, _named(found), found.event_id)
        return Prepared(
            out.parts, spool_path, out.delimiter, out.number, rejected, multiline=out.multiline, untidy=False
        )

    def _rows(self) -> Iterator[tuple[int, Row]]:
        for number, given in enumerate(events(self.path), 1):
            found = convert(given)
            if isinstance(found, Right):
                for row in self._of(found):
                    yield number, row

    def _of(self, found: Right) -> list[Row]:
        if self.entity is TRACE_EVENT:
            return [found.event]
        if self.entity is TRACE_EVENT_ITEM:
            return found.items
        return [found.error] if found.error else []

    def _cells(self, row: Row) -> tuple[str, ...]:
        return tuple(row[name] for name in self.headers)

    def any(self) -> bool:
        """Whether there is a row at all."""
        return next(self._rows(), None) is not None


def open_epcis(path: Path) -> list[EpcisTable]:
    """The tables of a document: its events first, then what they are about and what was declared wrong."""
    if next(events(path), None) is None:
        raise Refused("no_rows", "The EPCIS document holds no event. Check the filter of the query that made it.")
    tables = [EpcisTable(path, TRACE_EVENT, "events", rejects=True)]
    items = EpcisTable(path, TRACE_EVENT_ITEM, "items")
    errors = EpcisTable(path, TRACE_EVENT_ERROR, "error declarations")
    if items.any():
        tables.append(items)
    if _mentions(path, b"errorDeclaration") and errors.any():
        tables.append(errors)
    return tables


def open_if_epcis(path: Path) -> list[EpcisTable]:
    """The tables of an EPCIS document; none for any other file."""
    with path.open("rb") as stream:
        if not is_epcis(stream.read(HEAD)):
            return []
    return open_epcis(path)


def _named(found: Wrong) -> list[dict[str, Any]]:
    """Each fault says which event it is in."""
    who = f"Event {found.event_id}: " if found.event_id else ""
    return [{**one, "message": who + one["message"]} for one in found.errors]


def _mentions(path: Path, what: bytes) -> bool:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return view.find(what) >= 0
