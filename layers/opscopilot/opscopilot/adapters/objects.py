"""S3 as the store of dropped and staged files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from opscopilot.staging.ports import ObjectInfo, ObjectMissing

_CHUNK = 1 << 20
_GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}


class S3ObjectStore:
    """Implements staging.ports.ObjectStore. `client` is a boto3 S3 client."""

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


def _translated(error: ClientError, key: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return ObjectMissing(key) if code in _GONE else error
