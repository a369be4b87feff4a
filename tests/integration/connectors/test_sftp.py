"""The SFTP connector against a real server that drops connections in the middle of files and lies about sizes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging.connectors.base import Around, Batch, ConnectorFactory, ConnectorFailed, FileBatch
from opscopilot.staging.connectors.http import HttpClient
from opscopilot.staging.connectors.sftp import SftpConnector
from tests.support.sftp import PASSWORD, USER, SftpServer, sftp_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "server"
    (root / "out").mkdir(parents=True)
    (root / "done").mkdir()
    with sftp_server(root) as running:
        yield running


class Waits(list[float]):
    """Pauses that were asked for; something may happen during one."""

    then: Callable[[], None] | None = None

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        if self.then:
            self.then()


Make = Callable[..., SftpConnector]


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def connector(server: SftpServer, tmp_path: Path, waits: Waits) -> Iterator[Make]:
    made: list[SftpConnector] = []

    def make(
        config: dict[str, Any] | None = None, secret: dict[str, str] | None = None, local: bool = True, **stream: Any
    ) -> SftpConnector:
        guard, folder = AddressGuard(local=local), tmp_path / "disk"
        folder.mkdir(exist_ok=True)
        whole = {
            "host": "127.0.0.1", "port": server.port, "username": USER, "host_key": [server.fingerprint],
            "streams": [{"name": "orders", "folder": "/out", "pattern": "*.csv", **stream}], **(config or {}),
        }  # fmt: skip
        found = ConnectorFactory.create_connector(
            "sftp", whole, secret or {"password": PASSWORD}, Around(HttpClient(guard), guard, folder)
        )
        assert isinstance(found, SftpConnector)
        found.sleep = waits
        made.append(found)
        return found

    yield make
    for one in made:
        one.close()
        one.around.http.close()


def put(server: SftpServer, name: str, body: bytes, when: int = 1_790_000_000) -> bytes:
    path = server.root / "out" / name
    path.write_bytes(body)
    os.utime(path, (when, when))
    return body


def pull(connector: SftpConnector, watermark: str | None = None) -> tuple[dict[str, bytes], str | None, list[str]]:
    """Files by name, the watermark, the warnings."""
    files: dict[str, bytes] = {}
    warnings: list[str] = []
    (stream,) = connector.streams()
    for batch in connector.fetch_data(stream, watermark, None):
        watermark = batch.watermark
        warnings += batch.warnings
        if isinstance(batch, FileBatch):
            files[batch.name] = batch.path.read_bytes()
    return files, watermark, warnings


def test_files_of_the_pattern_come_once_and_again_when_they_change(server: SftpServer, connector: Make) -> None:
    one, two = put(server, "b.csv", b"1\n"), put(server, "a.csv", b"22\n", 1_790_000_100)
    put(server, "note.txt", b"no")
    (server.root / "out" / "folder.csv").mkdir()
    files, mark, _ = pull(connector())
    assert files == {"b.csv": one, "a.csv": two}
    assert list(files) == ["b.csv", "a.csv"]  # oldest first
    assert pull(connector(), mark)[0] == {}
    put(server, "a.csv", b"33\n", 1_790_000_200)
    files, mark, _ = pull(connector(), mark)
    assert files == {"a.csv": b"33\n"}
    (server.root / "out" / "b.csv").unlink()
    assert list(json.loads(pull(connector(), mark)[1] or "")) == ["a.csv"]  # gone files need no memory


def test_a_file_that_still_grows_waits_for_the_next_pull(server: SftpServer, connector: Make, waits: Waits) -> None:
    put(server, "slow.csv", b"1")
    put(server, "ready.csv", b"1")
    waits.then = lambda: put(server, "slow.csv", b"12") and None
    files, mark, _ = pull(connector(stable_s=20))
    assert (files, waits) == ({"ready.csv": b"1"}, [20])
    waits.then = None
    assert pull(connector(), mark)[0] == {"slow.csv": b"12"}


def test_with_a_done_file_nobody_has_to_wait(server: SftpServer, connector: Make, waits: Waits) -> None:
    for name in ("a.csv", "b.csv", "b.csv.done"):
        put(server, name, b"x")
    assert (pull(connector(done_suffix=".done", pattern="*"))[0], waits) == ({"b.csv": b"x"}, [])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # paramiko's own reading ahead
def test_a_line_that_breaks_is_taken_up_where_it_broke(server: SftpServer, connector: Make) -> None:
    body = put(server, "big.csv", os.urandom(3 << 20))
    server.faults.cut_after = [1 << 20, 2 << 20]
    files, _, warnings = pull(connector())
    assert files == {"big.csv": body}
    assert (warnings, len(server.transports)) == ([], 3)
    assert server.faults.read < len(body) * 2  # what had come did not come again


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_line_that_always_breaks_is_given_up_for_now(server: SftpServer, connector: Make) -> None:
    put(server, "big.csv", os.urandom(1 << 20))
    server.faults.cut_after = [0] * 9
    with pytest.raises(ConnectorFailed, match="broke 5 times") as caught:
        pull(connector())
    assert (caught.value.code, caught.value.retryable) == ("connection_lost", True)


@pytest.mark.parametrize("lie", [1_000, 100_000])
def test_a_size_that_is_a_lie_keeps_nobody_else_from_landing(server: SftpServer, connector: Make, lie: int) -> None:
    put(server, "liar.csv", b"x" * 50_000)
    put(server, "honest.csv", b"y" * 50_000, 1_790_000_300)
    server.faults.sizes["liar.csv"] = lie
    files, mark, warnings = pull(connector())
    assert list(files) == ["honest.csv"]
    assert f"said {lie:,} bytes" in warnings[0]
    del server.faults.sizes["liar.csv"]
    assert list(pull(connector(), mark)[0]) == ["liar.csv"]


def test_an_unknown_host_key_is_shown_and_no_password_is_sent(server: SftpServer, connector: Make) -> None:
    with pytest.raises(ConnectorFailed) as caught:
        pull(connector({"host_key": []}))
    assert caught.value.code == "host_key_unknown"
    assert server.fingerprint in caught.value.message
    with pytest.raises(ConnectorFailed) as caught:
        pull(connector({"host_key": ["SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"]}))
    assert caught.value.code == "host_key_changed"
    assert server.asked == []


def test_a_private_key_logs_in_and_a_wrong_password_says_so(server: SftpServer, connector: Make) -> None:
    put(server, "a.csv", b"1")
    text = io.StringIO()
    server.client_key.write_private_key(text, password="phrase")
    good = {"private_key": text.getvalue(), "passphrase": "phrase"}
    assert list(pull(connector(secret=good))[0]) == ["a.csv"]
    for secret, code in (({"password": "wrong"}, "auth_failed"), ({"private_key": "no key"}, "secret_wrong"),
                         ({"private_key": text.getvalue()}, "secret_wrong"), ({"x": "y"}, "secret_incomplete")):  # fmt: skip
        with pytest.raises(ConnectorFailed) as caught:
            pull(connector(secret=secret))
        assert caught.value.code == code
        assert "wrong" not in caught.value.message


def test_landed_files_are_moved_also_when_something_came_between(server: SftpServer, connector: Make) -> None:
    put(server, "a.csv", b"1")
    put(server, "b.csv", b"2")
    (server.root / "done" / "a.csv").write_bytes(b"an older one")
    made = connector(processed="/done")
    (stream,) = made.streams()
    batches = made.fetch_data(stream, None, None)
    first = next(batches)
    assert isinstance(first, FileBatch)
    assert (server.root / "out" / "a.csv").exists()  # it has not landed yet
    next(batches)
    assert not (server.root / "out" / "a.csv").exists()
    batches.close()  # the function ends: b.csv has landed and is still there
    assert (server.root / "out" / "b.csv").exists()
    files, _, _ = pull(connector(processed="/done"), '{"b.csv": [1, 1790000000]}')
    assert files == {}
    assert sorted(one.name for one in (server.root / "done").iterdir()) == ["1790000000-a.csv", "a.csv", "b.csv"]


def test_missing_folders_and_large_files_are_named(server: SftpServer, connector: Make) -> None:
    with pytest.raises(ConnectorFailed, match="/nowhere") as caught:
        pull(connector(folder="/nowhere"))
    assert caught.value.code == "not_found"
    put(server, "big.csv", b"x" * ((1 << 20) + 1))
    files, mark, warnings = pull(connector({"max_file_mb": 1}))
    assert (files, mark, len(warnings)) == ({}, "{}", 1)


def test_p61_the_address_rules_hold_for_sftp_too(connector: Make) -> None:
    with pytest.raises(ConnectorFailed) as caught:
        pull(connector(local=False))
    assert caught.value.code == "address_refused"


def test_resumed_pulls_go_on_behind_the_last_landed_file(server: SftpServer, connector: Make) -> None:
    for number in range(3):
        put(server, f"{number}.csv", b"x", 1_790_000_000 + number)
    made = connector()
    (stream,) = made.streams()
    first = next(made.fetch_data(stream, None, None))
    rest = [one.name for one in connector().fetch_data(stream, None, first.resume) if isinstance(one, FileBatch)]
    assert (isinstance(first, Batch), rest) == (False, ["1.csv", "2.csv"])
