"""A stream between a thread that writes a file and a reader in this one: both work at once, nothing touches the disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def streamed(write: Callable[[Path], None], folder: Path) -> Iterator[BinaryIO]:
    """Yield what `write(path)` writes, while it writes. Its error is raised here, after the reader saw the end."""
    path = folder / "stream"
    os.mkfifo(path)
    # Opened without blocking: a writer that fails before it opens its end must not leave the reader waiting.
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    holder = os.open(path, os.O_WRONLY)
    os.set_blocking(reader, True)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            write(path)
        except BaseException as error:
            failed.append(error)
        finally:
            os.close(holder)

    thread = threading.Thread(target=work, name="stream", daemon=True)
    thread.start()
    try:
        with os.fdopen(reader, "rb", buffering=1 << 20) as stream:
            yield stream
    finally:
        thread.join()  # with the reader gone, a writer that still writes fails at once
        path.unlink()
    if failed:
        raise failed[0]
