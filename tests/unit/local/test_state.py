"""One stack per folder, and stack.json tells the truth."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import control
from local.ports import listen
from local.state import StackError, StackInfo, StateFolder

HOLDER = """
import sys, time
from pathlib import Path
from local.state import StateFolder
folder = StateFolder(Path(sys.argv[1]))
folder.acquire()
print("held", flush=True)
time.sleep(60)
"""


def info(pid: int) -> StackInfo:
    return StackInfo("http://localhost:1", pid, 2, "http://localhost:1/_s3", "/s", "now", 1.0)


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_a_running_stack_describes_itself(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    assert control.status(folder.path) == {"state": "stopped"}
    folder.acquire()
    assert control.status(folder.path) == {"state": "starting"}
    folder.write(info(os.getpid()))
    found = control.status(folder.path)
    assert (found["state"], found["api_url"]) == ("running", "http://localhost:1")
    folder.release()
    assert control.status(folder.path) == {"state": "stopped"}


def test_a_second_stack_over_the_folder_is_refused(tmp_path: Path) -> None:
    first, second = StateFolder(tmp_path), StateFolder(tmp_path)
    first.acquire()
    with pytest.raises(StackError, match=f"already runs .* \\(process {os.getpid()}\\)"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_what_a_killed_stack_left_does_not_count(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    process = holder(tmp_path)
    folder.write(info(process.pid))
    assert folder.read() is not None
    process.kill()
    process.wait()
    assert folder.read() is None
    folder.acquire()
    assert not (tmp_path / "stack.json").exists()
    folder.release()


def test_down_ends_the_process_that_holds_the_folder(tmp_path: Path) -> None:
    process = holder(tmp_path)
    assert control.down(tmp_path) is True
    assert process.wait(10) != 0
    assert control.down(tmp_path) is False


def test_a_stack_that_cannot_start_is_explained_by_its_log(tmp_path: Path) -> None:
    with listen(0) as taken, pytest.raises(StackError, match=r"did not come up(.|\n)*port \d+ is taken"):
        control.up(tmp_path / "state", taken.getsockname()[1])
