"""Files made to fill the memory or the disk are given up early: each in a process of its own, its peak measured."""

from __future__ import annotations

import gzip
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.books import packed, patched, xlsx

PEAK_MB, WRITTEN_MB = 260, 80
PROGRAM = """
import sys
from pathlib import Path
from opscopilot.staging.reading import open_tables
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused
folder = Path(sys.argv[1]) / "inside"
folder.mkdir()
try:
    for table in open_tables(Path(sys.argv[1]) / "bomb", "bomb", folder, ReadLimits()):
        table.prepare(folder)
    code = "read"
except Refused as refusal:
    code = refusal.code
written = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(code, int(peak) >> 10, written >> 20)  # getrusage would count what the test's own process had
"""


def _line(target: Path) -> None:
    """A gigabyte of one line, in one megabyte."""
    with gzip.open(target, "wb", compresslevel=1) as out:
        for _ in range(1024):
            out.write(b"a" * (1 << 20))


def _zeros(size: int) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    return out.getvalue()


def _sheet(body: bytes) -> bytes:
    rows = b"<row><c><v>1</v></c></row>" * 40_000
    return body.replace(b"</sheetData>", rows * 200 + b"</sheetData>")


def _attribute(body: bytes) -> bytes:
    return body.replace(b"<sheetData>", b'<sheetData a="' + b"\n".join([b"x" * 80] * 150_000) + b'">')


def _listing() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for index in range(10_050):
            archive.writestr(f"{index}.csv", b"")
    return out.getvalue()


BOMBS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "one line of a gigabyte": ("too_large", _line),
    "zip": ("too_large", lambda target: target.write_bytes(_zeros(300 << 20))),
    "zip in a zip": ("nested_archive", lambda target: target.write_bytes(packed({"a.zip": _zeros(10 << 20)}))),
    "sheet": ("too_large", lambda target: target.write_bytes(patched(xlsx(["a", "b"]), "xl/worksheets/sheet1.xml", _sheet))),
    "tag": ("unsafe_file", lambda target: target.write_bytes(patched(xlsx(["a", "b"]), "xl/worksheets/sheet1.xml", _attribute))),
    "far cell": ("read", lambda target: target.write_bytes(xlsx(["SKU", "Qty"], ["a", 1], change=_far))),
    "deep": ("unsafe_file", lambda target: target.write_bytes(b'{"a":' * 2_000_000)),
    "text": ("unsafe_file", lambda target: target.write_bytes(b'[{"a":"' + b"x" * (64 << 20))),
    "entries": ("unsafe_archive", lambda target: target.write_bytes(_listing())),
}  # fmt: skip


def _far(book: object) -> None:
    book.active["XFD1048576"] = "x"  # type: ignore[attr-defined]


@pytest.fixture
def limited() -> Callable[[], None]:
    """No process of these tests may take more than this, whatever goes wrong."""
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_given_up_early(name: str, tmp_path: Path, limited: Callable[[], None]) -> None:
    expected, make = BOMBS[name]
    make(tmp_path / "bomb")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True,
        preexec_fn=limited, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    code, peak, written = done.stdout.split()
    assert code == expected
    assert int(peak) < PEAK_MB
    assert int(written) < WRITTEN_MB
