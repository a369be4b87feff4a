"""Files from an SFTP server: only from the server we know, only files nobody writes any more, each version once.

What was taken is remembered as (name, size, time); a file that changes comes again. A connection that breaks in the
middle of a file is made anew and goes on where it stopped, unless the file has changed meanwhile.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.staging.connectors.base import (
    Around,
    BaseConnector,
    Batch,
    ConnectorConfig,
    ConnectorFailed,
    FileBatch,
    Stream,
    StreamConfig,
)
from opscopilot.staging.connectors.secrets import SecretText
from opscopilot.staging.connectors.ssh import Broken, Entry, Session, dial
from opscopilot.staging.uploads import check_file_name

TRIES = 5
MAX_FILES = 20_000
_CHUNK = 1 << 15


class SftpStream(StreamConfig):
    """The files of one folder."""

    folder: str = Field(default=".", max_length=1000, examples=["/out/orders"])
    pattern: str = Field(default="*", max_length=200, description="Of the file's name, as in a shell.")
    stable_s: int = Field(default=20, ge=0, le=60, description="Size and time must stay the same for so long.")
    done_suffix: str | None = Field(
        default=None, pattern=r"^[.\w-]{1,20}$", examples=[".done"],
        description="Take only files beside which a file of that suffix says that they are complete.",
    )  # fmt: skip
    processed: str | None = Field(default=None, max_length=1000, description="Folder to move files to when landed.")


class SftpConfig(ConnectorConfig):
    """An SFTP server. `host_key` is its fingerprint: leave it out once, and the error shows the one it presents."""

    host: str = Field(min_length=1, max_length=255, examples=["sftp.example.com"])
    port: int = Field(default=22, ge=1, le=65535)
    username: str = Field(min_length=1, max_length=100)
    host_key: list[str] = Field(
        default=[], max_length=10, examples=[["SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"]]
    )
    max_file_mb: int = Field(default=5120, ge=1, le=10_000)
    streams: list[SftpStream] = Field(min_length=1, max_length=100)


class SftpConnector(BaseConnector):
    """Brings files. The secret has `password`, or `private_key` (and its `passphrase`)."""

    type: ClassVar[str] = "sftp"
    title: ClassVar[str] = "SFTP server"
    Config = SftpConfig
    secret_fields: ClassVar[tuple[str, ...]] = ("password", "private_key", "passphrase")
    _session: Session | None = None

    def __init__(self, config: Any, secret: Mapping[str, SecretText] | None, around: Around) -> None:
        super().__init__(config, secret, around)
        self.sleep: Callable[[float], None] = time.sleep

    def streams(self) -> list[Stream]:
        return [Stream(one.name, one.entity) for one in self.config.streams]

    def fetch_data(
        self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None
    ) -> Iterator[Batch | FileBatch]:
        asked = next(one for one in self.config.streams if one.name == stream.name)
        done = dict(resume["done"]) if resume else json.loads(watermark) if watermark else {}
        yield from _Pull(self, asked, done).batches()

    def session(self) -> Session:
        """The open session; a new one where the last has broken."""
        if self._session is None or not self._session.alive:
            self.close()
            self._session = dial(self)
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


class _Fetched(NamedTuple):
    path: Path | None
    why: str = ""


class _Pull:
    """The files of one stream. `done` maps names to [size, time]."""

    def __init__(self, connector: SftpConnector, asked: SftpStream, done: dict[str, list[int]]) -> None:
        self.connector, self.asked, self.done = connector, asked, done

    def batches(self) -> Iterator[Batch | FileBatch]:
        """One batch per file, and one of warnings where a file was left."""
        listed = self._again(lambda session: session.entries(self.asked.folder))
        if len(listed) > MAX_FILES:
            raise ConnectorFailed(
                "too_many_files", f"'{self.asked.folder}' holds more than {MAX_FILES:,} files. Move what was taken away "
                "(`processed`).",
            )  # fmt: skip
        # What is gone from the server need not be remembered.
        self.done = {name: state for name, state in self.done.items() if name in listed}
        for entry in self._ready(listed):
            if self.done.get(entry.name) == [entry.size, entry.modified]:
                self._move(entry)  # landed before, and something came between
                continue
            yield from self._one(entry)
        yield Batch([], self._state(), {"done": self.done}, lasts=True)

    def _one(self, entry: Entry) -> Iterator[Batch | FileBatch]:
        fetched = self._fetch(entry)
        if fetched.path is None:
            yield Batch([], self._state(), {"done": dict(self.done)}, (fetched.why,), lasts=True)
            return
        self.done[entry.name] = [entry.size, entry.modified]
        yield FileBatch(fetched.path, entry.name, self._state(), {"done": dict(self.done)}, lasts=True)
        self._move(entry)  # whoever asks for the next batch has landed this one

    def _state(self) -> str:
        return json.dumps(self.done, ensure_ascii=False, sort_keys=True)

    def _ready(self, listed: dict[str, Entry]) -> list[Entry]:
        """Files of the pattern that are complete, oldest first."""
        suffix = self.asked.done_suffix
        found = [one for one in listed.values() if one.is_file and fnmatchcase(one.name, self.asked.pattern)]
        if suffix:
            return _in_order([one for one in found if not one.name.endswith(suffix) and one.name + suffix in listed])
        new = [one for one in found if self.done.get(one.name) != [one.size, one.modified]]
        if new and self.asked.stable_s:
            self.connector.sleep(self.asked.stable_s)
        if new:
            later = self._again(lambda session: session.entries(self.asked.folder))
            found = [one for one in found if later.get(one.name) == one]
        return _in_order(found)

    def _fetch(self, entry: Entry) -> _Fetched:
        """Bring one file to local disk, over as many connections as that takes."""
        try:
            check_file_name(entry.name)
        except ValidationFailed as error:
            return _Fetched(None, f"A file was left: {error.detail}")
        if entry.size > self.connector.config.max_file_mb << 20:
            return _Fetched(None, f"'{entry.name}' was left: it has {entry.size >> 20:,} MB.")
        target = self.connector.around.folder / "sftp-file"
        target.unlink(missing_ok=True)
        remote = _join(self.asked.folder, entry.name)
        try:
            self._again(lambda session: _copy(session, remote, entry, target))
        except _Changed as error:
            target.unlink(missing_ok=True)
            return _Fetched(None, f"'{entry.name}' was left for the next pull: {error}.")
        return _Fetched(target)

    def _move(self, entry: Entry) -> None:
        """Put a landed file away. A move that fails loses nothing: the file is known."""
        if self.asked.processed is None:
            return
        old, folder = _join(self.asked.folder, entry.name), self.asked.processed
        names = (entry.name, f"{entry.modified}-{entry.name}")
        try:
            self._again(lambda session: session.move(old, [_join(folder, name) for name in names]))
        except ConnectorFailed as error:
            raise ConnectorFailed(
                "not_moved", f"'{entry.name}' has landed but could not be moved to '{folder}': {error.message}"
            ) from error

    def _again(self, work: Callable[[Session], Any]) -> Any:
        """Do it, on a new connection where the old one broke."""
        for attempt in range(1, TRIES + 1):
            try:
                return work(self.connector.session())
            except Broken as error:
                self.connector.close()
                if attempt == TRIES:
                    raise ConnectorFailed(
                        "connection_lost", f"The connection to {self.connector.config.host} broke {TRIES} times "
                        f"({error}).", retryable=True,
                    ) from error  # fmt: skip
                self.connector.sleep(min(0.5 * 2**attempt, 10))
        raise AssertionError("unreachable")


class _Changed(Exception):
    """The file is not what the listing said."""


def _copy(session: Session, remote: str, entry: Entry, target: Path) -> None:
    """Read from where the local copy ends. The server's word on the size is checked against what came."""
    if session.stat(remote) != (entry.size, entry.modified):
        raise _Changed("it changed while it was read")
    have = target.stat().st_size if target.exists() else 0
    with target.open("ab") as out:
        for chunk in session.read(remote, have, entry.size - have, _CHUNK):
            out.write(chunk)
            have += len(chunk)
            if have > entry.size:
                raise _Changed(f"the server said {entry.size:,} bytes and sent more")
    if have != entry.size:
        raise _Changed(f"the server said {entry.size:,} bytes and sent {have:,}")
    if session.stat(remote) != (entry.size, entry.modified):
        raise _Changed("it changed while it was read")


def _in_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (one.modified, one.name))


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"
