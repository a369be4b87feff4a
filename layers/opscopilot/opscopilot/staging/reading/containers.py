"""From a dropped object to its tables: the real format found, unpacked within limits, each part given its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from opscopilot.staging.reading import archives, delimited, json_tables, parquet, workbook
from opscopilot.staging.reading.archives import Member, SkippedMember
from opscopilot.staging.reading.expand import expand
from opscopilot.staging.reading.relabel import Relabelled
from opscopilot.staging.reading.sniff import HEAD, PACKED, Kind, foreign, sniff
from opscopilot.staging.reading.table import Note, ReadLimits, Table
from opscopilot.staging.reading.workbook import Found
from opscopilot.staging.refusal import Refused

_LAYERS = 3
"""Wrappings around a table: export.csv.gz in a zip has two."""
_ENDING = re.compile(r"\.(gz|gzip|zst|zstd|bz2|xz)$", re.IGNORECASE)
_SKIPPABLE = frozenset({"not_a_table", "empty_file", "no_header"})
_BOOKS = frozenset({Kind.XLSX, Kind.XLSB, Kind.ODS, Kind.FLAT_ODS, Kind.XLS, Kind.XML_SHEET, Kind.HTML})


def open_tables(
    source: Path, file_name: str, folder: Path, limits: ReadLimits, wanted: frozenset[str] = frozenset()
) -> list[Table]:
    """All tables of the object, none of them read whole. Raises Refused."""
    opener = _Opener(folder, limits, wanted)
    found = opener.open(source, file_name, 0)
    if len(found.tables) > limits.max_members:
        raise archives.too_many(file_name, len(found.tables), limits)
    how = {"packed": opener.wrappings} if opener.wrappings else None
    names = [""] if len(found.tables) == 1 else _different([table.name for table in found.tables])
    return [
        Relabelled(table, name, found.notes if index == 0 else (), how)
        for index, (table, name) in enumerate(zip(found.tables, names, strict=True))
    ]


def _different(names: list[str]) -> list[str]:
    """The names, told apart where an archive has two members of one name: each table is a job by its name."""
    found: list[str] = []
    for name in names:
        same = (f"{name} ({number})" for number in count(2))
        found.append(name if name not in found else next(one for one in same if one not in found))
    return found


class _Opener:
    """Opens one object; `folder` takes what is unpacked."""

    def __init__(self, folder: Path, limits: ReadLimits, wanted: frozenset[str]) -> None:
        self._folder, self._limits, self._wanted = folder, limits, wanted
        self._numbers = count(1)
        self.wrappings: list[str] = []

    def _place(self) -> Path:
        place = self._folder / f"unpacked-{next(self._numbers)}"
        place.mkdir()
        return place

    def open(self, path: Path, file_name: str, depth: int, *, archived: bool = False) -> Found:
        """The tables of one file, whatever it is."""
        with path.open("rb") as stream:
            head = stream.read(HEAD)
        if not head:
            raise Refused("empty_file", f"'{file_name}' is empty (0 bytes). Export it again and check its size.")
        other = foreign(head)
        if other:
            raise Refused("not_a_table", f"'{file_name}' is {other[0]}. {other[1]}, and drop that.")
        kind = sniff(head, file_name)
        if kind is Kind.ZIP:
            kind = archives.kind_of_zip(path, file_name, self._limits)
        if kind in PACKED or kind in (Kind.ZIP, Kind.TAR):
            return self._unwrap(path, kind, file_name, depth, archived=archived)
        return self._read(path, kind, file_name)

    def _unwrap(self, path: Path, kind: Kind, file_name: str, depth: int, *, archived: bool) -> Found:
        if depth >= _LAYERS or (archived and kind not in PACKED):
            raise Refused(
                "nested_archive",
                f"'{file_name}' is an archive inside an archive. Unpack it once and drop what is inside.",
            )
        if str(kind) not in self.wrappings:
            self.wrappings.append(str(kind))
        if kind in PACKED:
            target = self._place() / "content"
            expand(path, kind, target, file_name, self._limits)
            if depth or archived:
                path.unlink()  # it was unpacked by us; two copies need the room of both
            return self.open(target, _ENDING.sub("", file_name), depth + 1, archived=archived)
        return self._members(path, kind, file_name, depth)

    def _members(self, path: Path, kind: Kind, file_name: str, depth: int) -> Found:
        found, refusals = Found(), []
        for member in self._each(path, kind, file_name):
            if isinstance(member, SkippedMember):
                found.notes.append(_skipped(member.name, member.why))
                continue
            try:
                inside = self.open(member.path, member.name, depth + 1, archived=True)
            except Refused as refusal:
                if refusal.code not in _SKIPPABLE:
                    raise
                refusals.append(refusal)
                found.notes.append(_skipped(member.name, refusal.message))
                continue
            found.notes += inside.notes
            found.tables += [_inside(table, member, len(inside.tables)) for table in inside.tables]
        if not found.tables:
            raise refusals[0] if len(refusals) == 1 else _nothing(file_name, found.notes)
        return found

    def _each(self, path: Path, kind: Kind, file_name: str) -> Iterator[Member | SkippedMember]:
        if kind is Kind.ZIP:
            return archives.zip_members(path, file_name, self._place(), self._limits)
        return archives.tar_members(path, file_name, self._place(), self._limits)

    def _read(self, path: Path, kind: Kind, file_name: str) -> Found:
        from opscopilot.staging.epcis.reading import open_if_epcis  # it needs this package

        if kind in (Kind.HTML, Kind.JSON, Kind.NDJSON) and (events := open_if_epcis(path)):
            return Found(list(events))
        if kind in _BOOKS:
            return workbook.open_workbook(path, kind, file_name, self._place(), self._limits, self._wanted)
        if kind is Kind.PARQUET:
            return Found([parquet.open_parquet(path, file_name, self._place(), self._limits)])
        if kind in (Kind.JSON, Kind.NDJSON):
            return json_tables.open_json(path, kind, file_name, self._place(), self._wanted)
        return Found(list(delimited.open_text(path, file_name, self._wanted)))


def _inside(table: Table, member: Member, beside: int) -> Table:
    name = member.name if beside == 1 else f"{member.name} › {table.name}"
    return Relabelled(table, name, (), {"member": member.name})


def _skipped(name: str, why: str) -> Note:
    return Note("info", "member_skipped", f"'{name}' in the archive was not read: {why}", name)


def _nothing(file_name: str, notes: list[Note]) -> Refused:
    names = ", ".join(str(note.raw_value) for note in notes[:5]) or "nothing at all"
    return Refused(
        "not_a_table",
        f"'{file_name}' holds no table (it has: {names}). Put CSV, XLSX, JSON or Parquet files into it.",
    )
