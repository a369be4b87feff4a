"""Where in a document its records are: the list of it, in whatever it is wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opscopilot.staging.reading.documents.parser import Event, Parser, Twice
from opscopilot.staging.reading.documents.store import Store
from opscopilot.staging.reading.documents.values import NOISE, Flat, flatten, to_json

_WRAPPERS = frozenset(
    "data value values results result records rows d items list entries content hits message response edges nodes".split()
)
_ABOUT = re.compile(
    r"(.*\.)?(__?)?(@?odata\..*|.*@odata\..*|.*count.*|total.*|next.*|prev.*|page.*|offset|limit|skip.*|status.*|success|ok|"
    r"message|jsonrpc|length|has_?more.*|more|cursor|end_?cursor|links?\..*|self|first|last|href|meta\..*|took|"
    r"time|timestamp|version|error|errors|warnings|schema|etag|generated.*|export.*|info\..*)",
    re.IGNORECASE,
)
_NEVER = frozenset("errors warnings links messages included".split())
_AROUND = frozenset("d data result response".split())
"""Names of objects that only hold what was asked for."""
_FAULT = frozenset("error errors fault exception odata.error".split())
_WITH_FAULTS = _FAULT | frozenset(
    "message status code detail details timestamp path success jsonrpc id data type title".split()
)


class SeveralRoots(Exception):
    """The file is not one document but several, one after the other."""


@dataclass
class Listed:
    """A list met on the way, by its dotted path: objects in `store`, the first lists in it as rows."""

    path: str
    store: Store
    rows: int = 0
    plain: list[Any] = field(default_factory=list)
    count: int = 0


@dataclass
class Document:
    """What one document holds: its lists, and everything that is not in a list."""

    lists: list[Listed] = field(default_factory=list)
    outside: Flat = field(default_factory=Flat)
    twice: str | None = None
    keys: list[str] = field(default_factory=list)
    """Names of the outermost object."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.outside.cells and all(one.count == 0 for one in self.lists)

    @property
    def is_fault(self) -> bool:
        """Whether it only tells that something went wrong."""
        records = [one for one in self.of_objects if one.path.partition(".")[0] not in _FAULT]
        return not records and not _FAULT.isdisjoint(self.keys) and _WITH_FAULTS.issuperset(self.keys)

    @property
    def of_objects(self) -> list[Listed]:
        """Lists that hold records."""
        return [one for one in self.lists if one.store.records]


class Walker:
    """Reads one document: objects around are gone through, the lists in them kept on disk element by element."""

    PLAIN = 10_000

    def __init__(self, parser: Parser, folder: Path, file_name: str) -> None:
        self._parser, self._folder, self._file_name = parser, folder, file_name
        self.found = Document()

    def run(self) -> Document:
        """Read it to the end; raises SeveralRoots where it is not the end of the file."""
        events = self._parser.events
        first = next(events)
        self._take(first, "")
        if next(events, None) is not None:
            raise SeveralRoots
        for one in self.found.lists:
            one.store.close()
        self._unwrap()
        return self.found

    def _unwrap(self) -> None:
        """data.order_number is order_number, and a status beside data is none of the order."""
        cells = self.found.outside.cells
        if any(name.partition(".")[0] in _AROUND and "." in name for name in cells):
            for name in [one for one in cells if _ABOUT.fullmatch(one) and one.partition(".")[0] not in _AROUND]:
                del cells[name]
        for name in list(cells):
            head, _, rest = name.partition(".")
            if head in _AROUND and rest and rest not in cells:
                cells[rest] = cells.pop(name)
        for one in self.found.lists:
            head, _, rest = one.path.partition(".")
            if head in _AROUND and rest and all(rest != other.path for other in self.found.lists):
                one.path = rest

    def _take(self, event: Event, path: str) -> None:
        kind, value = event
        if kind == "start_array":
            self._list(path)
        elif kind == "start_map":
            own: dict[str, Any] = {}
            for kind, key in self._parser.events:
                if kind == "end_map":
                    break
                name = f"{path}.{key}" if path else str(key)
                given = next(self._parser.events)
                if key in NOISE:
                    self._parser.skip(given)
                    continue
                if key in own:
                    self.found.twice = name
                own[key] = True
                if not path:
                    self.found.keys.append(str(key))
                self._take(given, name)
        else:
            for name, cell in flatten({path: value}).cells.items():
                self.found.outside.cells[name] = cell

    def _list(self, path: str) -> None:
        place = self._folder / f"records-{len(self.found.lists)}"
        listed = Listed(path, Store(place, self._file_name))
        self.found.lists.append(listed)
        for event in self._parser.events:
            if event[0] == "end_array":
                return
            listed.count += 1
            value = self._parser.value(event)
            if isinstance(value, dict | Twice):
                listed.store.add(listed.count, value)
                continue
            listed.rows += isinstance(value, list)
            if len(listed.plain) < self.PLAIN:
                listed.plain.append(value)
            listed.store.reject(listed.count, to_json(value)[:20_000], "it is no object with names and values")


def is_wrapper(document: Document) -> bool:
    """Whether what is around the lists says nothing about the records: paging, status, links."""
    names = list(document.outside.cells)
    main = max(document.of_objects, key=lambda one: one.store.records)
    last = main.path.rpartition(".")[2]
    return last in _WRAPPERS - {"items", "list", "entries"} or all(_ABOUT.fullmatch(name) for name in names)


def tables_of(document: Document) -> Iterator[Listed]:
    """The lists of a wrapper that are tables."""
    lists = [one for one in document.of_objects if one.path.rpartition(".")[2] not in _NEVER]
    yield from lists or document.of_objects
