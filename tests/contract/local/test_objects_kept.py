"""Objects outlive the process, exactly as they were; putting them back is no event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.aws import LocalAws
from tests.contract.local.support import BIG, Journal, landed, small_template, upload_in_parts, wait_for


@contextmanager
def running(store: Path, journal: Journal) -> Iterator[LocalAws]:
    aws = LocalAws(small_template(), store, lambda _: {"JOURNAL": str(journal.path)})
    aws.start()
    try:
        yield aws
    finally:
        aws.stop()


def test_objects_come_back_as_they_were_after_a_restart(tmp_path: Path) -> None:
    journal, store = Journal(tmp_path / "journal"), tmp_path / "s3"
    with running(store, journal) as aws:
        s3, bucket = aws.client("s3"), aws.names["LandingBucket"]
        s3.put_object(
            Bucket=bucket,
            Key="landing/skip ä/1.csv",
            Body=b"\x00\xffabc\n",
            ContentType="text/csv",
            Metadata={"source": "sap"},
        )
        upload_in_parts(aws, "landing/skip-parts.csv")
        s3.copy_object(Bucket=bucket, Key="copies/1.csv", CopySource={"Bucket": bucket, "Key": "landing/skip ä/1.csv"})
        s3.put_object(Bucket=bucket, Key="landing/skip-gone.csv", Body=b"1")
        s3.put_object(Bucket=bucket, Key="landing/skip-gone-too.csv", Body=b"1")
        s3.delete_object(Bucket=bucket, Key="landing/skip-gone.csv")
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "landing/skip-gone-too.csv"}]})
        before = {
            o["Key"]: s3.head_object(Bucket=bucket, Key=o["Key"]) for o in s3.list_objects_v2(Bucket=bucket)["Contents"]
        }
    heard = len(journal.events("IngestFunction"))
    with running(store, journal) as aws:
        s3, bucket = aws.client("s3"), aws.names["LandingBucket"]
        listed = sorted(o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"])
        assert listed == ["copies/1.csv", "landing/skip ä/1.csv", "landing/skip-parts.csv"] == sorted(before)
        for key in listed:
            now = s3.head_object(Bucket=bucket, Key=key)
            for field in ("ETag", "VersionId", "ContentLength", "ContentType", "Metadata", "LastModified"):
                assert now[field] == before[key][field], (key, field)
        assert s3.get_object(Bucket=bucket, Key="landing/skip ä/1.csv")["Body"].read() == b"\x00\xffabc\n"
        assert s3.get_object(Bucket=bucket, Key="landing/skip-parts.csv")["Body"].read() == BIG
        s3.put_object(Bucket=bucket, Key="landing/skip-new.csv", Body=b"x")
        wait_for(lambda: landed(journal, "landing/skip-new.csv"))
    assert len(journal.events("IngestFunction")) == heard + 1  # putting back is no event


def test_an_interrupted_write_leaves_the_old_object(tmp_path: Path) -> None:
    journal, store = Journal(tmp_path / "journal"), tmp_path / "s3"
    with running(store, journal) as aws:
        s3, bucket = aws.client("s3"), aws.names["DocumentsBucket"]
        s3.put_object(Bucket=bucket, Key="a", Body=b"old")
        (path,) = (store / bucket).iterdir()
        path.with_name(path.name + ".0.part").write_bytes(b"half of something")
    with running(store, journal) as aws:
        assert aws.client("s3").get_object(Bucket=bucket, Key="a")["Body"].read() == b"old"
        assert [entry.name for entry in (store / bucket).iterdir()] == [path.name]
