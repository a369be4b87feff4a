"""Start, stop and look at the stack of a state folder from another process: what ``ops up`` and friends call."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local.constants import LAYER, REPOSITORY, STATE
from local.state import StackError, StateFolder

START_TIMEOUT_SECONDS = 180.0  # for a slow disk and cold imports; a start takes seconds
QUIET = ("botocore", "boto3", "urllib3", "werkzeug", "samtranslator", "alembic.runtime.plugins")
Progress = Callable[[str], None]


def up(
    state_dir: Path = STATE,
    port: int = 8000,
    *,
    foreground: bool = False,
    progress: Progress = lambda _: None,
    timeout: float = START_TIMEOUT_SECONDS,
) -> dict[str, Any]:
    """Start a stack and return its description (the fields of StackInfo) once it answers.

    It runs in a process of its own, or with ``foreground`` in this one until SIGINT or SIGTERM, after which
    this process ends. A stack that already runs is left alone and described. ``progress`` gets the lines of
    its log. Raises StackError with the end of the log when it does not come up.
    """
    folder = StateFolder(state_dir)
    running = folder.read()
    if running is not None:
        return asdict(running)
    if foreground:
        _run_here(folder.path, port)
    folder.path.mkdir(parents=True, exist_ok=True)
    return _wait(folder, _spawn(folder, port), progress, timeout)


def _spawn(folder: StateFolder, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "local", "up", "--foreground"]
    command += ["--port", str(port), "--state-dir", str(folder.path)]
    paths = [str(REPOSITORY), str(LAYER), *filter(None, [os.environ.get("PYTHONPATH")])]
    with folder.log.open("w") as output:
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(folder: StateFolder, process: subprocess.Popen[bytes], progress: Progress, timeout: float) -> dict[str, Any]:
    deadline, seen = time.monotonic() + timeout, 0
    while True:
        ended = process.poll() is not None  # asked before reading, so that the log is complete
        lines = folder.log.read_text(errors="replace").splitlines()
        for line in lines[seen:]:
            progress(line)
        seen = len(lines)
        info = folder.read()
        if info is not None:
            process.returncode = 0  # it runs on without us; Popen need not warn about that
            return asdict(info)
        if ended:
            raise StackError("the stack did not come up; its log ends:\n" + "\n".join(lines[-15:]))
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise StackError(f"the stack did not come up in {timeout:.0f} s; see {folder.log}")
        time.sleep(0.05)


def _run_here(state_dir: Path, port: int) -> None:
    """Run the stack in this process until it is asked to end; does not return."""
    from local.stack import Stack

    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"), format="%(asctime)s %(levelname)-7s %(name)s %(message)s"
    )
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    asked_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_end.set())
    running = Stack(state_dir, port)
    info = running.start()
    logging.info("serving %s after %.1f s", info.api_url, info.start_seconds)
    asked_to_end.wait()
    logging.info("stopping")
    running.stop()
    logging.shutdown()
    sys.stdout.flush()
    # Threads of interrupted executions may still sleep; what they were doing is redelivered at the next start.
    os._exit(0)


def down(state_dir: Path = STATE) -> bool:
    """Stop the stack over a folder, and a Postgres that a killed one left. False when nothing ran."""
    from local.binaries import PostgresUnavailable, find_binaries, server_user
    from local.postgres import stop_leftover

    folder = StateFolder(state_dir)
    ended = folder.end_owner()
    data = folder.postgres.resolve()
    if (data / "postmaster.pid").exists():
        user = server_user()
        try:
            stop_leftover(data, find_binaries(user), user)
        except PostgresUnavailable as error:
            raise StackError(str(error)) from error
        ended = True
    return ended


def status(state_dir: Path = STATE) -> dict[str, Any]:
    """``{"state": "running", …the fields of StackInfo}``, or ``starting`` or ``stopped`` and nothing more."""
    folder = StateFolder(state_dir)
    info = folder.read()
    if info is not None:
        return {"state": "running", **asdict(info)}
    return {"state": "stopped" if folder.owner() is None else "starting"}
