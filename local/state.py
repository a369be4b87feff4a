"""The state folder of one stack: who runs it, where it listens, and that only one does."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

KILL_AFTER_SECONDS = 30.0


class StackError(RuntimeError):
    """The stack cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True)
class StackInfo:
    """A running stack, as stack.json describes it. Names and ARNs are by the template's logical ids."""

    api_url: str
    pid: int
    pg_port: int
    s3_public_endpoint: str
    state_dir: str
    started_at: str
    start_seconds: float
    buckets: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    state_machines: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)


class StateFolder:
    """Files under ``.local`` (or another folder) and the lock that its stack holds while it runs."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.postgres = self.path / "pg"
        self.objects = self.path / "s3"
        self.log = self.path / "stack.log"
        self._info = self.path / "stack.json"
        self._lock_path = self.path / "stack.lock"
        self._lock: IO[str] | None = None

    def acquire(self) -> None:
        """Become the folder's stack; StackError when another process is. Released by the system on death."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = self._lock_path.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise StackError(f"a stack already runs over {self.path} (process {self.owner()})") from error
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        self._info.unlink(missing_ok=True)

    def release(self) -> None:
        """Stop being the folder's stack."""
        self._info.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def owner(self) -> int | None:
        """The process that holds the lock, None when nobody does."""
        if not self._lock_path.exists():
            return None
        with self._lock_path.open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                with suppress(ValueError):
                    return int(lock.read() or "0") or None
        return None

    def write(self, info: StackInfo) -> None:
        """Publish a running stack, all at once."""
        part = self._info.with_suffix(".part")
        part.write_text(json.dumps(asdict(info), indent=2) + "\n")
        part.replace(self._info)

    def read(self) -> StackInfo | None:
        """The running stack; None when there is none (a file left by a killed one does not count)."""
        owner = self.owner()
        try:
            info = StackInfo(**json.loads(self._info.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return info if info.pid == owner else None

    def end_owner(self) -> bool:
        """Ask the stack to end and wait; kill it when it does not. False when there was none."""
        pid = self.owner()
        if pid is None:
            return False
        if pid == os.getpid():
            raise StackError("this process runs the stack itself; stop it with Stack.stop()")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + KILL_AFTER_SECONDS
        while self.owner() is not None:
            if time.monotonic() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                deadline = time.monotonic() + KILL_AFTER_SECONDS
            time.sleep(0.05)
        return True
