"""S3 over HTTP for presigned links: ``/_s3/<bucket>/<key>?X-Amz-…``: PUT, GET, HEAD, and uploads in parts.

The API signs links with ``S3_PUBLIC_ENDPOINT`` (``http://localhost:<port>/_s3``) as their endpoint. Signature,
expiry and signed headers are checked as S3 does, so a link that works here works there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError

import local.s3_parts
from local.http_message import Request, Response
from local.s3_parts import Refused

PREFIX = "/_s3/"
ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_EXPIRY = timedelta(days=7)
PASSED_ON = {
    "content-type": "ContentType",
    "content-encoding": "ContentEncoding",
    "content-disposition": "ContentDisposition",
    "content-language": "ContentLanguage",
    "cache-control": "CacheControl",
}
METADATA = "x-amz-meta-"


class S3Endpoint:
    """Answers presigned requests from the in-process S3. ``secret`` is the key links are signed with."""

    def __init__(self, s3: Any, secret: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._s3 = s3
        self._secret = secret
        self._now = now

    def __call__(self, request: Request) -> Response:
        """The gateway's endpoint below ``/_s3/``."""
        bucket, _, key = unquote(request.path.removeprefix(PREFIX)).partition("/")
        try:
            verify(request, self._secret, self._now())
            if not key:
                raise Refused(400, "InvalidRequest", "a presigned link names a bucket and a key")
            return self._serve(request, bucket, key)
        except Refused as refusal:
            return _error(refusal.status, refusal.code, str(refusal))
        except ClientError as error:
            status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
            return _error(status, error.response["Error"]["Code"], error.response["Error"].get("Message", ""))

    def _serve(self, request: Request, bucket: str, key: str) -> Response:
        asked = dict(parse_qsl(request.query))
        if "uploadId" in asked:
            where = {"Bucket": bucket, "Key": key, "UploadId": asked["uploadId"]}
            return local.s3_parts.serve(self._s3, request, asked, where)
        if request.method == "PUT":
            metadata = {
                name.removeprefix(METADATA): value for name, value in _sent(request) if name.startswith(METADATA)
            }
            extra = {PASSED_ON[name]: value for name, value in _sent(request) if name in PASSED_ON}
            put = self._s3.put_object(Bucket=bucket, Key=key, Body=request.body, Metadata=metadata, **extra)
            return Response(200, b"", [("etag", put["ETag"]), ("content-type", "application/xml")])
        if request.method in ("GET", "HEAD"):
            found = self._s3.get_object(Bucket=bucket, Key=key)
            headers = [
                ("etag", found["ETag"]),
                ("content-type", asked.get("response-content-type", found["ContentType"])),
            ]
            if disposition := asked.get("response-content-disposition", found.get("ContentDisposition")):
                headers.append(("content-disposition", disposition))
            return Response(200, found["Body"].read(), headers)
        raise Refused(405, "MethodNotAllowed", f"{request.method} is not allowed against this resource")


def verify(request: Request, secret: str, now: datetime) -> None:
    """Check a presigned request (signature version 4); Refused with S3's status and code when it is not good."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    values = dict(pairs)
    if values.get("X-Amz-Algorithm") != ALGORITHM:
        raise Refused(403, "AccessDenied", "not a presigned link (signature version 4)")
    try:
        signed_at = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime = timedelta(seconds=int(values["X-Amz-Expires"]))
        scope = values["X-Amz-Credential"].split("/", 1)[1]
        names = values["X-Amz-SignedHeaders"].split(";")
        signature = values["X-Amz-Signature"]
    except (KeyError, ValueError, IndexError) as error:
        raise Refused(400, "AuthorizationQueryParametersError", f"incomplete signature: {error}") from error
    if lifetime > LONGEST_EXPIRY:
        raise Refused(400, "AuthorizationQueryParametersError", "X-Amz-Expires is longer than a week")
    if now > signed_at + lifetime:
        raise Refused(403, "AccessDenied", "Request has expired")
    canonical = "\n".join(
        [
            request.method,
            request.path,
            _canonical_query(pairs),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names),
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, values["X-Amz-Date"], scope, digest])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), signature):
        raise Refused(
            403,
            "SignatureDoesNotMatch",
            f"method, path, query or one of the signed headers ({', '.join(names)}) differs from what was signed",
        )


def _canonical_query(pairs: list[tuple[str, str]]) -> str:
    encoded = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _sent(request: Request) -> list[tuple[str, str]]:
    """Headers, and the x-amz- ones that signing moved into the query."""
    moved = [(name.lower(), value) for name, value in parse_qsl(request.query) if name.lower().startswith(METADATA)]
    return [*request.headers.items(), *moved]


def _error(status: int, code: str, message: str) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Response(status, body.encode(), [("content-type", "application/xml")])
