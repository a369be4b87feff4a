"""The whole stack over the repository's template: one in this process, and one that gets killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from local import control
from local.identity import issue_token
from local.stack import Stack
from local.testing import stack

PATIENT = 30  # seconds: a cold start on a busy machine
UPLOAD = "import sys, httpx; print(httpx.put(sys.argv[1], content=sys.argv[2].encode()).status_code)"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory, background=False) as one:
        yield one


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=PATIENT)


def link(info: dict[str, Any], operation: str, key: str, **parameters: Any) -> str:
    """A presigned link to the landing bucket, made as the API makes it."""
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        endpoint_url=info["s3_public_endpoint"],
        aws_access_key_id="local",
        aws_secret_access_key="local",
        aws_session_token="local",
    )
    named = {"Bucket": info["buckets"]["LandingBucket"], "Key": key, **parameters}
    return str(client.generate_presigned_url(operation, Params=named, ExpiresIn=60))


def test_the_api_answers_and_knows_who_asks(running: Stack) -> None:
    url = running.info.api_url
    assert get(f"{url}/health").status_code == 200
    assert get(f"{url}/api/v1/health/ready").status_code == 200
    assert get(f"{url}/docs").status_code == 200
    assert "paths" in get(f"{url}/openapi.json").json()
    assert get(f"{url}/api/v1/users/me").status_code == 401
    token = running.identity.issue("nowhere", "planner")
    answer = get(f"{url}/api/v1/users/me", authorization=f"Bearer {token}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_another_process_uploads_through_a_presigned_link(running: Stack) -> None:
    info = control.status(running.folder.path)
    url = link(info, "put_object", "elsewhere/a b.csv")
    done = subprocess.run([sys.executable, "-c", UPLOAD, url, "a,b\n1,2\n"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "200"
    s3 = running.aws.client("s3")
    got = s3.get_object(Bucket=running.info.buckets["LandingBucket"], Key="elsewhere/a b.csv")
    assert got["Body"].read() == b"a,b\n1,2\n"


def test_what_was_sent_can_be_read(running: Stack) -> None:
    sender = running.aws.host.specs["NotifyFunction"].environment["EMAIL_SENDER"]
    running.aws.client("ses").send_email(
        Source=sender,
        Destination={"ToAddresses": ["planner@example.com"]},
        Message={"Subject": {"Data": "Stock-out ahead"}, "Body": {"Text": {"Data": "Order 40 EA"}}},
    )
    listed = get(f"{running.info.api_url}/_local/outbox?format=json").json()
    assert listed["items"][0]["subject"] == "Stock-out ahead"
    assert "Stock-out ahead" in get(f"{running.info.api_url}/_local/outbox").text


def test_nothing_of_the_developers_cloud_is_left_in_the_environment(running: Stack) -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "local"
    assert "AWS_PROFILE" not in os.environ
    environment = running.aws.host.specs["CopilotFunction"].environment
    assert environment["DB_AUTH"] == "trust"
    assert environment["STAGE"] == "local"
    assert environment["S3_PUBLIC_ENDPOINT"] == f"{running.info.api_url}/_s3"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    state = tmp_path / "state"
    yield state
    control.down(state)
    data = state / "pg"
    if data.is_symlink():  # root's server keeps its data elsewhere when it cannot walk to a test's folder
        import shutil

        shutil.rmtree(data.resolve(), ignore_errors=True)


@pytest.mark.slow
def test_a_killed_stack_starts_again_with_everything_it_had(folder: Path) -> None:
    first = control.up(folder, 0)
    assert control.up(folder, 0) == first  # a second one is not started
    assert (
        httpx.put(link(first, "put_object", "landing/t/sap/f.csv"), content=b"a\n", timeout=PATIENT).status_code == 200
    )
    os.kill(first["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while control.status(folder)["state"] != "stopped" and time.monotonic() < deadline:
        time.sleep(0.05)
    lines: list[str] = []
    second = control.up(folder, 0, progress=lines.append)
    assert second["pid"] != first["pid"]
    assert get(link(second, "get_object", "landing/t/sap/f.csv")).content == b"a\n"
    assert any("redelivering landing/t/sap/f.csv" in line for line in lines)
    assert second["buckets"] == first["buckets"]
    token = issue_token("nowhere", "planner", state_dir=folder)
    answer = get(f"{second['api_url']}/api/v1/users/me", authorization=f"Bearer {token}")
    assert answer.status_code == 404
    assert control.down(folder) is True
    assert control.status(folder) == {"state": "stopped"}
    with pytest.raises(httpx.ConnectError):
        get(second["api_url"])
    assert json.loads(json.dumps(second)) == second
