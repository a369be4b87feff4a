"""XML read as a stream, safely: no document type, no entity of the file's own, no tag without end."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any
from xml.parsers import expat

from opscopilot.staging.refusal import Refused

_BLOCK = 1 << 16
_STUCK = 4 << 20
"""More bytes than this without one finished tag or text are an attack, not a cell."""
MAX_TEXT = 1 << 20
"""Characters of one cell; Excel allows 32,767."""
Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


@contextmanager
def guarded(file_name: str) -> Iterator[None]:
    """Damage of the container or of the XML in it is said as a refusal."""
    try:
        yield
    except expat.ExpatError as error:
        raise Refused(
            "damaged_file",
            f"'{file_name}' is damaged: {expat.ErrorString(error.code)} in line {error.lineno} of its XML. Open it in "
            f"the program that made it, save it again, and drop that.",
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, LookupError, ValueError) as error:
        raise Refused(
            "damaged_file",
            f"'{file_name}' is damaged or incomplete ({error or type(error).__name__}). Transfer or export it again.",
        ) from error


class Text:
    """The character data between two tags, collected on demand."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._parts: list[str] = []
        self._length = 0
        self.on = False

    def add(self, data: str) -> None:
        """Handler of character data."""
        if self.on:
            self._length += len(data)
            if self._length > MAX_TEXT:
                raise Refused(
                    "not_a_table",
                    f"'{self._file_name}' has a cell of more than {MAX_TEXT >> 20} million characters. A cell of a "
                    f"table cannot be that long; export the table again.",
                )
            self._parts.append(data)

    def begin(self) -> None:
        """Forget what was collected and collect."""
        self._parts.clear()
        self._length, self.on = 0, True

    def take(self) -> str:
        """What was collected since `begin`; collecting stops."""
        self.on = False
        return "".join(self._parts)


def local(name: str) -> str:
    """A tag's name without its prefix."""
    return name.rpartition(":")[2]


def pump(stream: IO[bytes], file_name: str, start: Start, end: End, text: Text, *, bare: bool = True) -> Iterator[None]:
    """Parse the stream, calling the handlers; yields after each block so that rows can be taken out.

    `bare`: names and attributes come without prefix. Raises Refused for a document type or damage.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _BLOCK
    parser.StartDoctypeDeclHandler = _refuser(file_name)
    parser.CharacterDataHandler = text.add

    def first(name: str, attributes: dict[str, str]) -> None:
        if bare and ":" in name:
            parser.StartElementHandler = prefixed
            parser.EndElementHandler = lambda name: end(local(name))
            prefixed(name, attributes)
        else:
            parser.StartElementHandler = start
            start(name, attributes)

    def prefixed(name: str, attributes: dict[str, str]) -> None:
        start(local(name), attributes)

    parser.StartElementHandler = first
    parser.EndElementHandler = end
    fed = 0
    with guarded(file_name):
        while block := stream.read(_BLOCK):
            parser.Parse(block)
            fed += len(block)
            if fed - parser.CurrentByteIndex > _STUCK:
                raise Refused(
                    "unsafe_file", f"'{file_name}' holds an XML tag of more than {_STUCK >> 20} MB. No program writes "
                    f"such a file; export it again.",
                )  # fmt: skip
            yield
        parser.Parse(b"", True)
    yield


def _refuser(file_name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> None:
        raise Refused(
            "unsafe_file",
            f"'{file_name}' declares a document type in its XML, which can make a reader fetch or blow up files. No "
            f"spreadsheet program writes that; save it again with Excel or LibreOffice.",
        )

    return refuse


def parse(stream: IO[bytes], file_name: str, start: Start, end: End | None = None, text: Text | None = None) -> None:
    """The whole stream at once, for small parts."""
    for _ in pump(stream, file_name, start, end or (lambda _: None), text or Text(file_name)):
        pass
