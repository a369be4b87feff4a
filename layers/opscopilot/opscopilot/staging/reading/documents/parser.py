"""JSON parsed as a stream: depth, length of a text and size of a record are bounded; keys given twice are seen."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import ijson

from opscopilot.staging.refusal import Refused

MAX_DEPTH = 64
MAX_NODES = 2_000_000
MAX_TOKEN = 16 << 20
_BLOCK = 1 << 16
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)
Event = tuple[str, Any]


class Twice(NamedTuple):
    """An object that gives one key two different values: nobody can tell which one holds."""

    key: str


class Utf8:
    """The file as UTF-8 without a byte order mark; with `words`, NaN and Infinity are made texts.

    Counts what was read since the last `seen`, so that a text without end is given up.
    """

    def __init__(self, stream: IO[bytes], encoding: str, file_name: str, *, words: bool = False) -> None:
        self._stream, self._file_name, self._words = stream, file_name, words
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
        self._first = True
        self._rest = b""
        self._unseen = 0

    def seen(self) -> None:
        """The parser has got on."""
        self._unseen = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; ijson asks for an empty read first, to see their type."""
        if size == 0:
            return b""
        while True:
            block = self._stream.read(_BLOCK)
            data = block
            if self._decoder is not None:
                data = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if self._first and data:
                data, self._first = data.removeprefix(codecs.BOM_UTF8), False
            self._unseen += len(data)
            if self._unseen > MAX_TOKEN:
                raise Refused(
                    "unsafe_file",
                    f"'{self._file_name}' has a value of more than {MAX_TOKEN >> 20} MB, which is no cell of a table.",
                )
            if self._words:
                data = self._worded(data, last=not block)
            if data or not block:
                return data

    def _worded(self, data: bytes, *, last: bool) -> bytes:
        data, out, at = self._rest + data, [], 0
        for found in _TOKENS.finditer(data):
            token = found.group()
            out += [data[at : found.start()], token if token.startswith(b'"') else b'"' + token + b'"']
            at = found.end()
        tail = data[at:]
        # An open text, or a word cut in two, waits for the next block.
        keep = len(tail) if last else max(tail.find(b'"'), 0) if b'"' in tail else max(len(tail) - 9, 0)
        self._rest = b"" if last else tail[keep:]
        return b"".join([*out, tail[:keep]])


def encoding_of(path: Path) -> str:
    """UTF-16 by its mark or its zeros, UTF-8 if every byte fits, else cp1252."""
    with path.open("rb") as stream:
        head = stream.read(4)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if len(head) > 1 and 0 in head[:2]:
            return "utf-16-le" if head[0] else "utf-16-be"
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := stream.read(1 << 20):
                decoder.decode(block)  # half a sign at the end says that it was cut off, nothing else
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


class Parser:
    """Events of one file, and values built from them."""

    def __init__(self, stream: IO[bytes], encoding: str, file_name: str, *, words: bool = False) -> None:
        self._bytes = Utf8(stream, encoding, file_name, words=words)
        self._file_name = file_name
        self._depth = 0
        self.events = self._bounded()

    def _bounded(self) -> Iterator[Event]:
        seen = self._bytes.seen
        depth = 0
        for event in ijson.basic_parse(self._bytes, multiple_values=True, buf_size=_BLOCK):
            seen()
            kind = event[0]
            if kind == "start_map" or kind == "start_array":
                depth += 1
                if depth > MAX_DEPTH:
                    raise Refused(
                        "unsafe_file",
                        f"'{self._file_name}' nests its values more than {MAX_DEPTH} levels deep. Export flat records.",
                    )
            elif kind == "end_map" or kind == "end_array":
                depth -= 1
            yield event

    def value(self, event: Event) -> Any:
        """The value that begins with `event`; Twice where an object in it has a key twice with different values."""
        kind, given = event
        if kind not in ("start_map", "start_array"):
            return given
        root: Any = {} if kind == "start_map" else []
        stack: list[tuple[Any, str]] = []
        here, key, twice, nodes = root, "", None, 0
        for kind, given in self.events:
            if kind == "map_key":
                key = given
                continue
            if kind == "end_map" or kind == "end_array":
                if not stack:
                    return root if twice is None else Twice(twice)
                here, key = stack.pop()
                continue
            nodes += 1
            if nodes > MAX_NODES:
                raise self._too_large()
            opens = kind == "start_map" or kind == "start_array"
            value = ({} if kind == "start_map" else []) if opens else given
            if type(here) is list:
                here.append(value)
            else:
                if key in here and (opens or here[key] != value):
                    twice = key
                here[key] = value
            if opens:
                stack.append((here, key))
                here = value
        raise ijson.IncompleteJSONError("it ends inside a value")

    def skip(self, event: Event) -> None:
        """Pass over the value that begins with `event`."""
        depth = 1 if event[0] in ("start_map", "start_array") else 0
        while depth:
            kind = next(self.events)[0]
            depth += (kind in ("start_map", "start_array")) - (kind in ("end_map", "end_array"))

    def _too_large(self) -> Refused:
        return Refused(
            "too_large",
            f"'{self._file_name}' has one record of more than {MAX_NODES:,} values. Export it as one record per line.",
        )
