"""Buckets of other owners, read through a role of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from opscopilot.staging.connectors.base import ConnectorFailed
from opscopilot.staging.ports import ForeignBucket, Listed, ObjectMissing

_CHUNK = 1 << 20
_GONE = frozenset({"404", "NoSuchKey", "NotFound", "412", "PreconditionFailed"})
_CODES = {
    "NoSuchBucket": ("not_found", "There is no such bucket."),
    "AccessDenied": ("forbidden", "The role does not allow us to do that."),
    "AllAccessDisabled": ("forbidden", "The bucket is closed."),
    "InvalidObjectState": ("archived", "The object is archived and must be restored first."),
}  # fmt: skip
_BUSY = frozenset({"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling"})


class S3Buckets:
    """Implements staging.ports.OpenBucket."""

    def __init__(self, region: str) -> None:
        self._region = region

    def __call__(self, bucket: str, region: str | None, role_arn: str | None, external_id: str) -> ForeignBucket:
        """The bucket; ConnectorFailed when the role does not trust us."""
        where = region or self._region
        if role_arn is None:
            return S3Bucket(boto3.client("s3", region_name=where), bucket)
        try:
            given = boto3.client("sts", region_name=self._region).assume_role(
                RoleArn=role_arn, RoleSessionName="opscopilot", ExternalId=external_id, DurationSeconds=3600
            )["Credentials"]
        except (ClientError, BotoCoreError) as error:
            raise ConnectorFailed(
                "role_refused", f"The role {role_arn} cannot be taken: its trust policy must name our account's ingest "
                f"role and the external id '{external_id}', and its name must begin with opscopilot-.",
            ) from error  # fmt: skip
        client = boto3.client(
            "s3", region_name=where, aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"],
        )  # fmt: skip
        return S3Bucket(client, bucket)


class S3Bucket:
    """Implements staging.ports.ForeignBucket over a boto3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def pages(self, prefix: str) -> Iterator[list[Listed]]:
        """Every object below a prefix, page by page."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                yield [_listed(one) for one in page.get("Contents", ())]
        except (ClientError, BotoCoreError) as error:
            raise self._failed(error) from error

    def download(self, key: str, etag: str, target: Path) -> None:
        """Write that very version of the object to `target`; raises ObjectMissing when it is gone or has changed."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key, IfMatch=f'"{etag}"')["Body"]
            with target.open("wb") as stream:
                for chunk in body.iter_chunks(_CHUNK):
                    stream.write(chunk)
        except ClientError as error:
            if str(error.response.get("Error", {}).get("Code")) in _GONE:
                raise ObjectMissing(key) from error
            raise self._failed(error) from error
        except BotoCoreError as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ConnectorFailed:
        told = error.response.get("Error", {}) if isinstance(error, ClientError) else {}
        name = str(told.get("Code", type(error).__name__))
        code, words = _CODES.get(name, ("refused", f"{name}: {told.get('Message', 'the connection broke')}"))
        retryable = name in _BUSY or not isinstance(error, ClientError)
        return ConnectorFailed(code, f"Bucket '{self._bucket}': {words}", retryable=retryable)


def _listed(one: dict[str, Any]) -> Listed:
    return Listed(
        one["Key"], one["ETag"].strip('"'), int(one["Size"]), one["LastModified"], one.get("StorageClass", "STANDARD")
    )
