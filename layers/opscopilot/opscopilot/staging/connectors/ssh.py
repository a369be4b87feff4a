"""An SSH session to a server whose key is pinned: what the SFTP connector needs of paramiko."""

from __future__ import annotations

import base64
import hashlib
import io
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from opscopilot.outbound.guard import AddressRefused
from opscopilot.staging.connectors.base import BaseConnector, ConnectorFailed

if TYPE_CHECKING:
    import paramiko

_TIMEOUT_S = 20.0
_MAX_REQUESTS = 32  # of one read under way at a time: 1 MB


class Broken(Exception):
    """The connection is gone; a new one may do."""


class Entry(NamedTuple):
    """A file as the server lists it. `modified` in seconds since the epoch."""

    name: str
    size: int
    modified: int
    is_file: bool


@dataclass
class Session:
    """An authenticated SFTP session."""

    transport: paramiko.Transport
    sftp: paramiko.SFTPClient

    @property
    def alive(self) -> bool:
        """Whether the connection still stands."""
        return self.transport.is_active()

    def close(self) -> None:
        """Hang up."""
        self.transport.close()

    def entries(self, folder: str) -> dict[str, Entry]:
        """What lies in a folder, by name; ConnectorFailed when it is not there or not ours to see."""
        with _told(folder):
            listed = self.sftp.listdir_attr(folder)
        return {one.filename: _entry(one) for one in listed}

    def stat(self, path: str) -> tuple[int, int]:
        """Size and time of a file."""
        with _told(path):
            found = self.sftp.stat(path)
        return int(found.st_size or 0), int(found.st_mtime or 0)

    def read(self, path: str, start: int, size: int, chunk: int) -> Iterator[bytes]:
        """The file's bytes from `start` on to its end, whatever the server said of its size."""
        with _told(path), self.sftp.open(path, "rb") as stream:
            stream.seek(start)
            if size > chunk:
                stream.prefetch(start + size, max_concurrent_requests=_MAX_REQUESTS)
            while found := stream.read(chunk):
                yield found

    def move(self, old: str, new: list[str]) -> None:
        """Rename to the first of `new` that is free. Nothing to move is fine: somebody was faster."""
        for target in new:
            try:
                with _told(target):
                    self.sftp.rename(old, target)
                return
            except ConnectorFailed:
                if not self._exists(old):
                    return
                if target == new[-1] or not self._exists(target):
                    raise

    def _exists(self, path: str) -> bool:
        try:
            self.stat(path)
        except ConnectorFailed:
            return False
        return True


def _entry(one: paramiko.SFTPAttributes) -> Entry:
    regular = stat.S_ISREG(one.st_mode) if one.st_mode is not None else True
    return Entry(one.filename, int(one.st_size or 0), int(one.st_mtime or 0), regular)


class _told:
    """Turns what paramiko raises into Broken, or into ConnectorFailed that names the path."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        import paramiko

        if isinstance(error, FileNotFoundError):
            raise ConnectorFailed("not_found", f"There is no '{self._path}' on the server.") from error
        if isinstance(error, PermissionError):
            raise ConnectorFailed("forbidden", f"The server does not let this login into '{self._path}'.") from error
        if isinstance(error, paramiko.SSHException | EOFError | ConnectionError | TimeoutError):
            raise Broken(type(error).__name__) from error
        if isinstance(error, OSError):
            if str(error) in ("Socket is closed", ""):
                raise Broken(str(error) or type(error).__name__) from error
            raise ConnectorFailed("refused", f"The server refuses '{self._path}': {error}") from error


def dial(connector: BaseConnector) -> Session:
    """Connect, check the server's key against the pinned ones, log in. Raises ConnectorFailed, Broken."""
    import paramiko

    config: Any = connector.config
    try:
        address = connector.around.guard.check(config.host, config.port)
    except AddressRefused as error:
        raise ConnectorFailed(error.code, error.message) from error
    try:
        sock = socket.create_connection((address, config.port), _TIMEOUT_S)
    except OSError as error:
        raise Broken(f"{config.host}:{config.port}: {error.strerror or error}") from error
    transport = paramiko.Transport(sock)
    try:
        transport.banner_timeout = transport.auth_timeout = _TIMEOUT_S
        transport.start_client(timeout=_TIMEOUT_S)
        _check_key(transport, config.host, config.host_key)
        _log_in(transport, connector, config.username)
        sftp = paramiko.SFTPClient.from_transport(transport)
        assert sftp is not None
        channel = sftp.get_channel()
        assert channel is not None
        channel.settimeout(_TIMEOUT_S)
    except ConnectorFailed:
        transport.close()
        raise
    except (paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        raise Broken(f"{type(error).__name__}: {error}") from error
    return Session(transport, sftp)


def fingerprint(key: paramiko.PKey) -> str:
    """A key's SHA-256 fingerprint as OpenSSH shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def _check_key(transport: paramiko.Transport, host: str, pinned: list[str]) -> None:
    key = transport.get_remote_server_key()
    found = fingerprint(key)
    if found in pinned:
        return
    if not pinned:
        raise ConnectorFailed(
            "host_key_unknown", f"{host} presents the key {found} ({key.get_name()}). If its owner confirms it, put it "
            "into `host_key`; until then nothing is sent to it.",
        )  # fmt: skip
    raise ConnectorFailed(
        "host_key_changed", f"{host} presents the key {found} ({key.get_name()}), not the one in `host_key`. Somebody "
        "may be in between: ask its owner before you change the config. No password was sent.",
    )  # fmt: skip


def _log_in(transport: paramiko.Transport, connector: BaseConnector, username: str) -> None:
    import paramiko

    try:
        if connector.secret.get("private_key"):
            transport.auth_publickey(username, _private_key(connector))
        else:
            transport.auth_password(username, connector.need("password"))
    except paramiko.AuthenticationException as error:
        raise ConnectorFailed(
            "auth_failed", f"{connector.config.host} does not take the login '{username}'; check the secret."
        ) from error


def _private_key(connector: BaseConnector) -> paramiko.PKey:
    import paramiko

    text, passphrase = connector.need("private_key"), connector.secret.get("passphrase") or None
    kinds: tuple[Any, ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
    for kind in kinds:
        try:
            found: paramiko.PKey = kind.from_private_key(io.StringIO(text), password=passphrase)
        except (paramiko.SSHException, ValueError, IndexError, UnicodeDecodeError):
            continue
        return found
    raise ConnectorFailed(
        "secret_wrong", "The secret's private_key cannot be read: an OpenSSH or PEM key of type Ed25519, ECDSA or RSA "
        "is needed, and its passphrase where it has one.",
    )  # fmt: skip
