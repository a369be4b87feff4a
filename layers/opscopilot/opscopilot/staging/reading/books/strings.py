"""The texts a workbook shares between cells: in memory while they are few, in a file beside when they are many."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import IO

_IN_MEMORY = 24 << 20


class Strings:
    """Appended once, then read by index. An index that is not there gives ''."""

    def __init__(self, spill: Path) -> None:
        self._spill = spill
        self._kept: list[str] = []
        self._size = 0
        self._file: IO[bytes] | None = None
        self._ends: array[int] = array("q", [0])

    def append(self, text: str) -> None:
        """Add the next text."""
        if self._file is None:
            self._kept.append(text)
            self._size += len(text) + 50  # roughly what a string costs besides its characters
            if self._size > _IN_MEMORY:
                self._file = self._spill.open("w+b")
                for one in self._kept:
                    self._store(one)
                self._kept.clear()
        else:
            self._store(text)

    def _store(self, text: str) -> None:
        assert self._file is not None
        self._ends.append(self._ends[-1] + self._file.write(text.encode("utf-8", "surrogatepass")))

    def __getitem__(self, index: int) -> str:
        if self._file is None:
            return self._kept[index] if 0 <= index < len(self._kept) else ""
        if not 0 <= index < len(self._ends) - 1:
            return ""
        start, end = self._ends[index], self._ends[index + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8", "surrogatepass")

    def __len__(self) -> int:
        return len(self._kept) if self._file is None else len(self._ends) - 1

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
            self._spill.unlink(missing_ok=True)
