"""Start and stop an embedded PostgreSQL server that belongs to this process.

The server listens on 127.0.0.1 (trust authentication) and on a unix socket. It never outlives its owner: a
guard process holds a pipe from the owner, and when that closes, ``kill -9`` included, asks the server to shut
down. Whatever is still running over the data folder at the next start is stopped first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from local.binaries import (
    Binaries,
    PostgresUnavailable,
    ServerUser,
    clean_environment,
    find_binaries,
    server_user,
    shared_root,
)
from local.ports import free_port

ADMIN = "postgres"
LONGEST_SOCKET_FOLDER = 80  # sun_path holds 104 bytes on macOS, and ".s.PGSQL.65535.lock" follows the folder
START_SECONDS = 60
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "log_min_messages": "warning",
}
GUARD = 'read -r _; kill -INT "$1"; if [ -n "$2" ]; then sleep 2; rm -rf "$2"; fi'


@dataclass
class _Running:
    port: int
    pid: int
    guard: subprocess.Popen[bytes]


class PostgresServer:
    """One server over one data folder.

    ``durable`` keeps fsync and synchronous commits on (a crash loses nothing that was committed); tests turn
    it off. ``throwaway`` also has the guard delete the data folder when the owner dies without stopping it.
    """

    def __init__(self, data: Path, *, port: int = 0, durable: bool = True, throwaway: bool = False) -> None:
        self.user: ServerUser = server_user()
        self.binaries: Binaries = find_binaries(self.user)
        self._asked = data.absolute()
        self.data: Path = reachable_folder(self._asked, self.user)
        self._wanted_port = port
        self._durable = durable
        self._throwaway = throwaway
        self._running: _Running | None = None
        self._sockets = self.data
        self._own_sockets: Path | None = None

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1 of the running server."""
        if self._running is None:
            raise PostgresUnavailable(f"the server over {self.data} is not started")
        return self._running.port

    @property
    def socket_folder(self) -> Path:
        """Where the unix socket lives: the data folder, or a temporary one when its path is too long."""
        return self._sockets

    def start(self) -> None:
        """Start, initialising a new data folder first; PostgresUnavailable carries the log's end."""
        if self._running is not None:
            return
        stop_leftover(self.data, self.binaries, self.user)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._choose_sockets()
        for attempt in (1, 2, 3):
            port = self._wanted_port or free_port()
            try:
                self._launch(port)
                break
            except PostgresUnavailable:
                if attempt == 3:
                    raise
                time.sleep(0.5 * attempt)  # the port was taken meanwhile, or a dying backend holds memory
        pid = _lock_file_pid(self.data)
        if pid is None:
            raise PostgresUnavailable(f"the server over {self.data} stopped right after starting")
        self._running = _Running(port, pid, self._guard(pid))

    def stop(self, mode: str = "fast") -> None:
        """Shut down and wait. ``mode``: fast (checkpoint) or immediate (recovers at the next start)."""
        if self._running is None:
            return
        guard, self._running = self._running.guard, None
        guard.kill()
        guard.communicate()
        self._pg_ctl("-m", mode, "-w", "stop", check=False)
        if self._own_sockets is not None:
            shutil.rmtree(self._own_sockets, ignore_errors=True)
            self._own_sockets = None

    def destroy(self) -> None:
        """Stop without ceremony and delete the data."""
        self.stop("immediate")
        shutil.rmtree(self.data, ignore_errors=True)
        if self._asked.is_symlink():
            self._asked.unlink()

    def _initialise(self) -> None:
        """initdb into a sibling folder and rename, so that a killed first start leaves nothing half made."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        for folder in (fresh, self.data):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.user.name is not None:
                os.chown(folder, self.user.uid, self.user.gid)
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.binaries.major >= 17 else []
        self._run(
            "initdb", "-D", str(fresh), "-U", ADMIN, "-A", "trust", "-E", "UTF8", "--locale=C",
            *provider, "--no-sync", "--no-instructions",
        )  # fmt: skip
        self.data.rmdir()
        fresh.rename(self.data)

    def _choose_sockets(self) -> None:
        if len(str(self.data)) > LONGEST_SOCKET_FOLDER:
            self._own_sockets = Path(tempfile.mkdtemp(prefix="ops-pg-", dir="/tmp"))
            os.chown(self._own_sockets, self.user.uid, self.user.gid)
            self._sockets = self._own_sockets

    def _launch(self, port: int) -> None:
        settings = SETTINGS | ({} if self._durable else FAST_AND_FORGETFUL)
        options = f"-p {port} -k '{self._sockets}' " + " ".join(f"-c {k}={v}" for k, v in settings.items())
        log = self.data / "server.log"
        try:
            self._pg_ctl("-w", "-t", str(START_SECONDS), "-l", str(log), "-o", options, "start")
        except PostgresUnavailable as failure:
            tail = log.read_text(errors="replace")[-800:] if log.exists() else "no log"
            raise PostgresUnavailable(f"{failure}; {log}: {tail}") from failure

    def _guard(self, pid: int) -> subprocess.Popen[bytes]:
        doomed = str(self.data) if self._throwaway else ""
        return subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "sh", str(pid), doomed],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self.user.popen_arguments(),
        )

    def _pg_ctl(self, *arguments: str, check: bool = True) -> None:
        self._run("pg_ctl", "-D", str(self.data), *arguments, check=check)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        run_program(self.binaries, self.user, program, *arguments, check=check)


def run_program(binaries: Binaries, user: ServerUser, program: str, *arguments: str, check: bool = True) -> None:
    """Run one of the server's programs as its user; its error text becomes PostgresUnavailable."""
    # The server inherits pg_ctl's stderr and would keep a pipe open for ever, so errors go to a file.
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(
            [str(binaries.folder / program), *arguments],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            **user.popen_arguments(),
        )
        errors.seek(0)
        text = errors.read().decode(errors="replace").strip()
    if check and done.returncode != 0:
        raise PostgresUnavailable(f"{program} of {binaries.source} failed ({done.returncode}): {text[-800:]}")


def stop_leftover(data: Path, binaries: Binaries, user: ServerUser) -> None:
    """Stop a server still running over ``data``; forget a lock file whose process is somebody else's."""
    pid = _lock_file_pid(data)
    if pid is None:
        return
    if str(data) in _command_line(pid):
        for mode in ("fast", "immediate"):
            run_program(binaries, user, "pg_ctl", "-D", str(data), "-m", mode, "-w", "-t", "20", "stop", check=False)
            if _lock_file_pid(data) is None:
                return
    if str(data) in _command_line(pid):
        raise PostgresUnavailable(f"process {pid} still serves {data} and will not stop; end it and retry")
    (data / "postmaster.pid").unlink(missing_ok=True)


def reachable_folder(asked: Path, user: ServerUser) -> Path:
    """``asked``, or when root's server user may not walk to it, a linked folder under /var/lib/opscopilot."""
    if asked.is_symlink():
        return asked.resolve()
    if user.name is None or user.can_reach(asked.parent):
        return asked
    asked.parent.mkdir(parents=True, exist_ok=True)
    target = shared_root() / hashlib.sha256(str(asked).encode()).hexdigest()[:16]
    if target.exists():  # the link is gone with its state folder, so this data belongs to nobody
        stop_leftover(target, find_binaries(user), user)
        shutil.rmtree(target)
    asked.symlink_to(target)
    return target


def _lock_file_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _command_line(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    listed = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return listed.stdout
