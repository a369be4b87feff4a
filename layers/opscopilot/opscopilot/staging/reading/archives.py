"""Members of zip and tar archives, checked before and while they are unpacked, under names of our own."""

from __future__ import annotations

import re
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from opscopilot.staging.reading.books.package import MAX_PARTS, check, refuse_bomb
from opscopilot.staging.reading.books.xml import guarded
from opscopilot.staging.reading.sniff import Kind
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused

_BLOCK = 1 << 20
_MAX_LISTING = 32 << 20
_JUNK = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|thumbs\.db$|desktop\.ini$|\.git/)", re.IGNORECASE)
_PAPERS = re.compile(
    r"(^|/)(read[ _-]?me|liesmich|lisez[ _-]?moi|licen[cs]e|changelog|manifest|checksums?|md5sums?|sha256sums?)[^/]*$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\.(pdf|docx?|pptx?|png|jpe?g|gif|bmp|tiff?|svg|md|rtf|css|js|exe|dll|sql|py|ini|log|xsd|dtd|md5|sha1|sha256|sig|asc)$",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:[/\\]|\0")


class Member(NamedTuple):
    """An unpacked member: its name in the archive, and where it lies now."""

    name: str
    path: Path


class SkippedMember(NamedTuple):
    """A member that is no table."""

    name: str
    why: str


def too_many(file_name: str, number: int, limits: ReadLimits) -> Refused:
    """The refusal of more tables than one object may have."""
    return Refused(
        "too_many_tables",
        f"'{file_name}' has {number:,} files or tables; at most {limits.max_members:,} are read. Split it.",
    )


def kind_of_zip(path: Path, file_name: str, limits: ReadLimits) -> Kind:
    """Which workbook a zip is, or Kind.ZIP for an archive; refused where it is another program's document."""
    _check_listing(path, file_name)
    with guarded(file_name), zipfile.ZipFile(path) as archive:
        names = {info.filename.replace("\\", "/").lstrip("/").lower() for info in archive.infolist()}
        check(archive.infolist(), file_name, limits)
        mime = ""
        if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
            mime = archive.read("mimetype").decode("ascii", "replace")
    if "[content_types].xml" in names:
        if any(name.startswith(("word/", "ppt/")) for name in names):
            raise _document(file_name, "a Word or PowerPoint document")
        return Kind.XLSB if "xl/workbook.bin" in names else Kind.XLSX
    if "opendocument.spreadsheet" in mime or ("content.xml" in names and "meta-inf/manifest.xml" in names and not mime):
        return Kind.ODS
    if "opendocument" in mime:
        raise _document(file_name, "a text or drawing of LibreOffice")
    if any(name.startswith("index/") and name.endswith(".iwa") for name in names):
        raise _document(file_name, "an Apple Numbers document")
    return Kind.ZIP


def _document(file_name: str, what: str) -> Refused:
    return Refused("not_a_table", f"'{file_name}' is {what}. Export the list as XLSX or CSV and drop that.")


def _check_listing(path: Path, file_name: str) -> None:
    """Refuse a table of contents that would itself fill the memory, before it is read."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - (1 << 16) - 22))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise Refused(
            "damaged_file",
            f"'{file_name}' is a zip whose end is missing, as after a broken transfer. Transfer it again.",
        )
    entries, listing = struct.unpack_from("<HI", tail, at + 10)
    wide = tail.rfind(b"PK\x06\x06", 0, at)
    if wide >= 0 and len(tail) >= wide + 48:
        entries, listing = struct.unpack_from("<QQ", tail, wide + 32)
    if entries > MAX_PARTS or listing > _MAX_LISTING:
        raise Refused(
            "unsafe_archive", f"'{file_name}' has {entries:,} entries; at most {MAX_PARTS:,} are read. Split it."
        )


def _refuse_name(name: str, file_name: str) -> None:
    if _OUTSIDE.search(name):
        raise Refused(
            "unsafe_archive",
            f"'{file_name}' has an entry that points outside of it ('{name[:100]}'). Pack the files again, without paths.",
        )


def _why_not(name: str) -> str | None:
    if _OTHER.search(name):
        return "it is no table by its kind"
    if _PAPERS.search(name):
        return "it is a note about the files, not a table"
    return None


def zip_members(path: Path, file_name: str, place: Path, limits: ReadLimits) -> Iterator[Member | SkippedMember]:
    """The members of a checked zip, unpacked one by one."""
    with guarded(file_name), zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and not _JUNK.search(info.filename)]
        for info in infos:
            _refuse_name(info.filename, file_name)
        if len(infos) > limits.max_members:
            raise too_many(file_name, len(infos), limits)
        for index, info in enumerate(infos):
            why = _why_not(info.filename)
            if why:
                yield SkippedMember(info.filename, why)
                continue
            target = place / f"member-{index}"
            with archive.open(info) as stream, target.open("wb") as out:
                _copy(stream, out, info.file_size)
            yield Member(info.filename, target)


def tar_members(path: Path, file_name: str, place: Path, limits: ReadLimits) -> Iterator[Member | SkippedMember]:
    """The plain files of a tar, unpacked one by one; links and devices are left alone."""
    total = 0
    with guarded(file_name), _tar(path, file_name) as archive:
        for index, info in enumerate(archive):
            if index >= limits.max_members * 5:
                raise too_many(file_name, index, limits)
            if info.isdir() or _JUNK.search(info.name):
                continue
            _refuse_name(info.name, file_name)
            why = _why_not(info.name) if info.isfile() else "it is a link or a device, not a file"
            if why:
                yield SkippedMember(info.name, why)
                continue
            total += info.size
            refuse_bomb(file_name, total, path.stat().st_size, limits)
            target = place / f"member-{index}"
            stream = archive.extractfile(info)
            with target.open("wb") as out:
                if stream is not None:
                    _copy(stream, out, info.size)
            yield Member(info.name, target)


@contextmanager
def _tar(path: Path, file_name: str) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as archive:
            yield archive
    except tarfile.TarError as error:
        raise Refused(
            "damaged_file", f"'{file_name}' is a damaged tar archive ({error}). Transfer it again."
        ) from error


def _copy(stream: IO[bytes], out: IO[bytes], size: int) -> None:
    """At most as much as was declared: the declared sizes were found to be within the limits."""
    left = size
    while left > 0 and (block := stream.read(min(_BLOCK, left))):
        out.write(block)
        left -= len(block)
