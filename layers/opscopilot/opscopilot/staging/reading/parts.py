"""The part files that the check reads (see `table.Prepared`): numbered records, cut at record boundaries."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

_BUFFER = 1 << 18


class Part(NamedTuple):
    """A finished part. `multiline`: a cell of it, or of a part before it, holds a line break."""

    path: Path
    delimiter: str
    multiline: bool


class Cut(int):
    """The size of a part in bytes, and who is told when one is finished: a table larger than the disk can then be
    carried away part by part while it is read."""

    done: Callable[[Part], None]

    @classmethod
    def at(cls, part_bytes: int, done: Callable[[Part], None]) -> Self:
        """Cut at so many bytes and hand every part to `done`, in order; it may delete the file."""
        found = cls(part_bytes)
        found.done = done
        return found


class PartWriter:
    """Writes records as UTF-8 CSV into `folder`: record number, source row, cells.

    Records are numbered from 1 in the order they are met; one that is set aside takes its number by `take`. A new
    file is begun at the first record after `part_bytes` bytes (None: never), so that parts set end to end are the
    file that one part would have been. Raises OSError when the disk is full. Close it, or use it in a `with`.
    """

    def __init__(self, folder: Path, part_bytes: int | None = None, delimiter: str = ",", stem: str = "part") -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ValueError(f"delimiter is {delimiter!r}; it must be one character, no quotation mark or line break")
        self.parts: list[Path] = []
        self.delimiter = delimiter
        self.number = 0
        """The last record number given out."""
        self.multiline = False
        """Whether a cell holds a line break."""
        self._folder, self._limit, self._stem = folder, part_bytes, stem
        self._held: list[str] = []
        sink: Any = _Sink(self._held)
        self._plain = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
        self._quoted = csv.writer(sink, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._out: IO[bytes] | None = None
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Finish the last part. Doing it twice changes nothing."""
        if self._out is not None:
            self._flush()
            self._out.close()
            self._out = None
            if isinstance(self._limit, Cut):
                self._limit.done(Part(self.parts[-1], self.delimiter, self.multiline))

    def take(self) -> int:
        """The next record number, for a record that is not written here."""
        self.number += 1
        return self.number

    def write(self, source_row: int, cells: Sequence[str]) -> None:
        """Write one record."""
        self._begin()
        self.number += 1
        text = "".join(cells)
        if "\n" in text:
            self.multiline = True
        # A lone carriage return must be quoted too, which the plain writer of older Pythons does not do.
        writer = self._quoted if "\r" in text else self._plain
        writer.writerow((self.number, source_row, *cells))
        if self._limit is not None or len(self._held) > 2000:
            self._flush()

    def write_all(self, records: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Write records given as (source row, cells)."""
        for source_row, cells in records:
            self.write(source_row, cells)

    def write_plain(self, lines: Sequence[str], first_row: int) -> None:
        """Write lines that are records already: the right number of cells between `delimiter`, quoted as the parts
        are or not at all, without line breaks; they stand in the source one after the other from `first_row`."""
        done = 0
        while done < len(lines):
            self._begin()
            some = lines if self._limit is None else lines[done : done + self._fitting(lines, done)]
            size, first = len(some), self.number + 1
            row = first_row + done
            # Interleaving whole columns is twice as fast as formatting line by line.
            pieces = [self.delimiter] * (size * 6)
            pieces[0::6] = map(str, range(first, first + size))
            pieces[2::6] = map(str, range(row, row + size))
            pieces[4::6] = some
            pieces[5::6] = ["\n"] * size
            self._held += pieces
            self._flush()
            self.number += size
            done += size

    def _fitting(self, lines: Sequence[str], done: int) -> int:
        """How many lines go into this part: the one that crosses the limit is its last."""
        left, numbers = self._left, 3 + 2 * len(str(self.number))
        if sum(map(len, lines)) * 4 + len(lines) * (numbers + 2) < left:
            return len(lines)
        for index in range(done, len(lines)):
            left -= numbers + len(lines[index].encode("utf-8", "replace"))
            if left <= 0:
                return index - done + 1
        return len(lines) - done

    def _flush(self) -> None:
        assert self._out is not None
        # Half of a surrogate pair is no text in any encoding: it becomes a question mark.
        self._left -= self._out.write("".join(self._held).encode("utf-8", "replace"))
        self._held.clear()

    def _begin(self) -> None:
        if self._limit is not None and self._left <= 0:
            self.close()
            self._open()

    def _open(self) -> None:
        path = self._folder / f"{self._stem}-{len(self.parts):05d}.csv"
        self._out = path.open("wb", buffering=_BUFFER)
        self.parts.append(path)
        self._left = self._limit or 0


class _Sink:
    """Where csv.writer writes."""

    def __init__(self, held: list[str]) -> None:
        self.write = held.append
