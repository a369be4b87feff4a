"""A real SFTP server in this process, over a folder, that can drop connections and lie."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

from opscopilot.staging.connectors.ssh import fingerprint

USER, PASSWORD = "plant", "s3cret!"


@dataclass
class Faults:
    """What goes wrong. `cut_after`: bytes read before the line breaks, once each. `sizes`: what stat says instead."""

    cut_after: list[int] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    read: int = 0
    offsets: list[int] = field(default_factory=list)


@dataclass
class SftpServer:
    """The running server. `asked` are the user names that tried to log in."""

    root: Path
    host_key: paramiko.PKey
    client_key: paramiko.PKey
    faults: Faults = field(default_factory=Faults)
    asked: list[str] = field(default_factory=list)
    transports: list[paramiko.Transport] = field(default_factory=list)
    port: int = 0

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.host_key)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(sock)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, plant=self, transport=transport)
            self.transports.append(transport)
            try:
                transport.start_server(event=threading.Event(), server=_Login(self))
            except (paramiko.SSHException, EOFError, OSError):
                transport.close()


class _Login(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.asked.append(username)
        right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        right = username == USER and key.asbytes() == self._server.client_key.asbytes()
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, login: Any, plant: SftpServer, transport: paramiko.Transport) -> None:
        super().__init__(login)
        self._server, self._transport = plant, transport

    def _real(self, path: str) -> Path:
        return self._server.root / self.canonicalize(path).lstrip("/")

    def _attributes(self, path: Path) -> paramiko.SFTPAttributes:
        found = paramiko.SFTPAttributes.from_stat(path.stat(), path.name)
        found.st_size = self._server.faults.sizes.get(path.name, found.st_size)
        return found

    def list_folder(self, path: str) -> Any:
        try:
            return [self._attributes(one) for one in self._real(path).iterdir()]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> Any:
        try:
            return self._attributes(self._real(path))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def rename(self, oldpath: str, newpath: str) -> int:
        if self._real(newpath).exists():
            return paramiko.SFTP_FAILURE
        try:
            os.rename(self._real(oldpath), self._real(newpath))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.SFTP_OK

    def open(self, path: str, flags: int, attr: Any) -> Any:
        try:
            return _Handle(self._real(path), self._server.faults, self._transport)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, path: Path, faults: Faults, transport: paramiko.Transport) -> None:
        super().__init__()
        self._stream = path.open("rb")
        self._faults, self._transport, self._path = faults, transport, path

    def read(self, offset: int, length: int) -> Any:
        faults = self._faults
        faults.offsets.append(offset)
        if faults.cut_after and faults.read >= faults.cut_after[0]:
            faults.cut_after.pop(0)
            self._transport.close()
            return paramiko.SFTP_FAILURE
        self._stream.seek(offset)
        found = self._stream.read(length)
        faults.read += len(found)
        return found

    def stat(self) -> Any:
        found = paramiko.SFTPAttributes.from_stat(self._path.stat(), self._path.name)
        found.st_size = self._faults.sizes.get(self._path.name, found.st_size)
        return found

    def close(self) -> None:
        self._stream.close()


@contextmanager
def sftp_server(root: Path) -> Iterator[SftpServer]:
    """A server over `root` on 127.0.0.1."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = SftpServer(root, paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate())
    server.port = listener.getsockname()[1]
    thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for one in server.transports:
            one.close()
        thread.join(timeout=5)
