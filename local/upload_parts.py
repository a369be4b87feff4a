"""A large file in parts: several at a time, each tried again, after a break only what has not arrived."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

AT_ONCE = 4
TRIES = 5
PAGE = 100
Progress = Callable[[str, int, int], None]
"""Hears (file name, bytes that arrived, bytes in all) after every part."""


class ApiError(Exception):
    """The API refused; the message is what it said, fit for a person. Status 0: it did not come to an answer."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        detail = str(problem.get("detail") or problem.get("message") or problem.get("title") or "no explanation")
        if problem.get("expected"):
            detail += f" Right would be: {problem['expected']}."
        super().__init__(f"{detail} (HTTP {status})" if status else detail)
        self.status = status
        self.problem = problem


class Api(Protocol):
    """What is needed of a client of the API."""

    def get(self, path: str, **params: Any) -> Any: ...
    def post(self, path: str, body: Any = None) -> Any: ...


def no_progress(_name: str, _sent: int, _size: int) -> None:
    """Nobody listens."""


@dataclass
class _Upload:
    """One file on its way. Parts are PUT by several threads; links are fetched in pages under the lock."""

    api: Api
    path: Path
    job_id: str
    part_bytes: int
    size: int
    progress: Progress
    etags: dict[int, str]
    sent: int
    pause: Callable[[float], None]
    links: dict[int, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        return -(-self.size // self.part_bytes)

    def part(self, number: int) -> None:
        """Send one part; ApiError when it does not arrive after several tries."""
        with self.path.open("rb") as stream:
            stream.seek((number - 1) * self.part_bytes)
            body = stream.read(self.part_bytes)
        why = ""
        for attempt in range(TRIES):
            if self.stopped.is_set():
                return
            if attempt:
                self.pause(min(0.2 * 4 ** (attempt - 1), 10))
            try:
                put = httpx.put(self.link(number), content=body, timeout=300)
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
                continue
            if put.is_success:
                self.arrived(number, put.headers["etag"], len(body))
                return
            why = f"HTTP {put.status_code}: {put.text[:200]}"
            with self.lock:
                self.links.pop(number, None)  # it may have expired: the next try has a new one
        raise ApiError(0, {"detail": f"Part {number} of {self.path.name} did not arrive ({why}). Resume with: "
                                     f"ops drop {self.path} --resume {self.job_id}"})  # fmt: skip

    def link(self, number: int) -> str:
        """The link of a part, from a page of them."""
        with self.lock:
            if number not in self.links:
                asked = {"from": number, "to": min(number + PAGE - 1, self.count)}
                page = self.api.post(f"/ingest/uploads/{self.job_id}/parts", asked)
                self.links.update({one["part_number"]: one["url"] for one in page["parts"]})
            return self.links[number]

    def arrived(self, number: int, etag: str, size: int) -> None:
        """Note a part and tell of it."""
        with self.lock:
            self.etags[number] = etag
            self.sent += size
            sent = self.sent
        self.progress(self.path.name, sent, self.size)


def send_parts(
    api: Api, path: Path, job_id: str, progress: Progress = no_progress, pause: Callable[[float], None] = time.sleep
) -> None:
    """Send what has not arrived of an announced file, then complete it. ApiError tells how to resume."""
    there = api.get(f"/ingest/uploads/{job_id}/parts")
    if path.stat().st_size != there["size_bytes"]:
        raise ApiError(0, {"detail": f"{path.name} has {path.stat().st_size:,} bytes, but {there['size_bytes']:,} were "
                                     "announced: it has changed. Drop it anew."})  # fmt: skip
    etags = {one["part_number"]: one["etag"] for one in there["parts"]}
    sent = sum(one["size"] for one in there["parts"])
    upload = _Upload(api, path, job_id, there["part_bytes"], there["size_bytes"], progress, etags, sent, pause)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="part") as pool:
        running = [pool.submit(upload.part, one) for one in range(1, upload.count + 1) if one not in etags]
        done, waiting = wait(running, return_when=FIRST_EXCEPTION)
        if waiting:  # somebody failed: the others need not go on
            upload.stopped.set()
            for one in waiting:
                one.cancel()
    for one in done:
        one.result()
    parts = [{"part_number": number, "etag": etag} for number, etag in sorted(upload.etags.items())]
    api.post(f"/ingest/uploads/{job_id}/complete", {"parts": parts})
