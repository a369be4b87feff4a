"""Receivers as the world has them: they fail, stall and ask for a pause, and remember what they truly took.

One process, one event loop, many ports. What happens to a call follows from its Idempotency-Key and from how often
that key came before, so a run can be repeated and a retry meets fresh luck.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

FAIL, STALL, LIMIT = 0.10, 0.02, 0.02
"""Shares of calls that are answered 503, never answered, and answered 429 with `Retry-After: 1`."""
STALL_S = 30.0


@dataclass
class Taken:
    """What arrived, by Idempotency-Key: how often it was asked, how often it was taken, and the message itself."""

    asked: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    messages: dict[str, tuple[int, bytes]] = field(default_factory=dict)


def luck(key: str, attempt: int, seed: int) -> str:
    """ok, fail, stall or limit for this attempt of this key."""
    digest = hashlib.blake2b(f"{seed}:{key}:{attempt}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    if share < FAIL:
        return "fail"
    if share < FAIL + STALL:
        return "stall"
    return "limit" if share < FAIL + STALL + LIMIT else "ok"


_ANSWERS = {
    "ok": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "fail": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "limit": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
}


async def _serve(
    taken: Taken, kind: str, seed: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    port = writer.get_extra_info("sockname")[1]
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            headers = {name.lower(): value for name, value in headers.items()}
            body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
            key = headers.get(b"idempotency-key", b"").decode()
            what = luck(key, taken.asked[key], seed) if kind == "unreliable" else "ok"
            taken.asked[key] += 1
            taken.answers[what] += 1
            if what == "stall":
                await asyncio.sleep(STALL_S)
                break
            if what == "ok":
                taken.accepted[key] += 1
                taken.messages.setdefault(key, (port, body))
            writer.write(_ANSWERS[what])
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        pass  # the caller hung up, or the benchmark is over
    finally:
        writer.close()


async def _run(pipe: Connection, ports: int, kind: str, seed: int) -> None:
    taken = Taken()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(taken, kind, seed, reader, writer)

    servers = [await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256) for _ in range(ports)]
    pipe.send([one.sockets[0].getsockname()[1] for one in servers])
    loop = asyncio.get_running_loop()
    while (asked := await loop.run_in_executor(None, pipe.recv)) != "stop":
        if asked == "clear":
            for one in (taken.asked, taken.accepted, taken.answers, taken.messages):
                one.clear()
        pipe.send(taken)


def run(pipe: Connection, ports: int, kind: str, seed: int) -> None:
    """The process: send the ports, then answer "report" and "clear" with what was taken, until "stop"."""
    asyncio.run(_run(pipe, ports, kind, seed))


class Receivers:
    """The process from outside."""

    def __init__(self, ports: int, kind: str, seed: int = 1) -> None:
        from multiprocessing import get_context

        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(target=run, args=(theirs, ports, kind, seed), daemon=True)
        self._process.start()
        self.ports: list[int] = self._pipe.recv()

    def report(self) -> Taken:
        """What was taken so far."""
        return self._ask("report")

    def clear(self) -> None:
        """Forget everything."""
        self._ask("clear")

    def stop(self) -> None:
        """End the process."""
        self._pipe.send("stop")
        self._process.join(timeout=5)
        self._process.kill()

    def _ask(self, what: str) -> Taken:
        self._pipe.send(what)
        answer: Taken = self._pipe.recv()
        return answer
