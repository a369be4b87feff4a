"""Files in parts over presigned links, from `ops drop`'s sender to the S3 of this machine, over real HTTP."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from moto import mock_aws

from local.gateway import Gateway, Server
from local.http_message import Request, Response
from local.s3_endpoint import PREFIX, S3Endpoint
from local.upload_parts import ApiError, send_parts

MB = 1 << 20
KEY = "landing/fjord/sap/ä b.csv"
SECRET = "secret"


@dataclass
class Shaky:
    """The endpoint behind a line that breaks: PUTs whose number is in `breaks` get a 503 that many times."""

    inner: Callable[[Request], Response]
    breaks: dict[int, int] = field(default_factory=dict)
    put: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Response:
        number = int(dict(pair.split("=", 1) for pair in request.query.split("&")).get("partNumber", 0))
        with self.lock:
            if request.method == "PUT" and self.breaks.get(number, 0) > 0:
                self.breaks[number] -= 1
                return Response(503, b"slow down")
            self.put.append(number)
        return self.inner(request)


@dataclass
class Server3:
    """The parts of an API that the sender needs, over the real S3 endpoint."""

    s3: Any
    signer: Any
    line: Shaky
    size: int
    upload_id: str = ""
    pages: int = 0

    def signed(self, operation: str, **more: Any) -> str:
        params = {"Bucket": "landing", "Key": KEY, "UploadId": self.upload_id, **more}
        return str(self.signer.generate_presigned_url(operation, Params=params, ExpiresIn=600))

    def get(self, path: str, **_params: Any) -> Any:
        found = self.s3.list_parts(Bucket="landing", Key=KEY, UploadId=self.upload_id).get("Parts", [])
        parts = [{"part_number": one["PartNumber"], "etag": one["ETag"], "size": one["Size"]} for one in found]
        return {"size_bytes": self.size, "part_bytes": 5 * MB, "parts": parts}

    def post(self, path: str, body: Any = None) -> Any:
        if path.endswith("/complete"):
            parts = [{"PartNumber": one["part_number"], "ETag": one["etag"]} for one in body["parts"]]
            return self.s3.complete_multipart_upload(
                Bucket="landing", Key=KEY, UploadId=self.upload_id, MultipartUpload={"Parts": parts}
            )
        self.pages += 1
        numbers = range(body["from"], body["to"] + 1)
        return {"parts": [{"part_number": n, "url": self.signed("upload_part", PartNumber=n)} for n in numbers]}


@contextmanager
def serving(endpoint: Callable[[Request], Response], listener: socket.socket) -> Iterator[None]:
    gateway = Gateway(lambda *_: None, lambda _: {}, [], local={PREFIX: endpoint})  # type: ignore[arg-type, return-value]
    server = Server(gateway, listener)
    server.start()
    try:
        yield
    finally:
        server.stop()


@pytest.fixture
def server() -> Iterator[Server3]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-1")
        s3.create_bucket(Bucket="landing", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        listener = socket.create_server(("127.0.0.1", 0))
        signer = boto3.client(
            "s3", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}/_s3",
            aws_access_key_id="k", aws_secret_access_key=SECRET,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )  # fmt: skip
        line = Shaky(S3Endpoint(s3, SECRET))
        made = Server3(s3, signer, line, 11 * MB + 3)
        made.upload_id = s3.create_multipart_upload(Bucket="landing", Key=KEY)["UploadId"]
        with serving(line, listener):
            yield made


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "b.csv"
    path.write_bytes(os.urandom(11 * MB + 3))
    return path


def test_parts_that_break_are_sent_again_and_a_resumed_upload_sends_only_the_rest(server: Server3, big: Path) -> None:
    told: list[tuple[str, int, int]] = []
    server.line.breaks = {2: 99}
    with pytest.raises(ApiError, match="--resume job-1"):
        send_parts(server, big, "job-1", lambda *one: told.append(one), pause=lambda _: None)
    arrived = {one["part_number"] for one in server.get("")["parts"]}
    assert 2 not in arrived
    server.line.breaks, server.line.put = {2: 2}, []
    send_parts(server, big, "job-1", lambda *one: told.append(one), pause=lambda _: None)
    assert sorted(server.line.put) == sorted({1, 2, 3} - arrived)
    whole = server.s3.get_object(Bucket="landing", Key=KEY)["Body"].read()
    assert hashlib.sha256(whole).digest() == hashlib.sha256(big.read_bytes()).digest()
    assert told[-1] == ("b.csv", server.size, server.size)


def test_a_file_that_changed_is_not_resumed(server: Server3, big: Path) -> None:
    big.write_bytes(b"short")
    with pytest.raises(ApiError, match="it has changed"):
        send_parts(server, big, "job-1")


def test_list_complete_and_abort_by_link_answer_as_s3_does(server: Server3) -> None:
    put = [
        httpx.put(server.signed("upload_part", PartNumber=n), content=body)
        for n, body in ((1, b"a" * 5 * MB), (2, b"b"))
    ]
    listed = httpx.get(server.signed("list_parts"))
    assert listed.status_code == 200
    assert "<Size>5242880</Size>" in listed.text
    assert "<IsTruncated>false</IsTruncated>" in listed.text
    parts = "".join(
        f"<Part><PartNumber>{n}</PartNumber><ETag>{one.headers['etag']}</ETag></Part>" for n, one in enumerate(put, 1)
    )
    namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    url = server.signed("complete_multipart_upload")
    for body, code in (("<a", "MalformedXML"), (f"<x>{parts.replace('<PartNumber>1', '<PartNumber>7')}</x>", "InvalidPart"),
                       ('<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "MalformedXML")):  # fmt: skip
        refused = httpx.post(url, content=body)
        assert refused.status_code == 400
        assert f"<Code>{code}</Code>" in refused.text
    done = httpx.post(url, content=f"<CompleteMultipartUpload {namespace}>{parts}</CompleteMultipartUpload>")
    assert (done.status_code, "<ETag>" in done.text) == (200, True)
    assert server.s3.head_object(Bucket="landing", Key=KEY)["ContentLength"] == 5 * MB + 1
    server.upload_id = server.s3.create_multipart_upload(Bucket="landing", Key=KEY)["UploadId"]
    assert httpx.delete(server.signed("abort_multipart_upload")).status_code == 204
    gone = httpx.put(server.signed("upload_part", PartNumber=1), content=b"x")
    assert (gone.status_code, "NoSuchUpload" in gone.text) == (404, True)


def test_a_link_for_one_part_is_no_link_for_another(server: Server3) -> None:
    url = server.signed("upload_part", PartNumber=1).replace("partNumber=1", "partNumber=2")
    refused = httpx.put(url, content=b"x")
    assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
