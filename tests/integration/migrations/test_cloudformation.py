"""CloudFormation waits for the migrate function's answer at a URL; a deploy hangs when none comes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from opscopilot.entrypoints.migrate import for_cloudformation


class Mailbox(HTTPServer):
    """Takes what is PUT and keeps it."""

    taken: list[dict[str, Any]]


class Take(BaseHTTPRequestHandler):
    """Answers 200 and keeps the body."""

    server: Mailbox

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    server = Mailbox(("127.0.0.1", 0), Take)
    server.taken = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def request(mailbox: Mailbox, kind: str) -> dict[str, Any]:
    return {
        "RequestType": kind, "ResponseURL": f"http://127.0.0.1:{mailbox.server_address[1]}/answer", "StackId": "s",
        "RequestId": "r", "LogicalResourceId": "DatabaseMigration",
    }  # fmt: skip


def test_success_is_told_with_the_revision(mailbox: Mailbox) -> None:
    for_cloudformation(request(mailbox, "Update"), lambda: {"revision": "0006"})
    (answer,) = mailbox.taken
    assert answer["Status"] == "SUCCESS"
    assert answer["Data"] == {"Revision": "0006"}
    assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == ("s", "r", "DatabaseMigration")


def test_a_failed_migration_is_told_too_without_its_details(mailbox: Mailbox) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError("password=secret")

    for_cloudformation(request(mailbox, "Create"), broken)
    (answer,) = mailbox.taken
    assert answer["Status"] == "FAILED"
    assert "secret" not in answer["Reason"]


def test_delete_leaves_the_database_alone(mailbox: Mailbox) -> None:
    def never() -> dict[str, Any]:
        raise AssertionError("must not migrate on delete")

    for_cloudformation(request(mailbox, "Delete"), never)
    assert mailbox.taken[0]["Status"] == "SUCCESS"
