"""Whole running stacks for end-to-end tests. Everything goes through HTTP, as a user's own program would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from local.client import OpsClient
from local.constants import LAYER, REPOSITORY
from local.identity import Identity
from local.testing import stack

Receipt = dict[str, Any]
T = TypeVar("T")


@dataclass
class Live:
    """A stack that answers at `url`; its tokens come from the key pair of its state folder."""

    url: str
    identity: Identity
    _open: ExitStack = field(default_factory=ExitStack)
    _kept: dict[tuple[str, str], OpsClient] = field(default_factory=dict)

    def client(self, code: str, role: str = "planner", *, platform_admin: bool = False) -> OpsClient:
        """A client that the caller closes; the shape of call the demo wants."""
        claims = {"platform_admin": True} if platform_admin else {}
        return OpsClient(self.url, self.identity.issue(code, role, **claims), timeout=120)

    def api(self, code: str, role: str = "planner") -> OpsClient:
        """A client that lives as long as the stack."""
        key = (code, role)
        if key not in self._kept:
            self._kept[key] = self._open.enter_context(self.client(code, role))
        return self._kept[key]

    def tenant(self, code: str, **settings: Any) -> OpsClient:
        """Make a tenant with somebody to tell; its planner."""
        with self.client(code, "admin", platform_admin=True) as admin:
            admin.post("/tenants", {"code": code, "default_time_zone": "Europe/Copenhagen", **settings})
            admin.post(
                "/users", {"user_id": "pia", "name": "Pia", "role": "planner", "email": f"pia@{code}.example.com"}
            )
        return self.api(code)

    def outbox(self) -> list[dict[str, Any]]:
        """What was sent, newest first."""
        answer = httpx.get(f"{self.url}/_local/outbox", params={"format": "json"}, timeout=30)
        return list(answer.raise_for_status().json()["items"])

    def close(self) -> None:
        """Give the connections back."""
        self._open.close()


@contextmanager
def live(tmp_path_factory: pytest.TempPathFactory, *, background: bool = False) -> Iterator[tuple[Live, Any]]:
    """A stack in this process, and the stack itself for what has no HTTP: events, queues."""
    with stack(tmp_path_factory, background=background) as running:
        one = Live(running.info.api_url, running.identity)
        try:
            yield one, running
        finally:
            one.close()


def drop(
    api: OpsClient, files: list[Path], system: str = "files", entity: str | None = None, timeout: float = 240
) -> list[Receipt]:
    """Upload files and follow them to their end; their receipts in the order of the files."""
    jobs = api.upload(files, system, entity)
    return api.follow([one["job_id"] for one in jobs], lambda _: None, timeout=timeout)


def total(api: OpsClient, entity: str, **filters: Any) -> int:
    """How many rows of an entity there are."""
    return int(api.get(f"/entities/{entity}", limit=1, **filters)["total"])


def until(found: Callable[[], T | None], seconds: float, what: str) -> T:
    """Ask again until there is something; fails with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still no {what}"
        time.sleep(0.1)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    """A file to drop."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def ops(state: Path, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run the `ops` command as a person would, against the stack of a state folder."""
    command = [sys.executable, "-c", "from local.cli import main; main()", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPS_", "COV_"))}
    paths = os.pathsep.join([str(REPOSITORY), str(LAYER)])
    environment = {**kept, "OPS_STATE_DIR": str(state), "PYTHONPATH": paths, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=timeout, check=False
    )


def ops_json(state: Path, *arguments: str) -> Any:
    """What `ops … --json` printed; fails with its error when it failed."""
    done = ops(state, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
