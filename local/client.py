"""A client of the HTTP API: any deployment, by URL and token. The CLI and the demo speak to the product only so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from local.upload_parts import ApiError, Progress, no_progress, send_parts

__all__ = ["SETTLED", "TERMINAL", "ApiError", "OpsClient"]

TERMINAL = frozenset({"completed", "partially_failed", "failed", "cancelled"})
SETTLED = TERMINAL | {"needs_mapping"}
"""Nothing more happens by itself: the job is over, or a person has to say what the file holds."""


class OpsClient:
    """Calls the API as one user. Every method returns the decoded JSON or raises ApiError."""

    def __init__(self, url: str, token: str, timeout: float = 30) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=timeout)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> OpsClient:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """One request below /api/v1; its JSON."""
        answer = self._answer(method, path, **options)
        return answer.json() if answer.content else None

    def fetch(self, path: str, **params: Any) -> httpx.Response:
        """GET something that is not JSON: a file, a page."""
        return self._answer("GET", path, params={k: v for k, v in params.items() if v is not None})

    def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"/api/v1{path}", **options)
        except httpx.TransportError as error:
            raise ApiError(
                0, {"detail": f"{self.url} does not answer ({error}). Is the stack up? `ops status`"}
            ) from error
        if answer.is_success:
            return answer
        try:
            body = answer.json()
        except ValueError:
            body = {"detail": answer.text[:200]}
        raise ApiError(answer.status_code, body)

    def get(self, path: str, **params: Any) -> Any:
        """GET with query parameters; None values are left out."""
        return self.call("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """POST with a JSON body."""
        return self.call("POST", path, json=body if body is not None else {})

    def put(self, path: str, body: Any) -> Any:
        """PUT with a JSON body."""
        return self.call("PUT", path, json=body)

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item of a paged list."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **params)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def upload(
        self, files: list[Path], source_system: str, entity: str | None = None, progress: Progress = no_progress,
        part_mb: int | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Announce the files, then put each one where the API says; the jobs, in the order of the files.

        Large files go in parts, several at a time; `progress` hears of every part that arrived. `part_mb` wants parts
        of that size whatever the size of the file.
        """
        more = {"part_mb": part_mb, "multipart": True} if part_mb else {}
        wanted = [
            {
                "file_name": path.name,
                "size_bytes": path.stat().st_size,
                **({"entity": entity} if entity else {}),
                **more,
            }
            for path in files
        ]
        answer = self.post("/ingest/uploads", {"source_system": source_system, "files": wanted})
        jobs = answer["uploads"]
        for path, job in zip(files, jobs, strict=True):
            if job.get("multipart"):
                send_parts(self, path, job["job_id"], progress)
                continue
            with path.open("rb") as body:
                put = httpx.put(job["url"], content=body, headers=job.get("headers", {}), timeout=300)
            if not put.is_success:
                raise ApiError(put.status_code, {"detail": f"The upload of {path.name} was refused: {put.text[:200]}"})
        return list(jobs)

    def follow(
        self, job_ids: list[str], on_change: Callable[[dict[str, Any]], None], timeout: float = 600
    ) -> list[dict[str, Any]]:
        """Poll jobs until all are settled; `on_change` sees every job whenever it moved."""
        deadline = time.monotonic() + timeout
        seen: dict[str, tuple[object, ...]] = {}
        done: dict[str, dict[str, Any]] = {}
        pause = 0.1
        while len(done) < len(job_ids):
            for job_id in job_ids:
                if job_id in done:
                    continue
                job = self.get(f"/jobs/{job_id}")
                state = (job["status"], job.get("entity_type"), job.get("total_records"))
                if seen.get(job_id) != state:
                    seen[job_id] = state
                    on_change(job)
                if job["status"] in SETTLED:
                    done[job_id] = job
            if len(done) < len(job_ids):
                if time.monotonic() > deadline:
                    waiting = ", ".join(sorted(set(job_ids) - set(done)))
                    raise ApiError(0, {"detail": f"These jobs did not end within {timeout:.0f} s: {waiting}"})
                time.sleep(pause)
                pause = min(pause * 1.5, 1.0)
        return [done[job_id] for job_id in job_ids]
