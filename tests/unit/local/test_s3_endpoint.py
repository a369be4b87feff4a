"""Presigned links made by boto3 are honoured as S3 honours them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from local.http_message import Request
from local.s3_endpoint import S3Endpoint

SECRET = "local secret"
ENDPOINT = "http://localhost:8000/_s3"


class FakeS3:
    """Remembers what was put; answers it again."""

    def __init__(self) -> None:
        self.put: dict[str, Any] = {}

    def put_object(self, **arguments: Any) -> dict[str, Any]:
        self.put = arguments
        return {"ETag": '"abc"'}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key == "missing":
            answer: Any = {
                "Error": {"Code": "NoSuchKey", "Message": "no <such> key"},
                "ResponseMetadata": {"HTTPStatusCode": 404},
            }
            raise ClientError(answer, "GetObject")

        class Body:
            def read(self) -> bytes:
                return b"content"

        return {"ETag": '"abc"', "ContentType": "text/csv", "Body": Body()}


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


def signed(operation: str, key: str = "landing/f/sap/ä b+c.csv", expires: int = 300, **more: Any) -> str:
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        endpoint_url=ENDPOINT,
        aws_access_key_id="local",
        aws_secret_access_key=SECRET,
        aws_session_token="token",
    )
    params = {"Bucket": "bucket", "Key": key, **more}
    return str(client.generate_presigned_url(operation, Params=params, ExpiresIn=expires))


def send(s3: FakeS3, method: str, url: str, later: float = 0, body: bytes = b"a,b\n", **headers: str) -> Any:
    parts = urlsplit(url)
    sent = {"host": parts.netloc} | {name.replace("_", "-"): value for name, value in headers.items()}
    now = datetime.now(UTC) + timedelta(seconds=later)
    endpoint = S3Endpoint(s3, SECRET, lambda: now)
    return endpoint(Request(method, parts.path, parts.query, sent, [], body, "127.0.0.1"))


def test_a_signed_put_arrives(s3: FakeS3) -> None:
    url = signed("put_object", ContentType="text/csv", Metadata={"who": "cli"})
    answer = send(s3, "PUT", url, content_type="text/csv", x_amz_meta_who="cli")
    assert answer.status == 200
    assert dict(answer.headers)["etag"] == '"abc"'
    assert s3.put["Key"] == "landing/f/sap/ä b+c.csv"
    assert (s3.put["Body"], s3.put["ContentType"]) == (b"a,b\n", "text/csv")
    assert s3.put["Metadata"] == {"who": "cli"}


def test_a_signed_get_answers(s3: FakeS3) -> None:
    url = signed("get_object", ResponseContentDisposition='attachment; filename="rejects.csv"')
    answer = send(s3, "GET", url, body=b"")
    assert (answer.status, answer.body) == (200, b"content")
    assert dict(answer.headers)["content-disposition"] == 'attachment; filename="rejects.csv"'


def test_what_differs_from_the_signed_request_is_refused(s3: FakeS3) -> None:
    url = signed("put_object", ContentType="text/csv")
    attempts = [
        send(s3, "PUT", url),
        send(s3, "PUT", url, content_type="text/html"),
        send(s3, "GET", url, content_type="text/csv"),
        send(s3, "PUT", url.replace("landing", "staging"), content_type="text/csv"),
        send(s3, "PUT", url.replace("Expires=300", "Expires=3000"), content_type="text/csv"),
        send(s3, "PUT", url, content_type="text/csv", host="127.0.0.1:8000"),
    ]
    for answer in attempts:
        assert answer.status == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body
    assert s3.put == {}


def test_expired_and_unsigned_requests_are_refused(s3: FakeS3) -> None:
    late = send(s3, "PUT", signed("put_object"), later=301)
    assert (late.status, b"Request has expired" in late.body) == (403, True)
    bare = send(s3, "PUT", f"{ENDPOINT}/bucket/key")
    assert (bare.status, b"AccessDenied" in bare.body) == (403, True)
    half = send(s3, "PUT", f"{ENDPOINT}/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert half.status == 400
    long = send(s3, "PUT", signed("put_object", expires=8 * 86_400))
    assert (long.status, b"longer than a week" in long.body) == (400, True)


def test_s3s_own_errors_pass_through(s3: FakeS3) -> None:
    answer = send(s3, "GET", signed("get_object", key="missing"), body=b"")
    assert answer.status == 404
    assert b"<Code>NoSuchKey</Code><Message>no &lt;such&gt; key</Message>" in answer.body


def test_other_methods_are_not_allowed(s3: FakeS3) -> None:
    assert send(s3, "DELETE", signed("delete_object")).status == 405
