"""TCP ports on 127.0.0.1."""

from __future__ import annotations

import socket

from local.state import StackError


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listen(port: int) -> socket.socket:
    """A socket listening on 127.0.0.1; StackError when somebody else does (0 = any free port)."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise StackError(f"port {port} is taken on 127.0.0.1; stop what uses it or give another port") from error
    listener.listen(128)
    return listener
