"""Compressed streams unpacked to a file, and given up as soon as they prove to be a bomb."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import zstandard

from opscopilot.staging.reading.sniff import Kind, sniff
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused

BLOCK = 1 << 20
_RATIO_FROM = 64 << 20
_HEAD = 64 << 10
_LINE = 16 << 20
_OPENERS: dict[Kind, Callable[[IO[bytes]], IO[bytes]]] = {
    Kind.GZIP: lambda raw: cast(IO[bytes], gzip.GzipFile(fileobj=raw)),
    Kind.BZIP2: lambda raw: cast(IO[bytes], bz2.BZ2File(raw)),
    Kind.XZ: lambda raw: cast(IO[bytes], _xz(raw)),
    Kind.ZSTD: lambda raw: cast(IO[bytes], _zstd(raw)),
}
_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError)


def _xz(raw: IO[bytes]) -> lzma.LZMAFile:
    # Without a limit on memory the file itself says how much of it the decoder takes.
    return lzma.LZMAFile(raw, format=lzma.FORMAT_XZ)


def _zstd(raw: IO[bytes]) -> zstandard.ZstdDecompressionReader:
    window = zstandard.ZstdDecompressor(max_window_size=128 << 20)
    return window.stream_reader(raw, read_across_frames=True)


def expand(source: Path, kind: Kind, target: Path, file_name: str, limits: ReadLimits) -> None:
    """Unpack `source` into `target`. Raises Refused: damaged, empty, or far larger than a table can be."""
    written, endless = 0, True
    try:
        with source.open("rb") as raw, _OPENERS[kind](raw) as stream, target.open("wb") as out:
            while block := stream.read(BLOCK):
                if not written:
                    # JSON may stand in one line; a table of text may not.
                    endless = sniff(block[:_HEAD], file_name) is Kind.TEXT
                endless = endless and b"\n" not in block and b"\r" not in block
                written += len(block)
                if endless and written > _LINE:
                    raise Refused(
                        "too_large",
                        f"'{file_name}' unpacks to a line of more than {_LINE >> 20} MB, which cannot be one row of a "
                        f"table. Export it as CSV with one row per line.",
                    )
                # What has been read so far is compared, not the whole file, so that a bomb goes off small.
                if written > limits.max_text_bytes or written > max(_RATIO_FROM, raw.tell() * limits.max_ratio):
                    raise Refused(
                        "too_large",
                        f"'{file_name}' unpacks to more than {written >> 20:,} MB from {raw.tell():,} bytes. "
                        f"Split the export; the limit is {limits.max_text_bytes >> 20:,} MB, and "
                        f"{limits.max_ratio} times the packed size.",
                    )
                out.write(block)
    except _DAMAGE as error:
        target.unlink(missing_ok=True)
        raise _damaged(kind, file_name) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if not written:
        raise Refused("empty_file", f"'{file_name}' is a {kind} of nothing. Export it again and check its size.")


def _damaged(kind: Kind, file_name: str) -> Refused:
    message = (
        f"'{file_name}' cannot be unpacked: the {kind} data is cut off or damaged, as after a broken transfer. "
        f"Transfer it again."
    )
    if kind is Kind.GZIP:
        return Refused("damaged_gzip", message)
    return Refused("damaged_file", message)
