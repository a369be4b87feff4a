"""S3 as the store of dropped and staged files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from opscopilot.staging.ports import ObjectInfo, ObjectMissing, Part, PartsRefused, UploadMissing

_CHUNK = 1 << 20
_GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}


class S3ObjectStore:
    """Implements staging.ports.PartStore. `client` is a boto3 S3 client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def head(self, bucket: str, key: str, version_id: str | None = None) -> ObjectInfo:
        """Size, version and metadata; raises ObjectMissing."""
        try:
            answer = self._client.head_object(Bucket=bucket, Key=key, **_version(version_id))
        except ClientError as error:
            raise _translated(error, key) from error
        return ObjectInfo(
            int(answer["ContentLength"]), str(answer["ETag"]).strip('"'), answer.get("VersionId"),
            answer["LastModified"], {name.lower(): value for name, value in answer["Metadata"].items()},
        )  # fmt: skip

    def download(self, bucket: str, key: str, target: Path, version_id: str | None = None) -> None:
        """Write the object to `target` in chunks; raises ObjectMissing."""
        try:
            body = self._client.get_object(Bucket=bucket, Key=key, **_version(version_id))["Body"]
        except ClientError as error:
            raise _translated(error, key) from error
        with target.open("wb") as stream:
            for chunk in body.iter_chunks(_CHUNK):
                stream.write(chunk)

    def upload(self, source: Path, bucket: str, key: str) -> None:
        """Write a file as an object, in parts where it is large."""
        self._client.upload_file(str(source), bucket, key)

    def presign_put(self, bucket: str, key: str, expires_s: int, metadata: Mapping[str, str]) -> str:
        """A URL for one PUT; the client has to send the metadata as x-amz-meta-* headers."""
        params = {"Bucket": bucket, "Key": key, "Metadata": dict(metadata)}
        return str(self._client.generate_presigned_url("put_object", Params=params, ExpiresIn=expires_s))

    def begin(self, bucket: str, key: str) -> str:
        """Start an upload in parts; its id."""
        return str(self._client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"])

    def presign_part(self, bucket: str, key: str, upload_id: str, number: int, expires_s: int) -> str:
        """A URL to which a client may PUT that one part until it expires."""
        params = {"Bucket": bucket, "Key": key, "UploadId": upload_id, "PartNumber": number}
        return str(self._client.generate_presigned_url("upload_part", Params=params, ExpiresIn=expires_s))

    def parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        """What has arrived, by number; raises UploadMissing."""
        pages = self._client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload_id)
        try:
            found = [one for page in pages for one in page.get("Parts", ())]
        except ClientError as error:
            raise _upload_error(error) from error
        return [Part(int(one["PartNumber"]), str(one["ETag"]).strip('"'), int(one["Size"])) for one in found]

    def complete(self, bucket: str, key: str, upload_id: str, parts: list[Part]) -> None:
        """Make one object of the parts; raises UploadMissing or PartsRefused."""
        listed = [{"PartNumber": one.number, "ETag": f'"{one.etag}"'} for one in parts]
        try:
            self._client.complete_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
        except ClientError as error:
            raise _upload_error(error) from error

    def abort(self, bucket: str, key: str, upload_id: str) -> None:
        """Forget the upload and its parts; nothing to forget is fine."""
        try:
            self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            found = _upload_error(error)
            if not isinstance(found, UploadMissing):
                raise found from error


def _upload_error(error: ClientError) -> Exception:
    told = error.response.get("Error", {})
    if told.get("Code") == "NoSuchUpload":
        return UploadMissing(str(told.get("Message")))
    if told.get("Code") in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"):
        return PartsRefused(f"{told['Code']}: {told.get('Message')}")
    return error


def _translated(error: ClientError, key: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return ObjectMissing(key) if code in _GONE else error
