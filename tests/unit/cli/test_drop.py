"""`ops drop`: small files at once, large ones in parts, a broken one resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from local.cli import app, context, show


class Api:
    """A client that remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def upload(self, files: list[Path], source: str, entity: str | None, progress: Any) -> list[dict[str, Any]]:
        self.sent.append(("upload", [one.name for one in files], source, entity))
        progress(files[0].name, 1, 2)
        return [{"job_id": f"job-{number}"} for number, _ in enumerate(files)]

    def get(self, path: str, **_params: Any) -> Any:
        self.sent.append(("get", path))
        return {"size_bytes": 3, "part_bytes": 5 << 20, "parts": [{"part_number": 1, "etag": "e", "size": 3}]}

    def post(self, path: str, body: Any = None) -> Any:
        self.sent.append(("post", path, body))
        return {}

    def follow(self, ids: list[str], _told: Any) -> list[dict[str, Any]]:
        return [{"id": one, "status": "completed", "file_name": "x.csv"} for one in ids]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    monkeypatch.setattr(context, "client", lambda *_a, **_o: made)
    return made


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["drop", *arguments])


def test_files_are_announced_together(api: Api, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x")
    answer = run(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--entity", "sku", "--json")
    assert answer.exit_code == 0, answer.output
    assert api.sent == [("upload", ["a.csv", "b.csv"], "files", "sku")]
    assert [one["id"] for one in json.loads(answer.stdout)] == ["job-0", "job-1"]


def test_a_broken_upload_goes_on_with_what_is_missing(api: Api, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("abc")
    answer = run(str(tmp_path / "a.csv"), "--resume", "job-7", "--json")
    assert answer.exit_code == 0, answer.output
    assert api.sent == [
        ("get", "/ingest/uploads/job-7/parts"),
        ("post", "/ingest/uploads/job-7/complete", {"parts": [{"part_number": 1, "etag": "e"}]}),
    ]
    assert json.loads(answer.stdout)[0]["id"] == "job-7"


def test_one_file_is_resumed_at_a_time(api: Api, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x")
    assert run(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--resume", "job-7").exit_code == 1
    assert api.sent == []


def test_progress_is_told_by_file() -> None:
    with show.sending() as told:
        told("a.csv", 1, 2)
        told("b.csv", 1, 2)
        told("a.csv", 2, 2)
