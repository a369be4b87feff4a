"""The S3 connector on another bucket: pages, changed and vanished objects, roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from opscopilot.adapters.buckets import S3Bucket, S3Buckets
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging.connectors import s3prefix
from opscopilot.staging.connectors.base import Around, ConnectorFactory, ConnectorFailed, FileBatch
from opscopilot.staging.connectors.http import HttpClient
from opscopilot.staging.connectors.s3prefix import S3PrefixConnector
from opscopilot.staging.ports import ForeignBucket

ROLE = "arn:aws:iam::123456789012:role/opscopilot-read"


class Opened:
    """Gives the bucket of moto, in pages of three; remembers how it was asked for."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.asked: list[tuple[Any, ...]] = []

    def __call__(self, bucket: str, region: str | None, role_arn: str | None, external_id: str) -> ForeignBucket:
        self.asked.append((bucket, region, role_arn, external_id))
        return S3Bucket(self.client, bucket)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        client.create_bucket(Bucket="their-exports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        real = client.get_paginator

        def small_pages(name: str) -> Any:
            paginator = real(name)
            whole = paginator.paginate
            paginator.paginate = lambda **asked: whole(**asked, PaginationConfig={"PageSize": 3})
            return paginator

        client.get_paginator = small_pages
        yield client


Make = Callable[..., S3PrefixConnector]


@pytest.fixture
def connector(s3: Any, tmp_path: Path) -> Iterator[Make]:
    made: list[S3PrefixConnector] = []

    def make(
        config: dict[str, Any] | None = None, local: bool = False, buckets: Any = None, **stream: Any
    ) -> S3PrefixConnector:
        guard = AddressGuard(local=local)
        whole = {"bucket": "their-exports", "role_arn": ROLE, **(config or {}),
                 "streams": [{"name": "orders", "prefix": "out/", "pattern": "*.csv", **stream}]}  # fmt: skip
        around = Around(HttpClient(guard), guard, tmp_path, "fjord", buckets=buckets or Opened(s3))
        found = ConnectorFactory.create_connector("s3", whole, None, around)
        assert isinstance(found, S3PrefixConnector)
        made.append(found)
        return found

    yield make
    for one in made:
        one.around.http.close()


def put(s3: Any, key: str, body: bytes) -> None:
    s3.put_object(Bucket="their-exports", Key=key, Body=body)


def pull(
    connector: S3PrefixConnector, watermark: str | None = None, resume: Any = None
) -> tuple[dict[str, bytes], str | None, list[str]]:
    files: dict[str, bytes] = {}
    warnings: list[str] = []
    (stream,) = connector.streams()
    for batch in connector.fetch_data(stream, watermark, resume):
        watermark = batch.watermark
        warnings += batch.warnings
        if isinstance(batch, FileBatch):
            files[batch.name] = batch.path.read_bytes()
    return files, watermark, warnings


def test_each_version_of_an_object_comes_once_over_all_pages(s3: Any, connector: Make) -> None:
    for number in range(8):
        put(s3, f"out/2026/{number}.csv", b"%d" % number)
    for other in ("out/folder/", "out/note.txt", "elsewhere/1.csv"):
        put(s3, other, b"no")
    files, mark, warnings = pull(connector())
    assert files == {f"{number}.csv": b"%d" % number for number in range(8)}
    assert (warnings, pull(connector(), mark)[0]) == ([], {})
    put(s3, "out/2026/3.csv", b"new")
    put(s3, "out/2026/0.csv", b"0")  # the same content again: the same ETag
    files, mark, _ = pull(connector(), mark)
    assert files == {"3.csv": b"new"}


def test_a_crash_goes_on_behind_the_last_landed_object(s3: Any, connector: Make) -> None:
    for number in range(4):
        put(s3, f"out/{number}.csv", b"%d" % number)
    made = connector()
    (stream,) = made.streams()
    first = next(made.fetch_data(stream, None, None))
    assert isinstance(first, FileBatch)
    assert sorted([first.name, *pull(connector(), None, first.resume)[0]]) == [f"{n}.csv" for n in range(4)]


def test_more_than_one_pull_can_carry_is_carried_on(s3: Any, connector: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3prefix, "AT_MOST", 3)
    for number in range(5):
        put(s3, f"out/{number}.csv", b"%d" % number)
    one, mark, _ = pull(connector())
    two, mark, _ = pull(connector(), mark)
    assert (len(one), sorted({**one, **two})) == (3, [f"{n}.csv" for n in range(5)])


def test_an_object_that_changes_between_list_and_read_waits(s3: Any, connector: Make) -> None:
    put(s3, "out/a.csv", b"old")
    put(s3, "out/b.csv", b"b")
    real = s3.get_object

    def changing(**asked: Any) -> Any:
        if asked["Key"] == "out/a.csv" and asked["IfMatch"]:
            answer: Any = {"Error": {"Code": "PreconditionFailed", "Message": "changed"}}
            raise ClientError(answer, "GetObject")
        return real(**asked)

    s3.get_object = changing
    files, mark, warnings = pull(connector())
    assert (list(files), len(warnings)) == (["b.csv"], 1)
    s3.get_object = real
    assert pull(connector(), mark)[0] == {"a.csv": b"old"}


def test_too_large_and_archived_objects_are_named_once(s3: Any, connector: Make) -> None:
    put(s3, "out/big.csv", b"x" * ((1 << 20) + 1))
    s3.put_object(Bucket="their-exports", Key="out/cold.csv", Body=b"x", StorageClass="GLACIER")
    files, mark, warnings = pull(connector({"max_file_mb": 1}))
    assert files == {}
    assert sorted(warnings) == [
        "'out/big.csv' was left: it has 1 MB.",
        "'out/cold.csv' was left: it is archived (GLACIER).",
    ]
    assert pull(connector({"max_file_mb": 1}), mark)[2] == []


def test_what_is_remembered_does_not_grow_for_ever(s3: Any, connector: Make) -> None:
    put(s3, "out/a.csv", b"1")
    old = {
        "at": "2020-01-02T00:00:00+00:00",
        "seen": {f"out/{n}.csv": ["e", "2020-01-01T00:00:00+00:00"] for n in range(9)},
    }
    _, mark, _ = pull(connector(), json.dumps(old))
    assert list(json.loads(mark or "")["seen"]) == ["out/a.csv"]


def test_p61_the_owners_role_is_taken_with_the_tenants_own_external_id(s3: Any, connector: Make) -> None:
    opened = Opened(s3)
    pull(connector(buckets=opened))
    assert opened.asked == [("their-exports", None, ROLE, "opscopilot/fjord")]
    with pytest.raises(ConnectorFailed) as caught:
        pull(connector({"role_arn": None}))
    assert caught.value.code == "role_missing"
    assert pull(connector({"role_arn": None}, local=True))[0] == {}
    for wrong in ("arn:aws:iam::1:role/opscopilot-x", "arn:aws:iam::123456789012:role/admin"):
        with pytest.raises(ValidationFailed) as refused:
            connector({"role_arn": wrong})
        assert refused.value.field == "config.role_arn"


def test_the_adapter_takes_the_role_and_says_what_fails(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put(s3, "out/a.csv", b"1")
    made = S3Buckets("eu-west-1")("their-exports", None, ROLE, "opscopilot/fjord")
    assert [[one.key for one in page] for page in made.pages("out/")] == [["out/a.csv"]]
    with pytest.raises(ConnectorFailed, match="no such bucket"):
        list(S3Buckets("eu-west-1")("not-there", None, None, "x").pages(""))

    class Refusing:
        def assume_role(self, **_asked: Any) -> Any:
            answer: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise ClientError(answer, "AssumeRole")

    monkeypatch.setattr(boto3, "client", lambda *_a, **_o: Refusing())
    with pytest.raises(ConnectorFailed, match="opscopilot/fjord") as caught:
        S3Buckets("eu-west-1")("their-exports", None, ROLE, "opscopilot/fjord")
    assert caught.value.code == "role_refused"
