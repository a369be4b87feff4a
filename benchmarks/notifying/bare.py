"""The peer: a bare loop that posts the same messages with the same library until each is taken. No database, no
queue, no record of anything; as many processes and threads as the product's consumers have, the same time limit."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from uuid import uuid4

import httpx2

Posting = tuple[int, bytes]
"""The receiver's port and the body."""


def _loop(
    work: queue.SimpleQueue[tuple[str, Posting] | None], client: httpx2.Client, done: threading.Semaphore
) -> None:
    while (one := work.get()) is not None:
        key, (port, body) = one
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            taken = client.post(f"http://127.0.0.1:{port}/hook", content=body, headers=headers).is_success
        except httpx2.TransportError:
            taken = False
        if taken:
            done.release()
        else:
            work.put(one)


def _process(messages: Sequence[Posting], threads: int, timeout_s: float) -> None:
    work: queue.SimpleQueue[tuple[str, Posting] | None] = queue.SimpleQueue()
    for one in messages:
        work.put((str(uuid4()), one))
    done = threading.Semaphore(0)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
    with httpx2.Client(timeout=timeout_s, limits=limits, trust_env=False) as client:
        running = [threading.Thread(target=_loop, args=(work, client, done)) for _ in range(threads)]
        for thread in running:
            thread.start()
        for _ in messages:
            done.acquire()
        for _ in running:
            work.put(None)
        for thread in running:
            thread.join()


def post_all(messages: Sequence[Posting], processes: int, threads: int, timeout_s: float) -> float:
    """Post every message until it is taken; seconds."""
    context = get_context("fork")
    shares = [messages[number::processes] for number in range(processes)]
    running = [context.Process(target=_process, args=(share, threads, timeout_s)) for share in shares]
    began = time.monotonic()
    for one in running:
        one.start()
    for one in running:
        one.join()
    return time.monotonic() - began
