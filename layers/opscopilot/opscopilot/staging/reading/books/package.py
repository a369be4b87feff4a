"""The zip that a workbook of the newer formats is: its parts by name, checked before any is opened."""

from __future__ import annotations

import posixpath
import zipfile
from pathlib import Path
from typing import IO

from opscopilot.staging.reading.books import xml
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused

MAX_PARTS = 10_000
_RATIO_FROM = 16 << 20
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
"""LZMA is not among them: an entry says itself how many gigabytes its decoder is to take."""


class Package:
    """Parts are found without regard to case and kind of slash, as Excel does."""

    def __init__(self, path: Path, file_name: str, limits: ReadLimits) -> None:
        self.path, self.file_name = path, file_name
        with xml.guarded(file_name):
            self._zip = zipfile.ZipFile(path)
        self._parts = {self._plain(info.filename): info for info in self._zip.infolist()}
        check(self._zip.infolist(), file_name, limits)

    @staticmethod
    def _plain(name: str) -> str:
        return name.replace("\\", "/").lstrip("/").lower()

    def __contains__(self, part: str) -> bool:
        return self._plain(part) in self._parts

    def size(self, part: str) -> int:
        """Bytes of the part, unpacked."""
        info = self._parts.get(self._plain(part))
        return info.file_size if info else 0

    def open(self, part: str) -> IO[bytes]:
        """The part as a stream; refused as damaged if it is not there."""
        with xml.guarded(self.file_name):
            info = self._parts.get(self._plain(part))
            if info is None:
                raise KeyError(f"its part {part} is missing")
            return self._zip.open(info)

    def parse(self, part: str, start: xml.Start, end: xml.End | None = None, text: xml.Text | None = None) -> None:
        """Parse a small part whole."""
        with self.open(part) as stream:
            xml.parse(stream, self.file_name, start, end, text)

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: id → (kind, part)."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, given: dict[str, str]) -> None:
            if tag == "Relationship" and given.get("TargetMode") != "External":
                target = given.get("Target", "").replace("\\", "/")
                full = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
                found[given.get("Id", "")] = (given.get("Type", "").rpartition("/")[2], full.lstrip("/"))

        rels = f"{folder}/_rels/{name}.rels".lstrip("/")
        if rels in self:
            self.parse(rels, start)
        return found

    def main(self, default: str) -> str:
        """The part that is the workbook."""
        return next((part for kind, part in self.relations("").values() if kind == "officeDocument"), default)


def check(entries: list[zipfile.ZipInfo], file_name: str, limits: ReadLimits) -> None:
    """Refuse what would unpack to too much, or is locked, before a byte of it is unpacked."""
    if len(entries) > MAX_PARTS:
        raise Refused(
            "unsafe_archive", f"'{file_name}' has {len(entries):,} entries; at most {MAX_PARTS:,} are read. Split it.",
        )  # fmt: skip
    total = sum(info.file_size for info in entries)
    packed = sum(info.compress_size for info in entries)
    refuse_bomb(file_name, total, packed, limits)
    for info in entries:
        if info.flag_bits & 0x1:
            raise Refused(
                "encrypted_file",
                f"'{file_name}' is protected by a password ('{info.filename}'). Save it without one and drop that.",
            )
        if info.compress_type not in _METHODS:
            raise Refused(
                "unsafe_archive",
                f"'{file_name}' packs '{info.filename}' in a way that few programs read. Pack it as a plain zip.",
            )
        refuse_bomb(file_name, info.file_size, info.compress_size, limits)


def refuse_bomb(file_name: str, size: int, packed: int, limits: ReadLimits) -> None:
    """Refuse content that would unpack to more than is allowed, or is packed tighter than any table is."""
    if size > limits.max_text_bytes or (size > _RATIO_FROM and size > limits.max_ratio * max(packed, 1)):
        raise Refused(
            "too_large",
            f"'{file_name}' unpacks to more than {min(size, 1 << 50) >> 20:,} MB from {packed:,} bytes, which no table "
            f"does by itself. Split the export; the limit is {limits.max_text_bytes >> 20:,} MB unpacked.",
        )
