"""Uploads in parts over presigned links: PUT a part, GET the list, POST completes, DELETE gives up, as S3 answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

from local.http_message import Request, Response


class Refused(Exception):
    """S3's refusal of a request: HTTP status, S3's error code, and why."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code


def serve(s3: Any, request: Request, asked: Mapping[str, str], where: Mapping[str, str]) -> Response:
    """Answer a request that names an upload; `where` is its bucket, key and upload id."""
    if request.method == "PUT":
        try:
            put = s3.upload_part(**where, PartNumber=_number(asked, "partNumber"), Body=request.body)
        except KeyError as error:  # moto's way of saying so
            raise Refused(404, "NoSuchUpload", "the upload was never begun, is completed, or was given up") from error
        return Response(200, b"", [("etag", put["ETag"]), ("content-type", "application/xml")])
    if request.method == "GET":
        more = {"PartNumberMarker": _number(asked, "part-number-marker")} if "part-number-marker" in asked else {}
        return _listed(s3.list_parts(**where, **more), where)
    if request.method == "POST":
        done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": _parts(request.body)})
        return _xml("CompleteMultipartUploadResult", where, f"<ETag>{escape(done['ETag'])}</ETag>")
    if request.method == "DELETE":
        s3.abort_multipart_upload(**where)
        return Response(204)
    raise Refused(405, "MethodNotAllowed", f"{request.method} is not allowed against this resource")


def _number(asked: Mapping[str, str], name: str) -> int:
    given = asked.get(name, "")
    if not given.isdecimal() or not 0 <= int(given) <= 10_000:
        raise Refused(400, "InvalidArgument", f"{name} is a whole number up to 10000, not '{given}'")
    return int(given)


def _parts(body: bytes) -> list[dict[str, Any]]:
    """The parts of a CompleteMultipartUpload document, whatever its namespace."""
    try:
        found = [
            {child.tag.rsplit("}", 1)[-1]: (child.text or "").strip() for child in part}
            for part in fromstring(body, forbid_dtd=True)
            if part.tag.rsplit("}", 1)[-1] == "Part"
        ]
        return [{"PartNumber": int(one["PartNumber"]), "ETag": one["ETag"]} for one in found]
    except (ElementTree.ParseError, ValueError, KeyError) as error:
        raise Refused(400, "MalformedXML", "the body is no CompleteMultipartUpload document") from error


def _listed(found: Mapping[str, Any], where: Mapping[str, str]) -> Response:
    parts = "".join(
        f"<Part><PartNumber>{one['PartNumber']}</PartNumber><ETag>{escape(one['ETag'])}</ETag>"
        f"<Size>{one['Size']}</Size></Part>"
        for one in found.get("Parts", ())
    )
    marker = f"<NextPartNumberMarker>{found.get('NextPartNumberMarker', 0)}</NextPartNumberMarker>"
    truncated = f"<IsTruncated>{str(bool(found.get('IsTruncated'))).lower()}</IsTruncated>"
    return _xml("ListPartsResult", where, marker + truncated + parts)


def _xml(name: str, where: Mapping[str, str], content: str) -> Response:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Bucket>{escape(where['Bucket'])}</Bucket><Key>{escape(where['Key'])}</Key>"
        f"<UploadId>{escape(where['UploadId'])}</UploadId>{content}</{name}>"
    )
    return Response(200, body.encode(), [("content-type", "application/xml")])
