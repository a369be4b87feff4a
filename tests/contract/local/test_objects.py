"""Seams of S3: one truthful event per change, sent after the object is on disk."""

from __future__ import annotations

import gc
import hashlib
import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.aws import LocalAws
from tests.contract.local.support import BIG, Journal, landed, upload_in_parts, wait_for


def test_the_event_looks_as_s3_sends_it(aws: LocalAws, journal: Journal) -> None:
    s3, bucket = aws.client("s3"), aws.names["LandingBucket"]
    put = s3.put_object(Bucket=bucket, Key="landing/skip shape.csv", Body=b"a,b\n1,2\n")
    (event,) = wait_for(lambda: landed(journal, "landing/skip shape.csv"))
    assert event["detail-type"] == "Object Created"
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert event["detail"]["bucket"] == {"name": bucket}
    described = event["detail"]["object"]
    assert (described["size"], described["etag"]) == (8, put["ETag"].strip('"'))
    assert described["version-id"] == put["VersionId"]
    assert event["detail"]["reason"] == "PutObject"


def test_ids_and_sequencers_differ(aws: LocalAws, journal: Journal) -> None:
    for _ in range(2):
        aws.client("s3").put_object(Bucket=aws.names["LandingBucket"], Key="landing/skip-twice.csv", Body=b"same")
    first, second = wait_for(lambda: found if len(found := landed(journal, "landing/skip-twice.csv")) == 2 else None)
    assert first["id"] != second["id"]
    assert first["detail"]["object"]["sequencer"] != second["detail"]["object"]["sequencer"]
    assert first["detail"]["object"]["version-id"] != second["detail"]["object"]["version-id"]


def test_an_upload_in_parts_is_one_event(aws: LocalAws, journal: Journal) -> None:
    upload_in_parts(aws, "landing/skip-parts.csv")
    aws.client("s3").put_object(Bucket=aws.names["LandingBucket"], Key="landing/skip-after.csv", Body=b"x")
    wait_for(lambda: landed(journal, "landing/skip-after.csv") and landed(journal, "landing/skip-parts.csv"))
    (event,) = landed(journal, "landing/skip-parts.csv")
    assert event["detail"]["reason"] == "CompleteMultipartUpload"
    assert event["detail"]["object"]["size"] == len(BIG)


def test_an_object_overwritten_while_it_is_read_stays_whole(aws: LocalAws) -> None:
    s3, bucket = aws.client("s3"), aws.names["DocumentsBucket"]
    bodies = [bytes([65 + number]) * 400_000 for number in range(8)]

    def write_and_read(body: bytes) -> None:
        for _ in range(6):
            s3.put_object(Bucket=bucket, Key="same.parquet", Body=body)
            found = s3.get_object(Bucket=bucket, Key="same.parquet")
            content = found["Body"].read()
            assert content in bodies
            assert found["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write_and_read, bodies))


def test_other_prefixes_and_buckets_are_left_alone(aws: LocalAws, journal: Journal) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=aws.names["LandingBucket"], Key="elsewhere/a.csv", Body=b"x")
    s3.put_object(Bucket=aws.names["DocumentsBucket"], Key="landing/b.csv", Body=b"x")
    s3.put_object(Bucket=aws.names["LandingBucket"], Key="landing/skip-sentinel.csv", Body=b"x")
    wait_for(lambda: landed(journal, "landing/skip-sentinel.csv"))
    assert landed(journal, "elsewhere/a.csv") + landed(journal, "landing/b.csv") == []


def test_the_object_is_on_disk_and_complete_when_its_event_leaves(
    aws: LocalAws, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    bucket = aws.names["LandingBucket"]

    def look(entry: dict[str, Any]) -> None:
        key = json.loads(entry["Detail"])["object"]["key"]
        headers = [json.loads(p.read_bytes().split(b"\n", 1)[0]) for p in (store / bucket).iterdir()]
        seen.extend(header for header in headers if header["key"] == key)

    monkeypatch.setattr(aws._events, "put_events", lambda Entries: look(Entries[0]))
    aws.client("s3").put_object(Bucket=bucket, Key="landing/skip-order.csv", Body=b"x", Metadata={"a": "b"})
    (header,) = seen
    assert header["metadata"]["x-amz-meta-a"] == "b"


def test_overwritten_objects_are_let_go_quietly(aws: LocalAws) -> None:
    s3, bucket = aws.client("s3"), aws.names["DocumentsBucket"]
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="same", Body=body)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.collect()
    assert s3.get_object(Bucket=bucket, Key="same")["Body"].read() == b"two"
