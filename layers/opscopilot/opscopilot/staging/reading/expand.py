"""Compressed streams unpacked to a file, and given up as soon as they prove to be a bomb."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from opscopilot.staging.reading.sniff import Kind, sniff
from opscopilot.staging.reading.table import ReadLimits
from opscopilot.staging.refusal import Refused

BLOCK = 1 << 20
_RATIO_FROM = 64 << 20
_XZ_MEMORY = 160 << 20
"""The strongest usual setting, xz -9, takes 65 MB."""
_HEAD = 64 << 10
_LINE = 16 << 20
_OPENERS: dict[Kind, Callable[[IO[bytes]], IO[bytes]]] = {
    Kind.GZIP: lambda raw: cast(IO[bytes], gzip.GzipFile(fileobj=raw)),
    Kind.BZIP2: lambda raw: cast(IO[bytes], bz2.BZ2File(raw)),
    Kind.XZ: lambda raw: cast(IO[bytes], _Xz(raw)),
    Kind.ZSTD: lambda raw: cast(IO[bytes], _zstd(raw)),
}
_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError)


class _Xz(io.RawIOBase):
    """An xz stream. The file itself says how much memory its decoder takes: no more than _XZ_MEMORY is given."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw, self._rest = raw, b""
        self._decoder: lzma.LZMADecompressor | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes; 0 at the end."""
        while True:
            if self._decoder is None or self._decoder.eof:
                self._rest = (self._decoder.unused_data if self._decoder else b"") or self._raw.read(BLOCK)
                if not self._rest.strip(b"\0"):  # streams may be padded with zeros
                    return 0
                self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
            elif self._decoder.needs_input and not self._rest:
                self._rest = self._raw.read(BLOCK)
                if not self._rest:
                    raise EOFError("the xz data is cut off")
            found = self._decoder.decompress(self._rest, len(buffer))
            self._rest = b""
            if found:
                buffer[: len(found)] = found
                return len(found)


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
