"""Going through pages of systems that lie: the same page twice, links in a circle, pages without order.

Two ways. `Seen` is for pages by number, cursor or link. `Keyset` is for systems that can sort by the moment of
change: each question starts at the last moment seen, so that rows which change meanwhile push no other row over a
page's border. Rows of that very moment come again and are dropped by their fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from opscopilot.staging.connectors import moments
from opscopilot.staging.connectors.moments import Format

Record = dict[str, Any]
_REMEMBERED = 200_000  # fingerprints of one pull: about 25 MB
_EDGE = 5_000


def fingerprint(record: Record) -> str:
    """The same for the same content."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class Seen:
    """Drops records that came before in this pull."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def fresh(self, records: list[Record]) -> list[Record]:
        """Those not seen yet, each once; they are seen from now on."""
        found = []
        for record in records:
            mark = fingerprint(record)
            if mark not in self._known:
                self._known[mark] = None
                found.append(record)
        while len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)))
        return found


def dig(record: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none. A key that holds dots itself is found as well."""
    if isinstance(record, dict) and path in record:
        return record[path]
    for part in path.split(".") if path else ():
        if isinstance(record, dict):
            record = record.get(part)
        elif isinstance(record, list) and part.isdigit() and int(part) < len(record):
            record = record[int(part)]
        else:
            return None
    return record


class OutOfOrder(Exception):
    """A page is not sorted as asked for, or holds what was filtered out."""


@dataclass
class Keyset:
    """Where a pull in order of change stands. It is kept between invocations as a small JSON document."""

    column: str
    way: Format
    since: str | None = None
    skip: int = 0
    edge: list[str] = field(default_factory=list)

    def take(self, records: list[Record]) -> list[Record]:
        """The new records of a page, and the next question's `since` and `skip`. OutOfOrder leaves it as it was."""
        values = [dig(record, self.column) for record in records]
        self._check(values)
        known = set(self.edge)
        marks = [fingerprint(record) for record in records]
        fresh = [record for record, mark in zip(records, marks, strict=True) if mark not in known]
        moments_of = [moments.key(value, self.way) for value in values]
        last = next((index for index in range(len(records) - 1, -1, -1) if moments_of[index] is not None), None)
        if last is None or moments_of[last] == moments.key(self.since, self.way):
            self.skip += len(records)
            self.edge = [*self.edge, *(mark for mark in marks if mark not in known)][-_EDGE:]
        else:
            self.since, self.skip = str(values[last]), 0
            self.edge = [mark for mark, one in zip(marks, moments_of, strict=True) if one in (None, moments_of[last])][
                -_EDGE:
            ]
        return fresh

    def _check(self, values: list[Any]) -> None:
        before, at = moments.key(self.since, self.way), self.since
        for value in values:
            now = moments.key(value, self.way)
            if now is None:
                continue
            if before is not None and now < before:
                raise OutOfOrder(f"{self.column} {value} comes after {at}")
            before, at = now, value

    def as_json(self) -> dict[str, Any]:
        """What to go on with."""
        return {"since": self.since, "skip": self.skip, "edge": self.edge}

    def restore(self, resume: dict[str, Any]) -> None:
        """Go on from what `as_json` said."""
        self.since, self.skip, self.edge = resume["since"], int(resume["skip"]), list(resume["edge"])
